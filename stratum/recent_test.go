package stratum

import (
	"encoding/binary"
	"testing"

	"github.com/hashlease/hashlease/miner"
)

func TestRecent(t *testing.T) {
	hash := func(n int) (h miner.Hash) {
		binary.LittleEndian.PutUint64(h[:], uint64(n))
		return h
	}
	var r recent
	for n := range 4 * maxRecent {
		if !r.Add(hash(n)) {
			t.Fatalf("hash %d is taken for an old one", n)
		}
		if held := r.older.Len() + r.newer.Len(); held > 2*maxRecent {
			t.Fatalf("%d hashes held", held)
		}
		if back := max(0, n-maxRecent+1); r.Add(hash(n)) || r.Add(hash(back)) {
			t.Fatalf("after hash %d, it or hash %d is taken for a new one", n, back)
		}
	}
	if r.Reset(); !r.Add(hash(4*maxRecent - 1)) {
		t.Error("not forgotten")
	}
}
