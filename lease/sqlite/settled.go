package sqlite

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashlease/hashlease/lease"
)

// readSettledEnd returns the end of the hour that was settled last, in Unix
// milliseconds, 0 while none is. What is before it must stay as it is.
func readSettledEnd(ctx context.Context, tx *txn) (int64, error) {
	var hour int64
	err := tx.QueryRowContext(ctx, "SELECT settled_hour FROM node").Scan(&hour)
	if hour == 0 {
		return 0, err
	}
	return (hour + 1) * lease.MsPerHour, err
}

// tooLate is the error for what would change a settled hour.
func tooLate(what string, endMs int64) error {
	return fmt.Errorf("%s: %w, what was before %s is settled", what, lease.ErrConflict, stamp(endMs))
}

// checkSettled refuses what a lease must not become: open again, other than it
// was when it was paid off, or other in an hour that is settled.
func checkSettled(ctx context.Context, tx *txn, l, was *lease.Lease) error {
	if was.ClosedMs != 0 && (l.ClosedMs == 0 || l.ClosedMs > was.ClosedMs) {
		return fmt.Errorf("lease %s: %w, at %s, and stays so", was.ID, lease.ErrClosed, stamp(was.ClosedMs))
	}
	endMs, err := readSettledEnd(ctx, tx)
	if err != nil || endMs == 0 || reflect.DeepEqual(l, was) {
		return err
	}
	// One that was closed in the very moment of an hour's end is paid off with
	// the hour that begins.
	if stop := was.StopMs(); stop != 0 && (stop < endMs || stop == endMs && stop == was.EndMs) {
		return fmt.Errorf("lease %s: %w, and paid off: it ended at %s", was.ID, lease.ErrClosed, stamp(stop))
	}
	if at, ok := firstChange(l, was); ok && at < endMs {
		return tooLate(fmt.Sprintf("lease %s: a change as of %s", was.ID, stamp(at)), endMs)
	}
	return nil
}

// firstChange is the first moment at which l works otherwise than it did, of
// the changes that there can be.
func firstChange(l, was *lease.Lease) (ms int64, ok bool) {
	at := func(moment int64) {
		if !ok || moment < ms {
			ms, ok = moment, true
		}
	}
	if l.ClosedMs != was.ClosedMs {
		at(l.ClosedMs)
	}
	if l.EndMs != was.EndMs && l.EndMs != 0 {
		at(l.EndMs)
	}
	for i, p := range l.Pauses {
		switch {
		case i >= len(was.Pauses):
			at(p.FromMs)
		case p != was.Pauses[i]:
			at(p.ToMs)
		}
	}
	return ms, ok
}

// checkPrepaid refuses prepayments that come into an hour that is settled.
func checkPrepaid(ctx context.Context, tx *txn, events []lease.Event) error {
	for i := range events {
		e := &events[i]
		if e.Kind != lease.EventPrepaid {
			continue
		}
		endMs, err := readSettledEnd(ctx, tx)
		if err != nil {
			return err
		}
		if e.AtMs < endMs {
			return tooLate("prepayment for lease "+e.Lease+" at "+stamp(e.AtMs), endMs)
		}
	}
	return nil
}

// checkBasis refuses a settlement that follows from what has changed since.
func checkBasis(ctx context.Context, tx *txn, st *lease.Settlement) error {
	if st.Leases != 0 {
		var version int64
		if err := tx.QueryRowContext(ctx, "SELECT leases_version FROM node").Scan(&version); err != nil {
			return err
		}
		if version != st.Leases {
			return fmt.Errorf("settling hour %d: the leases %w", st.Hour, lease.ErrConflict)
		}
	}
	if len(st.Prepaid) == 0 {
		return nil
	}
	type line struct {
		lease string
		sat   int64
	}
	lines, err := collect(ctx, tx, func(row scanner) (l line, err error) {
		return l, row.Scan(&l.lease, &l.sat)
	}, "SELECT lease, -sum(sat) FROM balances WHERE account GLOB ? GROUP BY lease", lease.Liability+"*"+prepaid)
	if err != nil {
		return err
	}
	have := make(map[string]int64, len(lines))
	for _, l := range lines {
		have[l.lease] = l.sat
	}
	for id, sat := range st.Prepaid {
		if have[id] != sat {
			return fmt.Errorf("settling hour %d: what is prepaid for lease %.40s %w", st.Hour, id, lease.ErrConflict)
		}
	}
	return nil
}
