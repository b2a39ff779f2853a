package audit

import (
	"context"
	"maps"
	"math/big"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// meteredKey names an hour of a lease.
type meteredKey struct {
	hour  int64
	lease string
}

// metered is what all sources together did for a lease in an hour.
type metered struct {
	counted, proven miner.Work
	receipts        uint64
}

// totals are sums over all hours.
type totals struct {
	counted  *big.Int
	evidence lease.Evidence
	verdicts map[string]uint64
	upstream lease.Upstream
}

func newTotals() *totals { return &totals{counted: new(big.Int), verdicts: make(map[string]uint64)} }

func (t *totals) add(m *lease.HourMeter) {
	t.counted.Add(t.counted, m.Counted.Big())
	t.evidence.Merge(m.Evidence)
	for reason, n := range m.Verdicts {
		t.verdicts[reason] += n
	}
}

// is reports whether a meter of all time says the same.
func (t *totals) is(m *lease.Meter) bool {
	t.upstream.Lease = ""
	return m.Counted.Big().Cmp(t.counted) == 0 && same(m.Evidence, t.evidence) && maps.Equal(m.Verdicts, t.verdicts) && m.Upstream == t.upstream
}

// meters adds hours up: those that are final for the settlement, and all of
// them for the totals, if nothing is committed meanwhile.
func (a *auditor) meters(ctx context.Context) error {
	byLease, byRig := map[string]*totals{lease.House: newTotals()}, make(map[string]*totals)
	for _, id := range a.ids {
		byLease[id] = newTotals()
	}
	for name := range a.rated {
		byRig[name] = newTotals()
	}
	supply := newSupply(a)
	for m, err := range a.store.HourMeters(ctx, "", 0, a.final()+1) {
		if err != nil {
			return err
		}
		t := byLease[m.Lease]
		if t == nil {
			a.report.find(checkTotals, "hour %d: source %s worked for lease %s, which there is not", m.Hour, m.Source, m.Lease)
			continue
		}
		t.add(&m)
		if t := byRig[m.Source]; t != nil {
			t.evidence.Merge(m.Evidence)
		}
		if m.Hour < a.final() {
			a.take(&m)
			supply.add(&m)
		}
	}
	supply.end(&a.report.Supply)
	for u, err := range a.store.HourUpstreams(ctx, "", 0, a.final()+1) {
		if err != nil {
			return err
		}
		if t := byLease[u.Lease]; t != nil {
			t.upstream.Add(u.Upstream)
		}
	}
	if err := a.compareTotals(ctx, byLease, byRig); err != nil {
		return err
	}
	return a.settledMeters(ctx)
}

// compareTotals compares sums of hours with the totals that are kept beside
// them.
func (a *auditor) compareTotals(ctx context.Context, byLease, byRig map[string]*totals) error {
	stored := make(map[string]lease.Meter, len(byLease))
	for id := range byLease {
		m, err := a.store.Meter(ctx, id)
		if err != nil {
			return err
		}
		stored[id] = m
	}
	rigs, err := a.store.RigMeters(ctx, 0)
	if err != nil {
		return err
	}
	quiet, err := a.quiet(ctx)
	if err != nil {
		return err
	}
	if !quiet {
		a.report.Unchecked = append(a.report.Unchecked, checkTotals+": something was committed meanwhile")
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(byLease)) {
		a.report.counted(checkTotals, 1)
		if m := stored[id]; !byLease[id].is(&m) {
			a.report.find(checkTotals, "lease %s: its hours have %d receipts of work %v together, its totals say %d of %v, or other numbers differ",
				id, byLease[id].evidence.N, byLease[id].evidence.Sum, m.Evidence.N, m.Evidence.Sum)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byRig)) {
		a.report.counted(checkTotals, 1)
		if m := rigs[name]; !same(m.Evidence, byRig[name].evidence) {
			a.report.find(checkTotals, "rig %s: its hours have %d receipts of work %v together, its totals say %d of %v",
				name, byRig[name].evidence.N, byRig[name].evidence.Sum, m.Evidence.N, m.Evidence.Sum)
		}
	}
	return nil
}

// take notes what an hour was metered to, and the energy of rigs.
func (a *auditor) take(m *lease.HourMeter) {
	k := meteredKey{m.Hour, m.Lease}
	x := a.metered[k]
	if x == nil {
		x = new(metered)
		a.metered[k] = x
	}
	x.counted, x.proven, x.receipts = x.counted.Add(m.Counted), x.proven.Add(m.Evidence.Sum), x.receipts+m.Evidence.N
	if m.Hour <= a.settled {
		acc := a.account(m.Lease)
		acc.energy = acc.energy.Add(lease.EnergyOf(m.Evidence.Sum, a.rated[m.Source]))
	}
}

// settledMeters compares settled hours with what was metered.
func (a *auditor) settledMeters(ctx context.Context) error {
	seen := make(map[meteredKey]bool)
	for h, err := range a.store.SettledHours(ctx, "", 0, a.settled+1) {
		if err != nil {
			return err
		}
		a.report.counted(checkHours, 1)
		k := meteredKey{h.Hour, h.Lease}
		seen[k] = true
		want := a.metered[k]
		if want == nil {
			want = new(metered)
		}
		if h.Counted.Work() != want.counted || h.Proven.Work() != want.proven || h.Receipts != int64(want.receipts) {
			a.report.find(checkHours, "hour %d of lease %s is settled with %d receipts of work %v and %v hashes, metered are %d of %v and %v",
				h.Hour, h.Lease, h.Receipts, h.Proven.Work(), h.Counted.Work(), want.receipts, want.proven, want.counted)
		}
		a.account(h.Lease).take(&h)
	}
	for k, m := range a.metered {
		if k.hour <= a.settled && k.lease != lease.House && !seen[k] && m.receipts > 0 {
			a.report.find(checkHours, "hour %d of lease %s has %d receipts, and is not settled", k.hour, k.lease, m.receipts)
		}
	}
	return nil
}
