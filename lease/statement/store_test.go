package statement

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

const (
	startMs   = 1_795_000_000_000
	heartbeat = startMs + 100_000
	reward    = 5_000_000_000
)

var houseScript = []byte{0x51, 0x20, 1, 2, 3}

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// memory is the part of a store that Build reads. The calls of a method are
// counted, and onCall sees them before they are answered.
type memory struct {
	lease.Store
	lease     lease.Lease
	tenant    lease.Tenant
	terms     lease.Terms
	beat      int64
	meter     lease.Meter
	templates []lease.Template
	jobs      []lease.Job
	all       []lease.Receipt
	blocks    []lease.Block
	books     []lease.Balance
	txs       map[string]lease.Transaction // by key
	settled   []lease.SettledHour
	events    []lease.Event
	hour      int64 // the last that is settled
	onCall    func(method string, n int)
	calls     map[string]int
}

func (m *memory) called(method string) {
	m.calls[method]++
	if m.onCall != nil {
		m.onCall(method, m.calls[method])
	}
}

func (m *memory) Lease(_ context.Context, id string) (lease.Lease, error) {
	if id != m.lease.ID {
		return lease.Lease{}, lease.ErrNotFound
	}
	return m.lease, nil
}
func (m *memory) Tenant(context.Context, string) (lease.Tenant, error)        { return m.tenant, nil }
func (m *memory) Terms(context.Context, lease.TermsHash) (lease.Terms, error) { return m.terms, nil }
func (m *memory) Heartbeat(context.Context) (int64, error) {
	m.called("Heartbeat")
	return m.beat, nil
}
func (m *memory) RunningMs(_ context.Context, from, to int64) (int64, error) {
	return (to - from) * 9 / 10, nil
}
func (m *memory) Meter(context.Context, string) (lease.Meter, error) {
	m.called("Meter")
	return m.meter, nil
}
func (m *memory) Template(_ context.Context, seq int64) (lease.Template, error) {
	return m.templates[seq-1], nil
}
func (m *memory) Job(_ context.Context, seq int64) (lease.Job, error) { return m.jobs[seq-1], nil }
func (m *memory) Receipts(_ context.Context, id string, from, to int64) iter.Seq2[lease.Receipt, error] {
	return func(yield func(lease.Receipt, error) bool) {
		for _, r := range m.all {
			if r.Lease == id && r.CommitMs > from && r.CommitMs <= to && !yield(r, nil) {
				return
			}
		}
	}
}
func (m *memory) Blocks(_ context.Context, states ...lease.BlockState) ([]lease.Block, error) {
	m.called("Blocks")
	var out []lease.Block
	for _, b := range m.blocks {
		for _, s := range states {
			if b.State == s {
				out = append(out, b)
			}
		}
	}
	return out, nil
}
func (m *memory) Transaction(_ context.Context, key string) (lease.Transaction, error) {
	t, ok := m.txs[key]
	if !ok {
		return t, lease.ErrNotFound
	}
	return t, nil
}
func (m *memory) HourEarnings(context.Context, string, int64, int64) iter.Seq2[lease.HourEarning, error] {
	return func(func(lease.HourEarning, error) bool) {}
}

