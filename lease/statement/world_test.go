package statement_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/lease/statement"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	minute = int64(60_000)
	hour   = int64(lease.MsPerHour)
	day    = 24 * hour

	reward = 312_500_000
	bits   = 0x207fffff // of regtest: every second hash is a block
)

// begin is 2026-10-30 00:00 UTC: two days later a month ends.
var begin = time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC).UnixMilli()

// world is a provider with real jobs, real hashes and a real store, in a time of
// its own.
type world struct {
	*testing.T
	ctx     context.Context
	dir     string
	store   *sqlite.Store
	key     ed25519.PrivateKey
	log     *translog.Log
	settler *billing.Settler
	terms   lease.Terms

	nowMs  int64
	run    int64
	batch  uint64
	height int64
	tip    miner.Hash
	tipMs  int64
	number uint64 // of the last extranonce
	jobs   map[string]*job
}

// job is what a lease works on.
type job struct {
	lease.Job
	template *receipt.Template
	hasher   *receipt.Hasher
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), dir: t.TempDir(), key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), nowMs: begin, height: 200}
	w.jobs = make(map[string]*job)
	w.open()
	t.Cleanup(func() { w.ok(w.store.Close()) })
	sla := lease.DefaultSLA()
	w.terms = lease.Terms{
		Format: lease.TermsFormat, Text: "t", Coin: "regtest", HouseScript: "51", FeePPM: 20_000, Scheme: lease.SchemeTides, Tides: lease.DefaultTides,
		Prices: &lease.Prices{Work: &lease.Price{Sat: 40_000, Hashes: lease.Quantity(miner.Hashes(3600))}, LowBudgetHours: 2, EarlyExitPPM: 100_000},
		SLA:    &sla,
	}
	_, err := w.store.PutTerms(w.ctx, w.terms)
	w.ok(err)
	for i := range int64(12) {
		w.nowMs = begin - (12-i)*10*minute
		w.newTip()
	}
	w.nowMs = begin
	w.begin()
	return w
}

// open opens the store and its log, as each start does.
func (w *world) open() {
	w.Helper()
	var err error
	w.store, err = sqlite.Open(w.ctx, filepath.Join(w.dir, "lease.db"))
	w.ok(err)
	const origin = "example.com/log"
	public := w.key.Public().(ed25519.PublicKey)
	verifier, err := translog.NewVerifier(origin, public)
	w.ok(err)
	w.log, err = translog.Open(w.ctx, translog.Config{
		Identity: translog.Identity{Origin: origin, Keys: []note.Verifier{verifier}}, Signers: []note.Signer{w.signer()}, Storage: w.store.Log(),
	})
	w.ok(err)
	w.settler = &billing.Settler{Store: w.store}
}

func (w *world) signer() note.Signer {
	s, err := translog.NewSigner("example.com/log", w.key)
	w.ok(err)
	return s
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// source makes statements of the world.
func (w *world) source() statement.Source {
	return statement.Source{Store: w.store, Signer: w.signer(), Log: signed{w}}
}

// signed signs for leaves as soon as they are needed.
type signed struct{ *world }

func (s signed) Covering(ctx context.Context, index int64) (translog.Signed, error) {
	return s.log.Sign(ctx)
}

func (s signed) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return s.store.Log().Hashes(ctx, indexes)
}

// begin is a start of the node.
func (w *world) begin() {
	w.Helper()
	var err error
	w.run, err = w.store.BeginRun(w.ctx, w.nowMs)
	w.ok(err)
	w.batch = 0
}

// lease adds a tenant with a lease of one hash a second, which plans a receipt a
// minute.
func (w *world) lease(tenant string, change ...func(*lease.Lease)) lease.Lease {
	w.Helper()
	public := ed25519.NewKeyFromSeed(append(make([]byte, 31), tenant[0])).Public().(ed25519.PublicKey)
	if _, err := w.store.Tenant(w.ctx, tenant); err != nil {
		w.ok(w.store.AddTenant(w.ctx, lease.Tenant{ID: tenant, Key: public, CreatedMs: w.nowMs}))
	}
	terms, err := w.terms.Hash()
	w.ok(err)
	l := lease.Lease{Tenant: tenant, Model: lease.Leased, ContractedHps: 1, StartMs: w.nowMs, ProofMs: minute, Terms: terms, Provider: [32]byte(w.key.Public().(ed25519.PublicKey))}
	for _, c := range change {
		c(&l)
	}
	l, err = w.store.AddLease(w.ctx, l, 1<<62, func(id string) (lease.Tag, []lease.Event, error) {
		return lease.NewTag(lease.TagInput{Provider: l.Provider[:], Lease: id, Tenant: public, Nonce: l.Nonce, Terms: terms}), nil, nil
	})
	w.ok(err)
	return l
}

// prepay books money for a lease.
func (w *world) prepay(l lease.Lease, sat int64, ref string) {
	w.Helper()
	_, err := w.settler.Prepay(w.ctx, l.ID, sat, ref, w.nowMs)
	w.ok(err)
}

// newTip finds the next block of the chain, somebody else's.
func (w *world) newTip() {
	w.Helper()
	w.height++
	w.tipMs = w.nowMs
	h := miner.Header{0: 0x20}
	copy(h[4:36], w.tip[:])
	binary.LittleEndian.PutUint64(h[36:], uint64(w.height))
	binary.LittleEndian.PutUint32(h[68:], uint32(w.nowMs/1000))
	binary.LittleEndian.PutUint32(h[72:], bits)
	target, err := miner.Bits(bits).Target()
	w.ok(err)
	for nonce := uint32(0); ; nonce++ {
		binary.LittleEndian.PutUint32(h[76:], nonce)
		if h.Hash().Meets(target) {
			break
		}
	}
	w.tip = h.Hash()
	w.ok(w.store.PutHeaders(w.ctx, []lease.ChainHeader{{Hash: w.tip, Height: w.height, Raw: h, SeenMs: w.nowMs}}))
	clear(w.jobs)
}

