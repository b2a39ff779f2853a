// Package auditortest makes the log of a small provider, honest or not.
package auditortest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// World is what happened at a provider: two leases of 1 MH/s and 500 kH/s, of
// which the second mines at a pool, and a house of 500 kH/s, for three hours and
// five minutes.
type World struct {
	// Change may change the public part of a leaf that is about to be made, and
	// tells whether it is to be made at all. It may be nil.
	Change func(index int64, doc any) bool
	// After may add more after a leaf. It may be nil.
	After func(w *World, index int64, doc any)

	Entries []translog.Entry
	Terms   receipt.B32

	t       testing.TB
	numbers map[string]int64
	tags    leaf.Tags
}

// Figures of the world.
const (
	Hour     = 500_000 // its first
	BeginMs  = Hour * lease.MsPerHour
	Hours    = 3
	ProofMs  = 5000
	Receipts = lease.BatchMs / ProofMs // in each batch
	First    = "L-0001"
	Second   = "L-0002"
	FirstHps = 1_000_000
	NextHps  = 500_000
)

// Play makes all leaves of the world and returns them.
func (w *World) Play(t testing.TB) []translog.Entry {
	t.Helper()
	w.t, w.numbers, w.tags = t, map[string]int64{}, leaf.Tags{}
	text := json.RawMessage(`{"scheme":"solo"}`)
	w.Terms = sha256.Sum256(text)
	w.Add(&leaf.Terms{Terms: text})
	w.Add(w.Lease(First, FirstHps, leaf.DestinationHouse))
	w.TagMap(BeginMs)
	w.Add(w.Lease(Second, NextHps, leaf.DestinationPool))
	w.TagMap(BeginMs)
	w.Job(HouseTemplate(t, w.Terms))
	w.Job(PoolTemplate(t, w.Terms, 8))
	for h := range int64(Hours) {
		for window := range int64(lease.MsPerHour / lease.BatchMs) {
			w.batches(BeginMs + h*lease.MsPerHour + window*lease.BatchMs)
		}
		w.Add(w.placement(Hour + h))
		w.Add(&leaf.Service{About: leaf.AboutHour, Lease: First, Hour: Hour + h, Window: lease.WindowUp})
	}
	w.batches(BeginMs + Hours*lease.MsPerHour)
	w.Add(&leaf.Transaction{Kind: "usage", Tx: receipt.B32{1}, Part: 0, Parts: 2})
	w.Add(&leaf.Transaction{Kind: "usage", Tx: receipt.B32{1}, Part: 1, Parts: 2})
	w.Add(&leaf.Block{Hash: receipt.U256{1}, Height: 840_000, State: lease.Adopted, Job: 5, Lease: First, Tag: tagOf(First), Extranonce: receipt.Hex{1, 2, 3, 4, 5, 6}})
	for n := range int64(2) {
		w.Add(&leaf.Statement{Lease: First, FromMs: BeginMs, ToMs: BeginMs + Hours*lease.MsPerHour, Number: n + 1})
	}
	return w.Entries
}

