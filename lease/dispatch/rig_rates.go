package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// What rigs make may be leased once they have made it for some time, and as
// much of it as they made at the worst of that time.
const (
	samplePause = time.Minute
	sampleCount = 5
)

// RigRow is what one connection of a rig does.
type RigRow struct {
	Rig, Remote, Agent string
	Lease              string // that it works for, or Waiting
	Difficulty         miner.Difficulty
	Hps                uint64 // as its shares of the last minutes prove
	Accepted, Refused  uint64 // shares of this connection
	Since              time.Time
}

// Rigs lists the connections of rigs, by name.
func (d *Dispatcher) Rigs() []RigRow {
	r := &d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	var rows []RigRow
	for _, m := range r.seats {
		i := m.seat.Info()
		rows = append(rows, RigRow{
			Rig: m.name(), Remote: i.Remote, Agent: i.Agent, Lease: m.destination(m.lease), Difficulty: i.Difficulty,
			Hps: i.RateHps, Accepted: i.Accepted, Refused: i.Refused, Since: i.Since,
		})
	}
	slices.SortFunc(rows, func(a, b RigRow) int {
		if a.Rig != b.Rig {
			if a.Rig < b.Rig {
				return -1
			}
			return 1
		}
		return a.Since.Compare(b.Since)
	})
	return rows
}

// rigRate is what the provider's rigs make now, in H/s.
func (d *Dispatcher) rigRate() (sum uint64) {
	r := &d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.seats {
		if i := m.seat.Info(); m.rig.Name != "" && m.rig.Tenant == "" && steady(&i) {
			sum += i.RateHps
		}
	}
	return sum
}

// sampleRigs tells the store, once a minute, what the node can be trusted to
// make: its threads, as they were measured, and its rigs at their worst of the
// last minutes.
func (d *Dispatcher) sampleRigs(ctx context.Context, now time.Time) {
	r := &d.rigs
	if now.Sub(r.sampled) < samplePause {
		return
	}
	r.sampled = now
	if d.CapacityHps == 0 {
		return
	}
	r.samples = append(r.samples, d.rigRate())
	if len(r.samples) < sampleCount {
		return
	}
	r.samples = r.samples[len(r.samples)-sampleCount:]
	if hps := d.CapacityHps + slices.Min(r.samples); hps != r.told {
		if err := d.Store.SetCapacity(ctx, hps); err != nil {
			d.Log.Warn("the rigs' hash rate is not noted, so it cannot be leased", "err", err)
			return
		}
		r.told = hps
	}
}

// forRigs lists the leases that are left to rigs: more than the threads could
// make, and of a size that some rig may serve.
func forRigs(rigs []supply, leases []demand, threads megahash) map[string]bool {
	left := make(map[string]bool)
	for i := range leases {
		l := &leases[i]
		if l.rate > threads && slices.ContainsFunc(rigs, func(r supply) bool { return r.mayServe(l) }) {
			left[l.lease] = true
		}
	}
	return left
}
