package lease

import (
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// WorkIn is the work of a rate, in hashes per second, in so many milliseconds,
// rounded down.
func WorkIn(hps uint64, ms int64) miner.Work {
	w := miner.Hashes(hps).Mul(uint64(max(ms, 0))).Big()
	work, _ := miner.WorkFromBig(w.Quo(w, big.NewInt(1000)))
	return work
}

// HourOf is the hour, since 1970 UTC, that a moment in Unix milliseconds lies in.
func HourOf(ms int64) int64 {
	h := ms / MsPerHour
	if ms%MsPerHour < 0 {
		h--
	}
	return h
}

// LastHour is the hour in which a lease is paid off; false while it has no end. It
// is the last of its term, or the one in which it was closed: that may have been
// done at the very end of an hour that was settled then.
func (l *Lease) LastHour() (int64, bool) {
	switch stop := l.StopMs(); stop {
	case 0:
		return 0, false
	case l.EndMs:
		return HourOf(stop - 1), true
	default:
		return HourOf(stop), true
	}
}

// ExcludedMs is how much of what is owed in [fromMs, toMs) exclusions take out of
// the SLA: first what the tenant's pool caused, then what is left of limitMs for
// announced maintenance, which is returned by itself too. Time that both explain
// is the pool's. Maintenance that was not announced before it began explains
// nothing.
func (l *Lease) ExcludedMs(exclusions []Exclusion, fromMs, toMs, limitMs int64) (ms, maintenanceMs int64) {
	var pool, all []Pause
	for i := range exclusions {
		x := &exclusions[i]
		if x.Lease != "" && x.Lease != l.ID || x.FromMs >= toMs || x.ToMs != 0 && x.ToMs <= fromMs {
			continue
		}
		// What is excluded would not be owed if the tenant paused just then.
		off := Pause{By: PauseTenant, FromMs: x.FromMs, ToMs: x.ToMs}
		switch x.Kind {
		case ExcludePool:
			if l.Pool == nil || x.Lease == "" {
				continue // there is no pool that it could be about
			}
			pool = append(pool, off)
		case ExcludeMaintenance:
			if x.AnnouncedMs >= x.FromMs {
				continue
			}
		default:
			continue
		}
		all = append(all, off)
	}
	if len(all) == 0 {
		return 0, 0
	}
	owedMs := l.OwedMs(fromMs, toMs)
	byPool := owedMs - l.pausedBy(pool).OwedMs(fromMs, toMs)
	maintenanceMs = min(owedMs-l.pausedBy(all).OwedMs(fromMs, toMs)-byPool, max(limitMs, 0))
	return byPool + maintenanceMs, maintenanceMs
}

// pausedBy is the lease with further pauses.
func (l *Lease) pausedBy(more []Pause) *Lease {
	with := *l
	with.Pauses = append(append([]Pause{}, l.Pauses...), more...)
	return &with
}