// Add makes the leaf of a public part, with a private part where one belongs.
func (w *World) Add(doc any) {
	w.t.Helper()
	index := int64(len(w.Entries))
	if w.Change != nil && !w.Change(index, doc) {
		return
	}
	kind, private := kindOf(doc)
	e, err := translog.NewEntry(kind, doc, private, translog.Salt{byte(index)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Entries = append(w.Entries, e)
	if l, ok := doc.(*leaf.Lease); ok {
		w.tags.Add(*l)
	}
	if w.After != nil {
		w.After(w, index, doc)
	}
}

// kindOf is the kind of a document, and a private part.
func kindOf(doc any) (translog.Kind, any) {
	switch doc := doc.(type) {
	case *leaf.Terms:
		return translog.KindTerms, nil
	case *leaf.Lease:
		return translog.KindLease, &leaf.LeasePrivate{Tenant: "somebody"}
	case *leaf.Job:
		return translog.KindJob, nil
	case *leaf.Batch:
		return translog.KindBatch, nil
	case *leaf.Placement:
		return translog.KindPlacement, nil
	case *leaf.Block:
		return translog.KindBlock, nil
	case *leaf.Transaction:
		return translog.KindTransaction, &leaf.TransactionPrivate{Key: "k", Postings: []leaf.Posting{}}
	case *leaf.Service:
		return translog.KindSLA, &lease.SettledHour{Lease: doc.Lease}
	case *leaf.Statement:
		return translog.KindStatement, nil
	}
	return translog.KindTagMap, nil
}

func tagOf(id string) receipt.B16 {
	sum := sha256.Sum256([]byte(id))
	return receipt.B16(sum[:])
}

// Lease is the contract of a lease.
func (w *World) Lease(id string, hps uint64, destination string) *leaf.Lease {
	return &leaf.Lease{Lease: id, Model: lease.Leased, ContractedHps: lease.Quantity(miner.Hashes(hps)), ProofMs: ProofMs,
		StartMs: BeginMs, Tag: tagOf(id), Terms: w.Terms, Destinations: []string{destination}}
}

// TagMap adds the map of the leases so far, if there can be one.
func (w *World) TagMap(atMs int64) {
	w.t.Helper()
	m, err := w.tags.Map(atMs)
	if err != nil {
		return
	}
	w.Add(&leaf.TagMap{AtMs: atMs, TagRoot: m.Root()})
}

// Job adds the leaf of a template.
func (w *World) Job(t *receipt.Template) {
	w.t.Helper()
	document, err := t.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	w.Add(&leaf.Job{CreatedMs: BeginMs, Template: document})
}

// batches adds a batch of each in a window.
func (w *World) batches(fromMs int64) {
	w.t.Helper()
	for _, of := range []struct {
		lease string
		hps   uint64
	}{{First, FirstHps}, {Second, NextHps}, {lease.House, NextHps}} {
		w.Add(w.Batch(of.lease, of.hps, fromMs))
	}
}

// Batch is the next batch of a lease of a rate, with as much work as it has to
// be.
func (w *World) Batch(id string, hps uint64, fromMs int64) *leaf.Batch {
	unit := hps * ProofMs / 1000
	sum := miner.Hashes(unit * Receipts)
	sq := new(big.Int).SetUint64(unit)
	sq.Mul(sq, sq).Mul(sq, big.NewInt(Receipts))
	n := w.numbers[id]
	w.numbers[id]++
	return &leaf.Batch{Lease: id, Number: n, FromMs: fromMs, ToMs: fromMs + lease.BatchMs, N: Receipts,
		Sum: lease.Quantity(sum), SumSq: sq.String(), Root: receipt.B32{byte(n)}}
}

// placement is what the one source did in an hour.
func (w *World) placement(hour int64) *leaf.Placement {
	const perHour = lease.MsPerHour / lease.BatchMs * Receipts
	work := func(id string, hps uint64) leaf.Work {
		q := lease.Quantity(miner.Hashes(hps * lease.MsPerHour / 1000))
		return leaf.Work{Lease: id, Counted: q, Proven: q, Receipts: perHour}
	}
	return &leaf.Placement{Source: "cpu-0", Hour: hour, Parts: 1,
		Work: []leaf.Work{work(First, FirstHps), work(Second, NextHps), work(lease.House, NextHps)}}
}

// HouseTemplate is a block of the house.
func HouseTemplate(t testing.TB, terms receipt.B32) *receipt.Template {
	t.Helper()
	const reward = 312_500_000
	script := []byte{3, 0x40, 0xd1, 0x0c, lease.TagSize}
	script = append(script, make([]byte, lease.TagSize)...)
	script = append(append(script, 32), make([]byte, 32)...)
	script = append(append(script, 6), make([]byte, 6)...)
	all := append([]byte{1, 0, 0, 0, 1}, make([]byte, 32)...)
	all = append(append(all, 0xff, 0xff, 0xff, 0xff, byte(len(script))), script...)
	all = append(all, 0xff, 0xff, 0xff, 0xff, 1)
	all = binary.LittleEndian.AppendUint64(all, reward)
	all = append(all, 1, 0x52, 0, 0, 0, 0)
	at := receipt.ScriptSigAt + 5
	split, err := receipt.One(lease.House, reward).Hash()
	if err != nil {
		t.Fatal(err)
	}
	x := &receipt.Template{
		Format: receipt.TemplateFormat, Height: 840_000, Prev: receipt.U256{5}, Version: 0x20000000, Mask: work.VersionMask, Bits: 0x1d00ffff,
		Time: 1000, MinTime: 900, MaxTime: 2000, Head: all[:at], Tail: append(receipt.Hex{}, all[at+lease.TagSize:at+lease.TagSize+34]...), Coinb2: all[at+lease.TagSize+34+6:],
		Branches: []receipt.B32{{1}, {2}}, Extranonce1Size: 2, Extranonce2Size: 4, Terms: terms, Reward: reward, Split: split,
	}
	document, err := x.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sum, _, err := receipt.Commitment(document)
	if err != nil {
		t.Fatal(err)
	}
	copy(x.Tail[1:], sum[:])
	return x
}

// PoolTemplate is the job of a pool whose extranonce2 has n bytes: its coinbase
// is one of 12 bytes of extranonces, whatever n is.
func PoolTemplate(t testing.TB, terms receipt.B32, n int) *receipt.Template {
	t.Helper()
	room, err := receipt.PoolRoomOf(n)
	if err != nil {
		t.Fatal(err)
	}
	own := receipt.Hex{0x6a, 0xdc, 0xff, 0x6a, 1, 2, 3, 4, 5, 6, 7, 8}
	return &receipt.Template{
		Format: receipt.PoolTemplateFormat, Height: 544, Prev: receipt.U256{6}, Version: 0x00400000 &^ work.VersionMask, Mask: work.VersionMask, Bits: 0x1d00ffff,
		Time: 0x6affdc7d, MinTime: 0x6affdc7d, MaxTime: 0x6affdc7d + 7200,
		Head:     unhex(t, "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff360220020c0b2f503253482f627463642f047ddcff6a04bf2af20a0c"),
		Coinb2:   unhex(t, "0a636b706f6f6c2d6c6872032f782fffffffff0200f2052a010000001976a914000102030405060708090a0b0c0d0e0f1011121388ac0000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000"),
		Branches: []receipt.B32{}, Extranonce1Size: room.Worker, Extranonce2Size: room.Rolled, Terms: terms,
		Pool: &receipt.PoolJob{Address: "stratum+tcp://pool.example:3333", Extranonce1: own[:12-n], Extranonce2Size: n,
			Target: receipt.U256(miner.TargetForWork(miner.Hashes(1 << 28)))},
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
