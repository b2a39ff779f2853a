//go:build slow

package dispatch_test

import (
	"slices"
	"testing"
	"time"
)

// What TestHostilePeersDisturbNobody leaves out: who floods, or never reads, is
// read slowly for long before the limits are met.
func TestAllHostilePeersDisturbNobody(t *testing.T) {
	disturb(t, []string{"line-bytes", "malformed", "message-rate", "pre-auth-time", "invalid-shares", "write-time"})
}

// TestSiege measures how long rigs wait for the replies to their shares, alone
// and then beside a crowd of hostile peers, whose work is done by the same
// processors.
func TestSiege(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	f := p.farm(t, besieged)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	p.addRig(t, "mole", "", 0)
	rigs, work := f.crew("one", "two", "three", "four")
	rest := work()
	time.Sleep(time.Second)
	took := func(d time.Duration) (all []time.Duration) {
		from := make([]int, len(rigs))
		for i, r := range rigs {
			from[i] = len(r.shares())
		}
		time.Sleep(d)
		for i, r := range rigs {
			for _, m := range r.shares()[from[i]:] {
				all = append(all, m.took)
			}
		}
		slices.Sort(all)
		return all
	}
	alone := took(5 * time.Second)
	before := f.Server().Stats()
	relent := f.assault(10)
	beside := took(10 * time.Second)
	rest()
	connections := relent()
	after := f.Server().Stats()
	f.stop()
	at := func(all []time.Duration, percent int) time.Duration { return all[(len(all)-1)*percent/100] }
	t.Logf("alone:  %6d shares, replies p50 %v, p99 %v, longest %v", len(alone), at(alone, 50), at(alone, 99), at(alone, 100))
	t.Logf("beside: %6d shares, replies p50 %v, p99 %v, longest %v", len(beside), at(beside, 50), at(beside, 99), at(beside, 100))
	t.Logf("%d hostile connections sent %d messages and %d MB in 10 s; dropped: %v; refused: %v", connections,
		after.Messages-before.Messages, (after.BytesIn-before.BytesIn)>>20, after.Dropped, f.port.Stats().Refused)
	if len(beside) < 100 || at(beside, 99) > 2*time.Second {
		t.Errorf("rigs starve beside hostile peers: %d shares, p99 %v", len(beside), at(beside, 99))
	}
	f.wantNoLoss(rigs)
}
