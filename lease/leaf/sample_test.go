package leaf_test

import (
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// salt is that of all samples.
var salt = translog.Salt{0: 1, 15: 0xff}

func sampleTerms() lease.Terms {
	return lease.Terms{Format: lease.TermsFormat, Text: "é", Coin: "regtest", HouseScript: "51", FeePPM: 20_000, Scheme: lease.SchemeTides, Tides: lease.DefaultTides}
}

func sampleLease() lease.Lease {
	return lease.Lease{
		ID: "L-0042", Tenant: "acme", Model: lease.Leased, ContractedHps: 1 << 60, StartMs: 1000, EndMs: 9000, ClosedMs: 8000, ProofMs: 5000,
		Nonce: [16]byte{2}, Provider: [32]byte{3}, Terms: lease.TermsHash{4}, Tag: lease.Tag{5, 6, 7},
		Pool:   &lease.Pool{URLs: []string{"stratum+tcp://a:1"}, User: "acme.w1", Password: "secret"},
		Pauses: []lease.Pause{{By: lease.PauseBudget, FromMs: 1000, ToMs: 2000}, {By: lease.PauseTenant, FromMs: 3000}},
	}
}

func sampleBatch() lease.SealedBatch {
	sq := new(big.Int).Lsh(big.NewInt(1), 200)
	return lease.SealedBatch{
		Lease: "L-0042", Number: 3, FromMs: lease.BatchMs, ToMs: 2 * lease.BatchMs, N: 2, Root: [32]byte{8},
		Evidence: lease.Evidence{N: 2, Sum: miner.Work{Hi: 1}, Max: miner.Hashes(1 << 63), SumSq: sq},
	}
}

func sampleBlock() lease.Block {
	return lease.Block{
		Hash: miner.Hash{9}, Height: 100, Lease: "L-0042", Extranonce: []byte{1, 2}, Time: 1_700_000_000, Nonce: 0xdeadbeef, VersionBits: 0x2000,
		State: lease.Adopted, Appearances: 1,
	}
}

func sampleHour() lease.SettledHour {
	return lease.SettledHour{Lease: "L-0042", Hour: 472_222, OwedMs: lease.MsPerHour, Window: lease.WindowUp, Proven: lease.Quantity(miner.Work{Hi: 5}), ChargedSat: 7}
}

func sampleExclusion() lease.Exclusion {
	return lease.Exclusion{ID: 4, Lease: "L-0042", Kind: lease.ExcludePool, AnnouncedMs: 5, FromMs: 6, ToMs: 7, Evidence: "no route"}
}

func sampleStatement() lease.IssuedStatement {
	return lease.IssuedStatement{Lease: "L-0042", FromMs: 1, ToMs: 2, Number: 1, Hash: sha256.Sum256([]byte("note"))}
}

func sampleTransaction() lease.Transaction {
	return lease.Transaction{Key: "found:aa", Kind: "found", AtMs: 5, Ref: "aa", Postings: []lease.Posting{
		{Account: "assets:coinbase:immature", Sat: 10}, {Account: "liab:acme:pending", Lease: "L-0042", Sat: -7},
		{Account: "liab:bob:pending", Lease: "L-0041", Sat: -2}, {Account: "revenue:fee:pending", Sat: -1},
	}}
}

// counter numbers the leaves of each lease from a number on.
func counter(from int64) func(string) (int64, error) {
	next := make(map[string]int64)
	return func(id string) (int64, error) {
		next[id]++
		return from + next[id] - 1, nil
	}
}

// sample is one leaf of each kind that has a reader here.
type sample struct {
	name  string
	kind  translog.Kind
	entry translog.Entry
	read  func(body []byte) (*translog.Leaf, error)
	open  func(l *translog.Leaf, opening []byte) error // nil: nothing private
}

func reader[T leaf.Public](kind translog.Kind) func([]byte) (*translog.Leaf, error) {
	return func(body []byte) (*translog.Leaf, error) {
		_, l, err := leaf.Read[T](body, kind)
		return l, err
	}
}

func opener[T leaf.Private](l *translog.Leaf, opening []byte) error {
	_, err := leaf.Open[T](l, opening)
	return err
}

// must stops the test at an error.
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func samples(t testing.TB) []sample {
	t.Helper()
	terms, l, batch, block, hour, x, st, tx := sampleTerms(), sampleLease(), sampleBatch(), sampleBlock(), sampleHour(), sampleExclusion(), sampleStatement(), sampleTransaction()
	facts := leaf.LeaseFacts{TenantKey: make([]byte, 32), Destinations: []string{leaf.DestinationPool}, Pauses: leaf.PausesSince(&l, nil)}
	booked := must(leaf.NewTransaction(&tx, counter(5), func() translog.Salt { return salt }))(t)
	placed := must(leaf.NewPlacement("cpu0", 472_222, []leaf.Work{
		{Lease: "L-0042", Counted: lease.Quantity(miner.Hashes(1 << 63)), Proven: lease.Quantity(miner.Hashes(5)), Receipts: 1}, {Lease: "house"},
	}))(t)
	tags := must(leaf.Tags{"L-0042": {Lease: "L-0042", Destinations: facts.Destinations}}.Map(5))(t)
	return []sample{
		{"terms", translog.KindTerms, must(leaf.NewTerms(&terms))(t), reader[leaf.Terms](translog.KindTerms), nil},
		{"lease", translog.KindLease, must(leaf.NewLease(&l, facts, salt))(t), reader[leaf.Lease](translog.KindLease), opener[leaf.LeasePrivate]},
		{"job", translog.KindJob, must(leaf.NewJob(&lease.Template{CreatedMs: 5, Body: []byte(`{"a":[1],"b":"é"}`)}))(t), reader[leaf.Job](translog.KindJob), nil},
		{"placement", translog.KindPlacement, placed[0], reader[leaf.Placement](translog.KindPlacement), nil},
		{"batch", translog.KindBatch, must(leaf.NewBatch(&batch))(t), reader[leaf.Batch](translog.KindBatch), nil},
		{"block", translog.KindBlock, must(leaf.NewBlock(&block, 17, lease.Tag{5}))(t), reader[leaf.Block](translog.KindBlock), nil},
		{"transaction", translog.KindTransaction, booked[1].Entry, reader[leaf.Transaction](translog.KindTransaction), opener[leaf.TransactionPrivate]},
		{"hour", translog.KindSLA, must(leaf.NewHour(&hour, salt))(t), reader[leaf.Service](translog.KindSLA), opener[lease.SettledHour]},
		{"exclusion", translog.KindSLA, must(leaf.NewExclusion(&x, salt))(t), reader[leaf.Service](translog.KindSLA), opener[leaf.Evidence]},
		{"exclusion-end", translog.KindSLA, must(leaf.NewExclusionEnd(&x))(t), reader[leaf.Service](translog.KindSLA), nil},
		{"statement", translog.KindStatement, must(leaf.NewStatement(&st))(t), reader[leaf.Statement](translog.KindStatement), nil},
		{"tagmap", translog.KindTagMap, must(leaf.NewTagMap(5, tags.Root()))(t), reader[leaf.TagMap](translog.KindTagMap), nil},
	}
}
