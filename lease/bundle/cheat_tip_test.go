package bundle

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// TestTipCheats are cheats with when work was done, and with blocks that left
// the chain.
func TestTipCheats(t *testing.T) {
	play(t, []cheat{
		{"work on an old job that an early receipt keeps alive", func(w *world) *Bundle {
			w.s.Period.ToMs = testFromMs + 6*lease.MsPerHour
			const at = testFromMs + 5*lease.MsPerHour
			w.appendBatch(at, at+lease.BatchMs, w.mine(3, 99, w.records(0)[0].Job))
			return w.bundle()
		}, "headers", "no tip any more"},
		{"work on a block to come that a late receipt excuses", func(w *world) *Bundle {
			w.s.Period.ToMs = testFromMs + 6*lease.MsPerHour
			at := testFromMs/1000 + 3*3600
			w.chain = append(w.chain, header(w.chain[14].Hash(), int64(at), 0))
			tip := w.chain[15].Hash()
			job := w.putJob(w.template(tip, 116, uint32(at+60)), int64(at)*1000)
			for i, from := range []int64{testFromMs + 2700_000, testFromMs + 3*lease.MsPerHour} {
				w.appendBatch(from, from+lease.BatchMs, w.mine(3, int64(99+i), job))
			}
			return w.bundle()
		}, "headers", "was not there yet"},
		{"a stale tip that is easier than the chain", func(w *world) *Bundle {
			const bits = miner.Bits(0x2100ff00)
			w.forks = append(w.forks, miner.NewHeader(0x20000000, w.chain[13].Hash(), miner.Hash{8}, testFromMs/1000+1800, bits, 7))
			return w.bundle()
		}, "headers", "easier than"},
	})
}

// TestForksTwice has blocks that left the chain twice, on each other: whoever
// goes through all of their ways never ends.
func TestForksTwice(t *testing.T) {
	w := honest(t, 1)
	prev := w.chain[12].Hash()
	for i := range 60 {
		h := header(prev, testFromMs/1000+int64(i), 5000)
		w.forks = append(w.forks, h, h)
		prev = h.Hash()
	}
	done := make(chan *Report)
	go func() { done <- verify(t, pack(t, w.bundle()), known(w)) }()
	select {
	case r := <-done:
		refuse(t, r, "headers", "twice")
	case <-time.After(time.Minute):
		t.Fatal("it goes on for ever")
	}
}