func (m *memory) Events(context.Context, lease.EventFilter) iter.Seq2[lease.Event, error] {
	return func(yield func(lease.Event, error) bool) {
		for _, e := range m.events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) SettledHour(context.Context) (int64, error) { return m.hour, nil }
func (m *memory) SettledHours(_ context.Context, id string, from, to int64) iter.Seq2[lease.SettledHour, error] {
	return func(yield func(lease.SettledHour, error) bool) {
		for _, h := range m.settled {
			if h.Lease == id && h.Hour >= from && h.Hour < to && !yield(h, nil) {
				return
			}
		}
	}
}

// book posts what is due to a block in its state. b is as it was before it was
// adopted for the last time.
func (m *memory) book(t *testing.T, b *lease.Block, direct ...string) {
	t.Helper()
	doc, err := receipt.DecodeTemplate(m.templates[b.Template-1].Body)
	if err != nil {
		t.Fatal(err)
	}
	r := ledger.Reward{Split: doc.Split, Fee: doc.Fee, Carry: doc.Carry, Tenants: map[string]string{"L-0001": "anna", "L-0002": "bob"}}
	for n := 1; n <= b.Appearances; n++ {
		if loss, ok := m.txs[ledger.Key(ledger.KindLoss, b.Hash, n)]; ok {
			r.Losses = append(r.Losses, loss)
		}
	}
	found, err := ledger.Found(*b, r, b.FoundMs)
	if err != nil {
		t.Fatal(err)
	}
	b.Appearances++
	m.post(found)
	if b.State == lease.Mature {
		m.post(ledger.Matured(*b, found, b.FoundMs, direct...))
	}
}

// credit gives the lease's account so much more, out of nowhere.
func (m *memory) credit(account string, sat int64) {
	m.post(lease.Transaction{Key: "credit", Postings: []lease.Posting{{Account: account, Lease: "L-0001", Sat: -sat}}})
}

func (m *memory) post(t lease.Transaction) {
	if m.txs == nil {
		m.txs = make(map[string]lease.Transaction)
	}
	m.txs[t.Key] = t
	for _, p := range t.Postings {
		i := slices.IndexFunc(m.books, func(b lease.Balance) bool { return b.Account == p.Account && b.Lease == p.Lease })
		if i < 0 {
			i = len(m.books)
			m.books = append(m.books, lease.Balance{Account: p.Account, Lease: p.Lease})
		}
		m.books[i].Sat += p.Sat
	}
}

func (m *memory) Balances(context.Context) ([]lease.Balance, error) {
	m.called("Balances")
	return m.books, nil
}

// newMemory is a node that has worked for lease L-0001 and another one, with
// 40 receipts each and three blocks.
func newMemory(t *testing.T) *memory { return newMemoryOf(t, func(*lease.Terms) {}) }

// newMemoryOf is newMemory under other terms. Where shares are paid by
// themselves, blocks are the house's; where coinbases pay directly, they pay
// the lease.
func newMemoryOf(t *testing.T, change func(*lease.Terms)) *memory {
	t.Helper()
	terms := lease.Terms{Format: lease.TermsFormat, Text: "Fair.", Coin: "test", HouseScript: hex.EncodeToString(houseScript),
		FeePPM: 10_000, Scheme: lease.SchemeTides, Tides: lease.DefaultTides}
	change(&terms)
	hash, err := terms.Hash()
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{
		calls: map[string]int{}, terms: terms, beat: heartbeat,
		tenant: lease.Tenant{ID: "anna", Key: testKey("anna").Public().(ed25519.PublicKey)},
		lease: lease.Lease{ID: "L-0001", Tenant: "anna", Model: lease.Leased, ContractedHps: 25, StartMs: startMs,
			ProofMs: 1000, Nonce: [16]byte{1}, Terms: hash},
	}
	tag := func(id string) lease.Tag {
		return lease.NewTag(lease.TagInput{Provider: testKey("provider").Public().(ed25519.PublicKey), Lease: id,
			Tenant: m.tenant.Key, Nonce: m.lease.Nonce, Terms: hash})
	}
	m.lease.Tag = tag("L-0001")
	fee := int64(reward / 100)
	// The first two blocks' splits have the lease, the third one's not.
	splits := [][]lease.Part{
		{{Lease: "L-0001", Sat: 1000}, {Lease: "house", Sat: reward - fee - 1000}},
		{{Lease: "L-0001", Sat: 2000}, {Lease: "L-0002", Sat: reward - fee - 2000}},
		{{Lease: "L-0002", Sat: reward - fee}},
	}
	for i, split := range splits {
		in := receipt.TemplateInput{Tag: m.lease.Tag, Height: int64(100 + i), Mask: stratum.VersionMask,
			MinTime: startMs/1000 - 100, MaxTime: startMs/1000 + 7200, Extranonce1Size: 2, Extranonce2Size: 4,
			Terms: hash, Reward: reward, Fee: fee, Split: split}
		outputs := []stratum.Output{{Value: reward, Script: houseScript}}
		if terms.Direct != nil && split[0].Lease == "L-0001" {
			in.Direct = []receipt.Direct{{Script: []byte{0x53}, Sat: split[0].Sat, Leases: []string{"L-0001"}}}
			outputs = []stratum.Output{{Value: split[0].Sat, Script: []byte{0x53}}, {Value: reward - split[0].Sat, Script: houseScript}}
		}
		if terms.Scheme == lease.SchemePPS {
			in.Fee, in.Split, in.Earns = 0, []lease.Part{{Lease: lease.House, Sat: reward}}, &receipt.Earns{Sat: reward}
		}
		var err error
		in.Job, err = solo.BuildJob(&solo.Template{Height: int64(100 + i), Version: 0x20000000, PrevHash: miner.Hash{byte(i)}, Bits: 0x207fffff,
			CurTime: startMs / 1000, MinTime: startMs/1000 - 100, CoinbaseValue: reward}, "1", m.lease.Tag, outputs)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := receipt.NewTemplate(in)
		if err != nil {
			t.Fatal(err)
		}
		body, err := doc.Encode()
		if err != nil {
			t.Fatal(err)
		}
		m.templates = append(m.templates, lease.Template{Seq: int64(i + 1), Height: int64(100 + i), Body: body})
		for _, id := range []string{"L-0001", "L-0002"} {
			m.jobs = append(m.jobs, lease.Job{Seq: int64(len(m.jobs) + 1), Template: int64(i + 1), Lease: id, Tag: tag(id),
				Target: miner.TargetForWork(miner.Hashes(25)), CreatedMs: startMs + int64(i)})
			m.mine(t, doc, &m.jobs[len(m.jobs)-1])
		}
	}
	m.meter = lease.Meter{Counted: miner.Hashes(40 * 25), Verdicts: map[string]uint64{"stale": 2, "duplicate": 1, "low-difficulty": 4}}
	for i := range m.blocks {
		var direct []string
		if terms.Direct != nil {
			direct = []string{"L-0001"}
		}
		m.book(t, &m.blocks[i], direct...)
	}
	return m
}

// mine finds receipts of a job, and a block with the first of them that is
// one.
func (m *memory) mine(t *testing.T, doc *receipt.Template, j *lease.Job) {
	t.Helper()
	extranonce := []byte{0, 1, 0, 0, 0, byte(j.Seq)}
	issue := doc.Issue(j.Tag, j.Target, extranonce[:2])
	wanted := map[int64]int{1: 20, 2: 15, 3: 5}[j.Template]
	states := map[int64]lease.BlockState{1: lease.Mature, 2: lease.Adopted, 3: lease.Mature}
	for nonce := uint32(0); wanted > 0; nonce++ {
		_, hash, err := issue.Check(stratum.Share{Extranonce2: extranonce[2:], Time: startMs / 1000, Nonce: nonce, HasVersion: true})
		if err != nil {
			continue
		}
		wanted--
		at := startMs + int64(len(m.all)+1)*1000
		m.all = append(m.all, lease.Receipt{Seq: int64(len(m.all) + 1), Lease: j.Lease, Job: j.Seq, CommitMs: at,
			Extranonce: extranonce, Time: startMs / 1000, Nonce: nonce, Work: j.Target.Work()})
		// Block 2 was found by the other lease.
		if wanted == 0 && (j.Seq == 1 || j.Seq == 4 || j.Seq == 6) {
			m.blocks = append(m.blocks, lease.Block{Hash: hash, Height: doc.Height, Template: j.Template, Job: j.Seq, Lease: j.Lease,
				Extranonce: extranonce, Time: startMs / 1000, Nonce: nonce, FoundMs: at, State: states[j.Template]})
		}
	}
}
