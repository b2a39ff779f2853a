package sqlite

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leasetest"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// Whatever is done in whatever order, by two processes and with errors among it,
// facts and log agree, and the tag maps are those that follow from the leases'
// leaves.
func TestLogOfEverything(t *testing.T) {
	n, dir := 0, t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 15 {
			return // each takes a database
		}
		h := &history{T: rt, test: t}
		for range 2 {
			s, err := Open(t.Context(), filepath.Join(dir, fmt.Sprint(n)))
			if err != nil {
				rt.Fatal(err)
			}
			defer s.Close()
			h.stores = append(h.stores, s)
		}
		h.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"lease": h.addLease, "change": h.changeLease, "pool": h.housePool, "jobs": h.putJobs, "block": h.block, "post": h.post,
			"settle": h.settle, "exclude": h.exclude, "statement": h.statement, "work": h.work, "seal": h.seal,
		})
		if err := leasetest.CheckLog(t.Context(), h.store()); err != nil {
			rt.Fatal(err)
		}
		if _, err := signLog(t.Context(), h.store()); err != nil {
			rt.Fatal(err)
		}
	})
}

// history is a random one.
type history struct {
	*rapid.T
	test   *testing.T
	stores []*Store
	run    int64
	terms  lease.TermsHash
	leases []string
	jobs   []lease.Job
	blocks []miner.Hash
	serial int
	atMs   int64
}

func (h *history) store() *Store { return rapid.SampledFrom(h.stores).Draw(h.T, "store") }

// may stops at errors but those that a caller must expect.
func (h *history) may(err error) {
	h.Helper()
	for _, expected := range []error{
		lease.ErrTagTaken, lease.ErrClosed, lease.ErrConflict, lease.ErrDuplicate, lease.ErrUnbalanced, lease.ErrOverdrawn, lease.ErrExists, lease.ErrNotFound, errRefused,
	} {
		if errors.Is(err, expected) {
			return
		}
	}
	if err != nil {
		h.Fatal(err)
	}
}

var errRefused = errors.New("refused")

func (h *history) begin() {
	ctx, s := h.test.Context(), h.stores[0]
	var err error
	h.terms, err = s.PutTerms(ctx, lease.Terms{Format: lease.TermsFormat})
	h.may(err)
	h.may(s.AddTenant(ctx, lease.Tenant{ID: "acme", Key: make([]byte, 32)}))
	h.atMs = 5 * lease.MsPerHour
	h.run, err = s.BeginRun(ctx, h.atMs)
	h.may(err)
}

// moment is one near the present.
func (h *history) moment() int64 {
	return h.atMs + rapid.Int64Range(-2, 4).Draw(h.T, "hours")*lease.MsPerHour + rapid.Int64Range(0, 2).Draw(h.T, "ms")
}

func (h *history) addLease(t *rapid.T) {
	l := lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, ProofMs: 5000, Terms: h.terms, StartMs: h.moment()}
	if rapid.Bool().Draw(t, "ends") {
		l.EndMs = l.StartMs + 1 + rapid.Int64Range(0, 2).Draw(t, "term")*lease.MsPerHour
	}
	if rapid.Bool().Draw(t, "own pool") {
		l.Pool = &lease.Pool{URLs: []string{"tcp://a:1"}, User: "u"}
	}
	l, err := h.store().AddLease(h.test.Context(), l, 1<<62, func(string) (lease.Tag, []lease.Event, error) {
		h.serial++
		// Few beginnings, so that some meet.
		return lease.Tag{1, rapid.ByteMax(3).Draw(t, "tag"), byte(h.serial), byte(h.serial >> 8)}, nil, nil
	})
	if h.may(err); err == nil {
		h.leases = append(h.leases, l.ID)
	}
}

func (h *history) lease(t *rapid.T) string {
	if len(h.leases) == 0 {
		t.Skip("no lease")
	}
	return rapid.SampledFrom(h.leases).Draw(t, "lease")
}

func (h *history) changeLease(t *rapid.T) {
	at := h.moment()
	_, err := h.store().ChangeLease(h.test.Context(), h.lease(t), 1<<62, func(l *lease.Lease) ([]lease.Event, error) {
		switch rapid.IntRange(0, 6).Draw(t, "change") {
		case 0:
			l.ClosedMs = at
		case 1:
			l.EndMs = max(at, l.StartMs+1)
		case 2:
			return nil, l.Pause(lease.PauseTenant, at)
		case 3:
			return nil, l.Resume(lease.PauseTenant, at)
		case 4:
			l.Orders++
		case 5:
			if l.Pool != nil {
				l.Pool.User = fmt.Sprintf("u%d", at)
			}
		default:
			return nil, errRefused
		}
		return nil, nil
	})
	h.may(err)
}

func (h *history) housePool(t *rapid.T) {
	h.may(h.store().SetHousePool(h.test.Context(), rapid.Bool().Draw(t, "on")))
}

func (h *history) putJobs(t *rapid.T) {
	h.serial++
	body := fmt.Appendf(nil, `{"n":%d}`, h.serial)
	if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
		body = []byte(" {}")
		if _, _, err := h.store().PutJobs(h.test.Context(), []lease.Template{{Body: []byte("{}")}, {Body: body}}, nil); err == nil {
			t.Fatal("a template that is not canonical")
		}
		return
	}
	_, jobs, err := h.store().PutJobs(h.test.Context(), []lease.Template{{Body: body, CreatedMs: h.atMs}},
		[]lease.Job{{Lease: h.lease(t), Tag: lease.Tag{9}, Target: miner.TargetForWork(miner.Hashes(1000))}})
	h.may(err)
	h.jobs = append(h.jobs, jobs...)
}

