package receipt

import (
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/miner"
)

// someBatch are n records with hashes that all meet the target.
func someBatch(t *rapid.T, n int, target miner.Target) ([]Record, []miner.Hash) {
	records, hashes := make([]Record, n), make([]miner.Hash, n)
	seed := rapid.Uint32().Draw(t, "seed")
	room := new(big.Int).Add(target.Big(), big.NewInt(1))
	for i := range records {
		records[i] = Record{Job: int64(i % 3), Extranonce: binary.BigEndian.AppendUint32([]byte{0, 0}, uint32(i)), Time: seed, Nonce: uint32(i)}
		sum := miner.SHA256d(records[i].Append(nil))
		hashes[i] = miner.Hash(miner.TargetFromBig(new(big.Int).Mod(miner.Target(sum).Big(), room)))
	}
	return records, hashes
}

// sealed are records as they stand in their batch.
type sealed struct {
	records [][]byte
	hashes  []miner.Hash
	tree    *multiproof.Tree
	target  miner.Target
}

func seal(t *rapid.T, n int) *sealed {
	s := &sealed{target: miner.TargetForWork(miner.Hashes(rapid.Uint64Range(1, 1<<40).Draw(t, "work")))}
	records, hashes := someBatch(t, n, s.target)
	order, tree, err := Seal(records, hashes)
	if err != nil {
		t.Fatal(err)
	}
	s.tree = tree
	for _, at := range order {
		s.records = append(s.records, records[at].Append(nil))
		s.hashes = append(s.hashes, hashes[at])
	}
	return s
}

// A batch holds as a whole, and thinned: the receipts that meet the smaller
// target, and the next one.
func TestBatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		s := seal(t, n)
		if !slices.IsSortedFunc(s.hashes, miner.Hash.Cmp) {
			t.Fatal("not sorted")
		}
		met := 0
		for _, h := range s.hashes {
			if new(big.Int).Mul(miner.Target(h).Big(), big.NewInt(lease.ThinFactor)).Cmp(s.target.Big()) <= 0 {
				met++
			}
		}
		root, thin, err := CheckBatch(int64(n), s.records, s.hashes, s.target, nil)
		if err != nil || root != s.tree.Root() || thin != met {
			t.Fatalf("whole: %v, %d, %v, want %v, %d", root, thin, err, s.tree.Root(), met)
		}
		thin, kept := Thin(s.hashes, s.target)
		if thin != met || kept != min(met+1, n) {
			t.Fatalf("keeps %d of %d, %d of which meet the smaller target", kept, n, thin)
		}
		proof, err := s.tree.Prove(multiproof.First(kept))
		if err != nil {
			t.Fatal(err)
		}
		root, thin, err = CheckBatch(int64(n), s.records[:kept], s.hashes[:kept], s.target, proof)
		if err != nil || root != s.tree.Root() || thin != met {
			t.Fatalf("thinned: %v, %d, %v, want %v, %d", root, thin, err, s.tree.Root(), met)
		}
	})
}

// Whatever is taken from a thinned batch, it is refused or has another root.
func TestBatchTampered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := int64(rapid.IntRange(80, 300).Draw(t, "n"))
		s := seal(t, int(n))
		_, kept := Thin(s.hashes, s.target)
		k := kept
		records, hashes := slices.Clone(s.records[:kept]), slices.Clone(s.hashes[:kept])
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0: // the receipt that bounds them is missing
			k--
		case 1: // more than thinning keeps
			k++
		case 2: // one in between is missing
			records, hashes = slices.Delete(records, 0, 1), slices.Delete(hashes, 0, 1)
		case 3: // the bound stands for others
			records, hashes = append(records[:k-1], s.records[k]), append(hashes[:k-1], s.hashes[k])
		case 4: // another receipt
			records[0] = slices.Concat(records[0][:len(records[0])-1], []byte{1})
		}
		if k != kept {
			records, hashes = s.records[:k], s.hashes[:k]
		}
		if k == 0 {
			return
		}
		proof, err := s.tree.Prove(multiproof.First(k))
		if err != nil {
			t.Fatal(err)
		}
		if root, _, err := CheckBatch(n, records, hashes, s.target, proof); err == nil && root == s.tree.Root() {
			t.Fatal("taken")
		}
	})
}

func TestBatchErrors(t *testing.T) {
	records := []Record{{Extranonce: []byte{1}}, {Extranonce: []byte{2}}, {Extranonce: []byte{3}}}
	if _, _, err := Seal(records, []miner.Hash{{1}, {2}, {1}}); !errors.Is(err, ErrTwice) {
		t.Errorf("the same hash twice: %v", err)
	}
	raw := [][]byte{records[0].Append(nil), records[1].Append(nil)}
	if _, _, err := CheckBatch(2, raw, []miner.Hash{{1}, {1}}, miner.MaxTarget, nil); !errors.Is(err, ErrTwice) {
		t.Errorf("the same hash twice: %v", err)
	}
	for name, c := range map[string]struct {
		n      int64
		k      int
		hashes []miner.Hash
		proof  []tlog.Hash
	}{
		"out of order":   {2, 2, []miner.Hash{{2}, {1}}, nil},
		"none":           {2, 0, nil, []tlog.Hash{{}}},
		"none of none":   {0, 0, nil, nil},
		"more than many": {1, 2, []miner.Hash{{1}, {2}}, nil},
		"without bound":  {3, 2, []miner.Hash{{1}, {2}}, []tlog.Hash{{}}},
		"two bounds":     {3, 2, []miner.Hash{{31: 0xfe}, {31: 0xff}}, []tlog.Hash{{}}},
		"half a proof":   {3, 2, []miner.Hash{{1}, {31: 0xff}}, nil},
	} {
		if _, _, err := CheckBatch(c.n, raw[:c.k], c.hashes, miner.MaxTarget, c.proof); !errors.Is(err, multiproof.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := ThinTarget(miner.Target{0: 0xff, 1: 1}); got != (miner.Target{0: 0x0f}) {
		t.Errorf("511/32 is %v", got)
	}
}

// BenchmarkSeal is a day's window of a large lease: 100 000 receipts.
func BenchmarkSeal(b *testing.B) {
	const n = 100_000
	records, hashes := make([]Record, n), make([]miner.Hash, n)
	for i := range records {
		records[i] = Record{Extranonce: binary.BigEndian.AppendUint32([]byte{0, 0}, uint32(i))}
		hashes[i] = miner.SHA256d(records[i].Extranonce)
	}
	for b.Loop() {
		if _, _, err := Seal(records, hashes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
}
