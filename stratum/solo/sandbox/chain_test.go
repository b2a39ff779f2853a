package sandbox

import (
	"errors"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

func TestChain(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	var prev miner.Hash
	for height := int64(1); height <= 3; height++ {
		clk.tick(blockTime)
		mineOne(t, n, 0)
		header, coinbase, err := n.Coinbase(t.Context(), height)
		if err != nil {
			t.Fatal(err)
		}
		hash := header.Hash()
		same, err := n.Header(t.Context(), hash)
		if err != nil || same != header || height > 1 && header.Prev() != prev {
			t.Errorf("header of block %d is %v, %v", height, header, err)
		}
		// Its only transaction, so the root is its hash.
		if got := miner.SHA256d(coinbase); got != header.Root() {
			t.Errorf("the coinbase of block %d hashes to %v, the header has %v", height, got, header.Root())
		}
		prev = hash
	}
	tip, height, err := n.Tip(t.Context())
	if err != nil || tip != prev || height != 3 {
		t.Errorf("the tip is %v at %d, %v", tip, height, err)
	}
	for _, height := range []int64{-1, 4} {
		if _, _, err := n.Coinbase(t.Context(), height); !errors.Is(err, solo.ErrNoBlock) {
			t.Errorf("block at %d: %v", height, err)
		}
	}
	if _, err := n.Header(t.Context(), miner.Hash{1}); !errors.Is(err, solo.ErrNoBlock) {
		t.Errorf("a block that is none: %v", err)
	}
	n.Close()
	if _, err := n.Header(t.Context(), tip); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, _, err := n.Coinbase(t.Context(), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
