package audit

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
)

// settlement settles all hours once more and compares what comes of it.
func (a *auditor) settlement(ctx context.Context) error {
	if a.settled == 0 {
		return nil
	}
	if a.corrected > 0 {
		// A prepayment that was taken back was there while hours were settled.
		a.report.Unchecked = append(a.report.Unchecked, fmt.Sprintf("%s: %d transactions were corrected by hand, and hours may have been settled without that", checkSettling, a.corrected))
		return nil
	}
	r := newReplay(a)
	settler := &billing.Settler{Store: r}
	if _, err := settler.Settle(ctx, a.settled); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.report.find(checkSettling, "settling once more: %v", err)
		return nil
	}
	if err := a.compareRows(ctx, r); err != nil {
		return err
	}
	a.compareTransactions(r)
	return a.compareStates(ctx, r)
}

func (a *auditor) compareRows(ctx context.Context, r *replay) error {
	anew := make(map[meteredKey]*lease.SettledHour, len(r.rows))
	for i := range r.rows {
		anew[meteredKey{r.rows[i].Hour, r.rows[i].Lease}] = &r.rows[i]
	}
	for h, err := range a.store.SettledHours(ctx, "", 0, a.settled+1) {
		if err != nil {
			return err
		}
		a.report.counted(checkSettling, 1)
		k := meteredKey{h.Hour, h.Lease}
		switch want := anew[k]; {
		case want == nil:
			a.report.find(checkSettling, "hour %d of lease %s is settled, and would not be", h.Hour, h.Lease)
		case *want != h:
			a.report.find(checkSettling, "hour %d of lease %s is settled to %+v, and would be to %+v", h.Hour, h.Lease, h, *want)
		}
		delete(anew, k)
	}
	for k := range anew {
		a.report.find(checkSettling, "hour %d of lease %s is not settled, and would be", k.hour, k.lease)
	}
	return nil
}

func (a *auditor) compareTransactions(r *replay) {
	anew := make(map[string]*lease.Transaction, len(r.txs))
	for i := range r.txs {
		anew[r.txs[i].Key] = &r.txs[i]
	}
	for i := range a.booked {
		t := a.booked[i]
		a.report.counted(checkSettling, 1)
		t.Seq = 0
		switch want := anew[t.Key]; {
		case want == nil:
			a.report.find(checkSettling, "transaction %s is booked, and would not be", t.Key)
		case !reflect.DeepEqual(*want, t):
			a.report.find(checkSettling, "transaction %s is %+v, and would be %+v", t.Key, t, *want)
		}
		delete(anew, t.Key)
	}
	for _, key := range slices.Sorted(maps.Keys(anew)) {
		a.report.find(checkSettling, "transaction %s is not booked, and would be", key)
	}
}

// compareStates compares what the next settlement goes on from, and the events.
func (a *auditor) compareStates(ctx context.Context, r *replay) error {
	states, err := a.store.SettledStates(ctx)
	if err != nil {
		return err
	}
	settled, err := a.store.SettledHour(ctx)
	if err != nil {
		return err
	}
	if settled != a.settled {
		a.report.Unchecked = append(a.report.Unchecked, checkSettling+": the leases' states, for an hour was settled meanwhile")
	} else {
		for _, id := range slices.Sorted(maps.Keys(states)) {
			a.report.counted(checkSettling, 1)
			if !bytes.Equal(states[id], r.states[id]) {
				a.report.find(checkSettling, "the state of lease %s is %s, and would be %s", id, states[id], r.states[id])
			}
		}
		if len(states) != len(r.states) {
			a.report.find(checkSettling, "%d leases have a state, and %d would", len(states), len(r.states))
		}
	}
	anew := make(map[string]*lease.Event, len(r.events))
	for i := range r.events {
		anew[r.events[i].Key] = &r.events[i]
	}
	kinds := []lease.EventKind{lease.EventWindowDown, lease.EventAlarm, lease.EventPeriodClosed}
	for e, err := range a.store.Events(ctx, lease.EventFilter{Kinds: kinds}) {
		if err != nil {
			return err
		}
		want := anew[e.Key]
		delete(anew, e.Key)
		if want == nil && e.AtMs > (a.settled+1)*lease.MsPerHour {
			continue // decided since the audit began
		}
		a.report.counted(checkSettling, 1)
		if e.Seq = 0; want == nil || !reflect.DeepEqual(*want, e) {
			a.report.find(checkSettling, "event %s of lease %q: it is not what would be decided", e.Key, e.Lease)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(anew)) {
		a.report.find(checkSettling, "event %s is missing", key)
	}
	return nil
}
