package bundle

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// excuses tell how much of an hour the SLA excludes, as far as the bundle shows
// it: by the exclusions that are in the log before the hour, and by what was
// left of the month's maintenance.
type excuses struct {
	lease *lease.Lease
	in    []exclusionAt     // by index
	all   []lease.Exclusion // of those, what was in the log before the last hour
	at    map[int64]int     // places in it, by ID
	month int64
	used  int64 // ms of maintenance excluded in the month
	whole bool  // of which no hour was before the period

	batches []batchLeaf // by index, those that were not yet looked at
	nowMs   int64       // what time it was at least when the last exclusion was logged
}

// announceSlackMs is how far clocks may be apart when maintenance is announced for
// at once, in milliseconds.
const announceSlackMs = 60_000

func (f *facts) newExcuses(l *lease.Lease) *excuses {
	return &excuses{lease: l, in: f.exclusions, at: make(map[int64]int), month: lease.MonthOf(f.s.Period.FromMs), whole: f.fromStart() || isMonthStart(f.s.Period.FromMs), batches: f.batches}
}

// isMonthStart reports whether a month begins at a moment.
func isMonthStart(ms int64) bool { return lease.MonthStart(lease.MonthOf(ms)) == ms }

// check checks what an hour has excluded, whose leaf has the index. Hours come in
// order.
func (e *excuses) check(sla *lease.SLA, r *Hour, index int64) error {
	for len(e.in) > 0 && e.in[0].index < index {
		x := e.in[0].Exclusion
		for ; len(e.batches) > 0 && e.batches[0].index < e.in[0].index; e.batches = e.batches[1:] {
			e.nowMs = max(e.nowMs, e.batches[0].toMs)
		}
		i, ok := e.at[x.ID]
		if announced := ok && e.all[i].FromMs == x.FromMs && e.all[i].AnnouncedMs == x.AnnouncedMs; !announced && x.Kind == lease.ExcludeMaintenance && e.nowMs > x.FromMs+announceSlackMs {
			return fmt.Errorf("maintenance is said to be announced before it began at %d ms, but is in the log with leaf %d, behind a batch of until %d", x.FromMs, e.in[0].index, e.nowMs)
		}
		e.in = e.in[1:]
		if !ok {
			i = len(e.all)
			e.all, e.at[x.ID] = append(e.all, lease.Exclusion{}), i
		}
		e.all[i] = x
	}
	fromMs, toMs := r.Hour*lease.MsPerHour, (r.Hour+1)*lease.MsPerHour
	if month := lease.MonthOf(fromMs); month != e.month {
		e.month, e.used, e.whole = month, 0, true
	}
	byPool, _ := e.lease.ExcludedMs(e.all, fromMs, toMs, 0)
	most, maintenance := e.lease.ExcludedMs(e.all, fromMs, toMs, sla.MaintenanceMsPerMonth-e.used)
	if !e.whole && r.ExcludedMs >= byPool && r.ExcludedMs <= most {
		e.used += r.ExcludedMs - byPool // of which more may have been used before the period
		return nil
	}
	if r.ExcludedMs != most {
		return fmt.Errorf("%d ms are excluded, by the exclusions in the log before it %d", r.ExcludedMs, most)
	}
	e.used += maintenance
	return nil
}