func (h *history) job(t *rapid.T) lease.Job {
	if len(h.jobs) == 0 {
		t.Skip("no job")
	}
	return rapid.SampledFrom(h.jobs).Draw(t, "job")
}

func (h *history) block(t *rapid.T) {
	states := []lease.BlockState{lease.Candidate, lease.Adopted, lease.Mature, lease.Orphaned, lease.Rejected}
	if len(h.blocks) > 0 && rapid.Bool().Draw(t, "move") {
		b := rapid.SampledFrom(h.blocks).Draw(t, "block")
		h.may(h.store().MoveBlock(h.test.Context(), b, rapid.SampledFrom(states).Draw(t, "from"), rapid.SampledFrom(states).Draw(t, "to"), "", h.transaction(t)))
		return
	}
	j := h.job(t)
	b := lease.Block{Hash: miner.Hash{rapid.ByteMax(5).Draw(t, "hash")}, Template: j.Template, Job: j.Seq, Lease: j.Lease, Extranonce: []byte{1}, Raw: []byte{2}}
	h.may(h.store().PutBlock(h.test.Context(), b))
	h.blocks = append(h.blocks, b.Hash)
}

func (h *history) transaction(t *rapid.T) lease.Transaction {
	h.serial++
	tx := lease.Transaction{Key: fmt.Sprint(h.serial - rapid.IntRange(0, 1).Draw(t, "again")), Kind: "x", AtMs: h.atMs}
	var sum int64
	for range rapid.IntRange(0, 4).Draw(t, "postings") {
		p := lease.Posting{Account: "liab:acme:available", Sat: -rapid.Int64Range(1, 5).Draw(t, "sat")}
		if len(h.leases) > 0 && rapid.Bool().Draw(t, "of a lease") {
			p.Lease = h.lease(t)
		}
		sum += p.Sat
		tx.Postings = append(tx.Postings, p)
	}
	if sum != 0 && rapid.IntRange(0, 9).Draw(t, "unbalanced") > 0 {
		tx.Postings = append(tx.Postings, lease.Posting{Account: "assets:wallet", Sat: -sum})
	}
	return tx
}

func (h *history) post(t *rapid.T) {
	h.may(h.store().PostAll(h.test.Context(), []lease.Transaction{h.transaction(t), h.transaction(t)}))
}

func (h *history) settle(t *rapid.T) {
	s := h.store()
	last, err := s.SettledHour(h.test.Context())
	h.may(err)
	st := lease.Settlement{Prev: last, Hour: max(last, h.atMs/lease.MsPerHour-3) + rapid.Int64Range(0, 2).Draw(t, "hours"), Txs: []lease.Transaction{h.transaction(t)}}
	if len(h.leases) > 0 {
		id := h.lease(t)
		st.Hours = []lease.SettledHour{{Lease: id, Hour: st.Hour, Window: lease.WindowUp, DueSat: 5}}
		st.Pauses = []lease.LeaseChange{{Lease: id, By: lease.PauseBudget, AtMs: h.moment(), Resume: rapid.Bool().Draw(t, "resume")}}
	}
	h.may(s.Settle(h.test.Context(), st))
}

func (h *history) exclude(t *rapid.T) {
	x, err := h.store().PutExclusion(h.test.Context(), lease.Exclusion{Kind: lease.ExcludePool, FromMs: h.moment(), Evidence: "é"})
	if h.may(err); err == nil && rapid.Bool().Draw(t, "end") {
		h.may(h.store().EndExclusion(h.test.Context(), x.ID, h.moment()))
	}
}

func (h *history) statement(t *rapid.T) {
	h.serial++
	text := fmt.Append(nil, h.serial-rapid.IntRange(0, 1).Draw(t, "again"))
	_, err := h.store().PutStatement(h.test.Context(), lease.IssuedStatement{
		Lease: h.lease(t), FromMs: 1, ToMs: 2, Number: rapid.Int64Range(1, 3).Draw(t, "number"), Hash: sha256.Sum256(text), Note: text,
	})
	h.may(err)
}

func (h *history) work(t *rapid.T) {
	j := h.job(t)
	h.atMs += rapid.Int64Range(0, lease.MsPerHour).Draw(t, "ms")
	h.serial++
	b := lease.Batch{Run: h.run, AtMs: h.atMs, Counts: []lease.Count{{Lease: j.Lease, Source: "cpu0", Hashes: 7}, {Lease: lease.House, Source: "cpu1", Hashes: 8}}}
	for i := range rapid.IntRange(0, 3).Draw(t, "receipts") {
		b.Receipts = append(b.Receipts, lease.Receipt{
			Lease: j.Lease, Job: j.Seq, Source: "cpu0", Extranonce: []byte{1}, Nonce: uint32(h.serial<<8 | i), Work: j.Target.Work(),
		})
	}
	_, err := h.store().CommitBatch(h.test.Context(), b)
	h.may(err)
}

func (h *history) seal(*rapid.T) { h.may(sealAll(h.test.Context(), h.store())) }
