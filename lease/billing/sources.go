package billing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// sources is the node's own state: the tests of sources against their own
// counters, anew each month.
type sources struct {
	Format int64                  `json:"format"` // stateFormat
	Month  int64                  `json:"month"`  // that the tests are of
	Tests  map[string]*sourceTest `json:"tests"`  // by source
}

// sourceTest is the test of one source. Its shares for all leases count, each
// in units of its lease's shares.
type sourceTest struct {
	Counter test           `json:"counter"`
	House   lease.Quantity `json:"house"` // largest work of a share for the house so far
}

// sourcesStep is what an hour changed.
type sourcesStep struct {
	changed bool
	events  []lease.Event
}

// step takes in an hour. Sources without a counter, such as rigs, have no test.
func (n *sources) step(hour int64, f *hourFacts, leases []lease.Lease) (sourcesStep, error) {
	var out sourcesStep
	if month := lease.MonthOf(f.span.from); n.Month != month || n.Tests == nil {
		n.Month, n.Tests = month, make(map[string]*sourceTest)
	}
	n.Format = stateFormat
	seen := make(map[string]bool)
	for _, m := range f.counted() {
		planned := miner.Work{}
		if m.Lease != lease.House {
			i, ok := slices.BinarySearchFunc(leases, m.Lease, func(l lease.Lease, id string) int { return cmp.Compare(l.ID, id) })
			if !ok {
				continue
			}
			planned = plannedWork(&leases[i])
		}
		out.changed = true
		if err := n.add(&m, planned); err != nil {
			return out, fmt.Errorf("%s test of %s: %w", testCounter, m.Source, err)
		}
		seen[m.Source] = true
	}
	for _, source := range slices.Sorted(maps.Keys(seen)) {
		for _, a := range n.Tests[source].Counter.judge(testCounter, source, hour) {
			e, err := alarmEvent(a, source, f.span.to)
			if err != nil {
				return out, err
			}
			out.events = append(out.events, e)
		}
	}
	return out, nil
}

// add takes in what a source did for one lease, whose shares are planned to be
// of so much work, or for the house.
func (n *sources) add(m *lease.HourMeter, planned miner.Work) error {
	t := n.Tests[m.Source]
	if t == nil {
		t = new(sourceTest)
		n.Tests[m.Source] = t
	}
	unit := larger(planned, m.Evidence.Max)
	if m.Lease == lease.House {
		// What the house plans follows from what is free, so that its
		// shares have to tell. Before the first of them there is no unit.
		unit = larger(t.House.Work(), unit)
		t.House = lease.Quantity(unit)
		if unit.IsZero() {
			return nil
		}
	}
	return t.Counter.add(m.Counted, m.Evidence.Sum, unit)
}

// counted are the meters of an hour in which a source counted hashes, in the
// order of sources and leases.
func (f *hourFacts) counted() []lease.HourMeter {
	var all []lease.HourMeter
	for _, meters := range f.meters {
		for _, m := range meters {
			if !m.Counted.IsZero() {
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all, func(a, b lease.HourMeter) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Lease, b.Lease))
	})
	return all
}

// plannedWork is the work of one planned receipt of a lease.
func plannedWork(l *lease.Lease) miner.Work {
	return lease.ProofWork(miner.Hashes(l.ContractedHps), l.ProofMs)
}

func larger(a, b miner.Work) miner.Work {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}
