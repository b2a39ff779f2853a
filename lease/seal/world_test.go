package seal_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// world is a store with two leases whose shares are easy to find.
type world struct {
	*testing.T
	store  *sqlite.Store
	leases []lease.Lease
	run    int64
	rng    *rand.Rand
	jobs   []lease.Job
	t      *receipt.Template
	atMs   int64
}

// startMs is the beginning of a window.
const startMs = 1_800_000_000_000

func newWorld(t *testing.T) *world {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "lease.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{T: t, store: s, rng: rand.New(rand.NewPCG(1, 2)), atMs: startMs}
	terms, err := s.PutTerms(t.Context(), lease.Terms{Format: lease.TermsFormat})
	w.ok(err)
	w.ok(s.AddTenant(t.Context(), lease.Tenant{ID: "acme", Key: bytes.Repeat([]byte{1}, 32)}))
	for i := range 2 {
		l, err := s.AddLease(t.Context(), lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, StartMs: startMs, ProofMs: 5000, Terms: terms}, 10,
			func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{byte(i + 1)}, nil, nil })
		w.ok(err)
		w.leases = append(w.leases, l)
	}
	w.run, err = s.BeginRun(t.Context(), startMs)
	w.ok(err)
	w.newJobs(2)
	return w
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// newJobs puts jobs of a new template, one for each lease and one for the house,
// whose shares count for so many hashes.
func (w *world) newJobs(each uint64) {
	w.Helper()
	script := slices.Concat([]byte{3, 0x40, 0xd1, 0x0c, lease.TagSize}, make([]byte, lease.TagSize), []byte{32}, make([]byte, 32), []byte{6}, make([]byte, 6))
	coinbase := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(len(script))}, script,
		[]byte{0xff, 0xff, 0xff, 0xff, 1, 100, 0, 0, 0, 0, 0, 0, 0, 1, 0x51, 0, 0, 0, 0})
	at := receipt.ScriptSigAt + 5
	split, err := receipt.Split{{Lease: lease.House, Sat: 100}}.Hash()
	w.ok(err)
	w.t = &receipt.Template{
		Format: receipt.TemplateFormat, Height: 840_000, Prev: receipt.U256{5}, Version: 0x20000000, Mask: work.VersionMask, Bits: 0x1d00ffff,
		Time: 1000 + w.rng.Uint32N(100), MinTime: 900, MaxTime: 2000,
		Head: coinbase[:at], Tail: bytes.Clone(coinbase[at+lease.TagSize : at+lease.TagSize+34]), Coinb2: coinbase[at+lease.TagSize+34+6:],
		Branches: []receipt.B32{{1}, {2}, {byte(w.rng.Uint32())}}, Extranonce1Size: 2, Extranonce2Size: 4, Terms: receipt.B32(w.leases[0].Terms), Reward: 100, Split: split,
	}
	document, err := w.t.Encode()
	w.ok(err)
	sum, _, err := receipt.Commitment(document)
	w.ok(err)
	copy(w.t.Tail[1:], sum[:])
	document, err = w.t.Encode()
	w.ok(err)
	target := miner.TargetForWork(miner.Hashes(each))
	w.jobs = []lease.Job{{Lease: lease.House, Tag: lease.Tag{9}, Target: target}}
	for i := range w.leases {
		w.jobs = append(w.jobs, lease.Job{Lease: w.leases[i].ID, Tag: w.leases[i].Tag, Target: target})
	}
	_, w.jobs, err = w.store.PutJobs(w.Context(), []lease.Template{{CreatedMs: w.atMs, Height: 840_000, Prev: miner.Hash{5}, Body: document}}, w.jobs)
	w.ok(err)
}

// share finds a share of a job.
func (w *world) share(j *lease.Job) lease.Receipt {
	w.Helper()
	issue := w.t.Issue(j.Tag, j.Target, []byte{0, 7})
	s := work.Share{Extranonce2: binary.BigEndian.AppendUint32(nil, w.rng.Uint32()), Time: 1000 + w.rng.Uint32N(1000), VersionBits: 0x2000, HasVersion: true}
	for ; ; s.Nonce++ {
		if _, _, err := issue.Check(s); err == nil {
			return lease.Receipt{Lease: j.Lease, Job: j.Seq, Source: "cpu0", Extranonce: append([]byte{0, 7}, s.Extranonce2...),
				Time: s.Time, Nonce: s.Nonce, VersionBits: s.VersionBits, Work: j.Target.Work()}
		}
	}
}

// commit commits so many shares of any jobs, after so many milliseconds.
func (w *world) commit(laterMs int64, shares int) []lease.Receipt {
	w.Helper()
	w.atMs += laterMs
	b := lease.Batch{Run: w.run, AtMs: w.atMs}
	for range shares {
		b.Receipts = append(b.Receipts, w.share(&w.jobs[w.rng.IntN(len(w.jobs))]))
	}
	got, err := w.store.CommitBatch(w.Context(), b)
	w.ok(err)
	return got
}

func (w *world) sealed() (all []lease.SealedBatch) {
	w.Helper()
	for b, err := range w.store.SealedBatches(w.Context(), "", 0, 1<<60) {
		w.ok(err)
		all = append(all, b)
	}
	return all
}

func (w *world) back() (all []lease.Receipt) {
	w.Helper()
	for r, err := range w.store.ReceiptsBack(w.Context()) {
		w.ok(err)
		all = append(all, r)
	}
	return all
}
