// Package sealtest is a store with leases whose shares are easy to find, for
// tests of what is done with sealed receipts.
package sealtest

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

// World is a store with two leases whose shares are easy to find.
type World struct {
	*testing.T
	Store    *sqlite.Store
	Leases   []lease.Lease // two
	Run      int64
	Rng      *rand.Rand
	Jobs     []lease.Job // of the house, and of each lease
	Template *receipt.Template
	AtMs     int64 // of the last commit
}

// StartMs is the beginning of a window, where a World begins.
const StartMs = 1_800_000_000_000

// New makes one in a folder of the test.
func New(t *testing.T) *World {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "lease.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &World{T: t, Store: s, Rng: rand.New(rand.NewPCG(1, 2)), AtMs: StartMs}
	terms, err := s.PutTerms(t.Context(), lease.Terms{Format: lease.TermsFormat})
	w.OK(err)
	w.OK(s.AddTenant(t.Context(), lease.Tenant{ID: "acme", Key: bytes.Repeat([]byte{1}, 32)}))
	for i := range 2 {
		l, err := s.AddLease(t.Context(), lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, StartMs: StartMs, ProofMs: 5000, Terms: terms}, 10,
			func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{byte(i + 1)}, nil, nil })
		w.OK(err)
		w.Leases = append(w.Leases, l)
	}
	w.Run, err = s.BeginRun(t.Context(), StartMs)
	w.OK(err)
	w.NewJobs(2)
	return w
}

// OK stops the test at an error.
func (w *World) OK(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// NewJobs puts jobs of a new template, one for each lease and one for the house,
// whose shares count for so many hashes.
func (w *World) NewJobs(each uint64) {
	w.Helper()
	script := slices.Concat([]byte{3, 0x40, 0xd1, 0x0c, lease.TagSize}, make([]byte, lease.TagSize), []byte{32}, make([]byte, 32), []byte{6}, make([]byte, 6))
	coinbase := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{0xff, 0xff, 0xff, 0xff, byte(len(script))}, script,
		[]byte{0xff, 0xff, 0xff, 0xff, 1, 100, 0, 0, 0, 0, 0, 0, 0, 1, 0x51, 0, 0, 0, 0})
	at := receipt.ScriptSigAt + 5
	split, err := receipt.Split{{Lease: lease.House, Sat: 100}}.Hash()
	w.OK(err)
	w.Template = &receipt.Template{
		Format: receipt.TemplateFormat, Height: 840_000, Prev: receipt.U256{5}, Version: 0x20000000, Mask: work.VersionMask, Bits: 0x1d00ffff,
		Time: 1000 + w.Rng.Uint32N(100), MinTime: 900, MaxTime: 2000,
		Head: coinbase[:at], Tail: bytes.Clone(coinbase[at+lease.TagSize : at+lease.TagSize+34]), Coinb2: coinbase[at+lease.TagSize+34+6:],
		Branches: []receipt.B32{{1}, {2}, {byte(w.Rng.Uint32())}}, Extranonce1Size: 2, Extranonce2Size: 4, Terms: receipt.B32(w.Leases[0].Terms), Reward: 100, Split: split,
	}
	document, err := w.Template.Encode()
	w.OK(err)
	sum, _, err := receipt.Commitment(document)
	w.OK(err)
	copy(w.Template.Tail[1:], sum[:])
	document, err = w.Template.Encode()
	w.OK(err)
	target := miner.TargetForWork(miner.Hashes(each))
	w.Jobs = []lease.Job{{Lease: lease.House, Tag: lease.Tag{9}, Target: target}}
	for i := range w.Leases {
		w.Jobs = append(w.Jobs, lease.Job{Lease: w.Leases[i].ID, Tag: w.Leases[i].Tag, Target: target})
	}
	_, w.Jobs, err = w.Store.PutJobs(w.Context(), []lease.Template{{CreatedMs: w.AtMs, Height: 840_000, Prev: miner.Hash{5}, Body: document}}, w.Jobs)
	w.OK(err)
}

// Share finds a share of a job.
func (w *World) Share(j *lease.Job) lease.Receipt {
	w.Helper()
	issue := w.Template.Issue(j.Tag, j.Target, []byte{0, 7})
	s := work.Share{Extranonce2: binary.BigEndian.AppendUint32(nil, w.Rng.Uint32()), Time: 1000 + w.Rng.Uint32N(1000), VersionBits: 0x2000, HasVersion: true}
	for ; ; s.Nonce++ {
		if _, _, err := issue.Check(s); err == nil {
			return lease.Receipt{Lease: j.Lease, Job: j.Seq, Source: "cpu0", Extranonce: append([]byte{0, 7}, s.Extranonce2...),
				Time: s.Time, Nonce: s.Nonce, VersionBits: s.VersionBits, Work: j.Target.Work()}
		}
	}
}

// Commit commits so many shares of any jobs, after so many milliseconds.
func (w *World) Commit(laterMs int64, shares int) []lease.Receipt {
	w.Helper()
	w.AtMs += laterMs
	b := lease.Batch{Run: w.Run, AtMs: w.AtMs}
	for range shares {
		b.Receipts = append(b.Receipts, w.Share(&w.Jobs[w.Rng.IntN(len(w.Jobs))]))
	}
	got, err := w.Store.CommitBatch(w.Context(), b)
	w.OK(err)
	return got
}

// Sealed are all sealed batches.
func (w *World) Sealed() (all []lease.SealedBatch) {
	w.Helper()
	for b, err := range w.Store.SealedBatches(w.Context(), "", 0, 1<<60) {
		w.OK(err)
		all = append(all, b)
	}
	return all
}

// Back are all receipts, the newest first.
func (w *World) Back() (all []lease.Receipt) {
	w.Helper()
	for r, err := range w.Store.ReceiptsBack(w.Context()) {
		w.OK(err)
		all = append(all, r)
	}
	return all
}
