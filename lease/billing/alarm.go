package billing

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Names of the sequential tests, as alarms give them.
const (
	testContract = "contract" // a lease's proven work against what is owed
	testCounter  = "counter"  // a source's proven work against its own counter
	testPool     = "pool"     // what a lease's pool accepted against what is proven
	testEarnings = "earnings" // what a lease's shares earned against what there can be
)

// Directions of alarms.
const (
	short  = "short"
	excess = "excess"
)

// test is a sequential test that goes on from hour to hour, until its month or
// its lease is over.
type test struct {
	Sums     lease.Sequential `json:"sums"`
	Expected lease.Quantity   `json:"expected"` // work
	Seen     lease.Quantity   `json:"seen"`     // work
	Unit     lease.Quantity   `json:"unit"`     // largest work of one share so far

	// There was an alarm, and it has not recovered since.
	Short  bool `json:"short"`
	Excess bool `json:"excess"`
}

// learn raises the unit to the largest work of one share.
func (t *test) learn(units ...miner.Work) {
	for _, u := range units {
		if u.Cmp(t.Unit.Work()) > 0 {
			t.Unit = lease.Quantity(u)
		}
	}
}

// add takes in what was expected and seen of one target.
func (t *test) add(expected, seen, unit miner.Work) error {
	if err := t.Sums.Add(expected, seen, unit); err != nil {
		return err
	}
	t.Expected = lease.Quantity(t.Expected.Work().Add(expected))
	t.Seen = lease.Quantity(t.Seen.Work().Add(seen))
	t.learn(unit)
	return nil
}

// judge returns the alarms that are new with an hour.
func (t *test) judge(name, source string, hour int64) []lease.Alarm {
	drift := t.Sums.Test()
	a := lease.Alarm{Test: name, Source: source, Hour: hour, Expected: t.Expected, Seen: t.Seen, Unit: t.Unit}
	var alarms []lease.Alarm
	if drift.Short() && !t.Short {
		a.Direction, a.EvidenceMLn = short, drift.ShortMilli
		alarms = append(alarms, a)
	}
	if drift.Excess() && !t.Excess {
		a.Direction, a.EvidenceMLn = excess, drift.ExcessMilli
		alarms = append(alarms, a)
	}
	t.Short, t.Excess = drift.Short(), drift.Excess()
	return alarms
}

// alarmEvent is the event of an alarm. About a source it belongs to no lease.
func alarmEvent(a lease.Alarm, about string, atMs int64) (lease.Event, error) {
	key := fmt.Sprintf("alarm:%s:%s:%s:%d", a.Test, about, a.Direction, a.Hour)
	return lease.NewEvent(lease.EventAlarm, atMs, key, a)
}