// split is who gets what of a block under the scheme of the terms.
func (w *world) split(l lease.Lease) receipt.Split {
	rest := reward - w.fee()
	if w.terms.Scheme == lease.SchemeSolo {
		return receipt.One(l.ID, rest)
	}
	return receipt.Split{{Lease: l.ID, Sat: rest / 4}, {Lease: lease.House, Sat: rest - rest/4}}
}

func (w *world) fee() int64 { return reward * w.terms.FeePPM / 1_000_000 }

// job is what a lease works on now, made and logged if there is none.
func (w *world) job(l lease.Lease) *job {
	w.Helper()
	if j := w.jobs[l.ID]; j != nil {
		return j
	}
	split := w.split(l)
	document, t := w.document(split)
	text, err := split.Encode()
	w.ok(err)
	target := miner.TargetForWork(lease.ProofWork(miner.Hashes(l.ContractedHps), l.ProofMs))
	_, jobs, err := w.store.PutJobs(w.ctx, []lease.Template{{CreatedMs: w.nowMs, Height: t.Height, Prev: w.tip, Body: document, Split: text}},
		[]lease.Job{{Lease: l.ID, Tag: l.Tag, Target: target, CreatedMs: w.nowMs}})
	w.ok(err)
	j := &job{Job: jobs[0], template: t, hasher: receipt.NewHasher(l.Tag, target)}
	w.ok(j.hasher.AddJob(0, t))
	w.jobs[l.ID] = j
	return j
}

// document makes a template whose coinbase pays the house all.
func (w *world) document(split receipt.Split) ([]byte, *receipt.Template) {
	w.Helper()
	hash, err := split.Hash()
	w.ok(err)
	terms, err := w.terms.Hash()
	w.ok(err)
	height := []byte{2, byte(w.height + 1), byte((w.height + 1) >> 8)}
	script := len(height) + 1 + lease.TagSize + 33 + 1 + 8
	head := append([]byte{1, 0, 0, 0, 1}, make([]byte, 32)...)
	head = append(append(head, 0xff, 0xff, 0xff, 0xff, byte(script)), height...)
	house, err := hex.DecodeString(w.terms.HouseScript)
	w.ok(err)
	end := append([]byte{0xff, 0xff, 0xff, 0xff, 1}, binary.LittleEndian.AppendUint64(nil, reward)...)
	end = append(append(append(end, byte(len(house))), house...), 0, 0, 0, 0)
	t := &receipt.Template{
		Format: receipt.TemplateFormat, Height: w.height + 1, Prev: receipt.U256(w.tip), Version: 0x20000000, Mask: 0,
		Bits: bits, Time: uint32(w.nowMs / 1000), MinTime: uint32(w.tipMs / 1000), MaxTime: uint32(w.nowMs/1000) + 7200,
		Head: append(head, lease.TagSize), Tail: append(append([]byte{32}, make([]byte, 32)...), 8), Coinb2: end, Branches: []receipt.B32{},
		Extranonce2Size: 8, Terms: receipt.B32(terms), Reward: reward, Fee: w.fee(), Split: hash,
	}
	document, err := t.Encode()
	w.ok(err)
	sum, at, err := receipt.Commitment(document)
	w.ok(err)
	hex.Encode(document[at:], sum[:])
	t, err = receipt.DecodeTemplate(document)
	w.ok(err)
	return document, t
}

// shares finds so many shares for a lease on its job.
func (w *world) shares(l lease.Lease, n int) []lease.Receipt {
	w.Helper()
	j := w.job(l)
	var found []lease.Receipt
	var records [64]receipt.Record
	var judged [64]receipt.Judged
	for len(found) < n {
		for i := range records {
			w.number++
			records[i] = receipt.Record{Extranonce: binary.BigEndian.AppendUint64(nil, w.number), Time: uint32(w.nowMs / 1000)}
		}
		j.hasher.Hash(records[:], judged[:])
		for i := range judged {
			if judged[i].Err == nil && len(found) < n {
				r := &records[i]
				found = append(found, lease.Receipt{
					Lease: l.ID, Job: j.Seq, Source: "cpu0", Extranonce: bytes.Clone(r.Extranonce), Time: r.Time, Nonce: r.Nonce, Work: j.Target.Work(),
				})
			}
		}
	}
	return found
}

// work lets some minutes pass in which leases are delivered so many shares each.
func (w *world) work(minutes int64, n int, leases ...lease.Lease) {
	w.Helper()
	if w.nowMs-w.tipMs >= hour {
		w.newTip()
	}
	b := lease.Batch{Run: w.run, Receipts: []lease.Receipt{}}
	for _, l := range leases {
		b.Receipts = append(b.Receipts, w.shares(l, n)...)
		b.Counts = append(b.Counts, lease.Count{Lease: l.ID, Source: "cpu0", Hashes: uint64(n) * 60})
		b.Verdicts = append(b.Verdicts, lease.Verdict{Lease: l.ID, Source: "cpu0", Reason: lease.Stale, N: 1})
	}
	w.nowMs += minutes * minute
	w.commit(b)
}

// commit commits a batch of the moment.
func (w *world) commit(b lease.Batch) {
	w.Helper()
	w.batch++
	b.Run, b.N, b.AtMs = w.run, w.batch, w.nowMs-1
	_, err := w.store.CommitBatch(w.ctx, b)
	w.ok(err)
}

// settle settles all that is over.
func (w *world) settle() {
	w.Helper()
	_, err := w.settler.Settle(w.ctx, 1<<40)
	w.ok(err)
}
