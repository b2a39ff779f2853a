package audit

import (
	"context"

	"github.com/hashlease/hashlease/lease"
)

// compare compares the sums of receipts with the hours that were metered.
func (w *walk) compare(ctx context.Context) error {
	sums := make(map[meterKey]*lease.Evidence)
	for k, n := range w.sums {
		e := sums[k.meterKey]
		if e == nil {
			e = new(lease.Evidence)
			sums[k.meterKey] = e
		}
		e.AddN(k.work, n)
	}
	w.sums = nil
	metered := make(map[hourKey]*lease.Evidence)
	for m, err := range w.store.HourMeters(ctx, "", 0, w.final()) {
		if err != nil {
			return err
		}
		w.report.counted(checkMeters, 1)
		if h := (hourKey{m.Hour, m.Lease}); w.thinned[h] != nil {
			if metered[h] == nil {
				metered[h] = new(lease.Evidence)
			}
			metered[h].Merge(m.Evidence)
			continue
		}
		k := meterKey{m.Hour, m.Lease, m.Source}
		var want lease.Evidence
		if e := sums[k]; e != nil {
			want = *e
		}
		if !same(m.Evidence, want) {
			w.report.find(checkMeters, "hour %d of lease %s: source %s is metered with %d receipts of work %v, it has %d of %v",
				m.Hour, m.Lease, m.Source, m.Evidence.N, m.Evidence.Sum, want.N, want.Sum)
		}
		delete(sums, k)
	}
	for k, e := range sums {
		if all := w.thinned[hourKey{k.hour, k.lease}]; all != nil {
			all.Merge(*e)
			continue
		}
		w.report.find(checkMeters, "hour %d of lease %s: source %s is not metered, it has %d receipts of work %v", k.hour, k.lease, k.source, e.N, e.Sum)
	}
	w.compareThinned(metered)
	return nil
}

// compareThinned compares hours of leases as wholes: of thinned batches it is
// known what they sum up to, not which source that is from.
func (w *walk) compareThinned(metered map[hourKey]*lease.Evidence) {
	for h, e := range w.thinned {
		var got lease.Evidence
		if m := metered[h]; m != nil {
			got = *m
		}
		if !same(got, *e) {
			w.report.find(checkMeters, "hour %d of lease %s is metered with %d receipts of work %v, its batches have %d of %v", h.hour, h.lease, got.N, got.Sum, e.N, e.Sum)
		}
	}
}
