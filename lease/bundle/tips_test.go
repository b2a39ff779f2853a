package bundle

import (
	"testing"

	"github.com/hashlease/hashlease/miner"
)

// Only on a chain whose bits were seen to fall back to the easiest ones may a job
// have others than the block at its height.
func TestMayReset(t *testing.T) {
	const hard, other, easy, easier = miner.Bits(0x1d0488ea), miner.Bits(0x1d051b71), miner.Bits(0x1e03ffff), miner.Bits(0x1e07ffff)
	limit, err := easy.Target()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		resets bool
		a, b   miner.Bits
		want   bool
	}{
		{"hard job, then an easy block", true, hard, easy, true},
		{"easy job, then a late hard block", true, easy, hard, true},
		{"two hard ones", true, hard, other, false},
		{"easier than any block", true, easier, hard, false},
		{"no bits", true, 0, easy, false},
		{"main chain", false, hard, easy, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := headerChain{resets: tt.resets, limit: limit}
			if got := c.mayReset(tt.a, tt.b); got != tt.want {
				t.Errorf("%v", got)
			}
		})
	}
}
