package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// SettledHour implements lease.Store.
func (s *Store) SettledHour(ctx context.Context) (int64, error) {
	var hour int64
	err := s.reader.QueryRowContext(ctx, "SELECT settled_hour FROM node").Scan(&hour)
	return hour, s.explain(ctx, err)
}

// Settle implements lease.Store.
func (s *Store) Settle(ctx context.Context, st lease.Settlement) error {
	return s.write(ctx, func(tx *txn) error {
		var last int64
		if err := tx.QueryRowContext(ctx, "SELECT settled_hour FROM node").Scan(&last); err != nil {
			return err
		}
		if st.Prev != last || st.Hour <= last {
			return fmt.Errorf("settling hour %d after %d: %w, the last settled is %d", st.Hour, st.Prev, lease.ErrConflict, last)
		}
		if err := checkBasis(ctx, tx, &st); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE node SET settled_hour = ?", st.Hour); err != nil {
			return err
		}
		for i := range st.Hours {
			if err := putSettledHour(ctx, tx, &st.Hours[i], st.Hour); err != nil {
				return err
			}
		}
		if err := logPlacements(ctx, tx, st.Prev, st.Hour); err != nil {
			return err
		}
		for id, state := range st.States {
			if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO settled_states VALUES (?, ?)", id, append([]byte{}, state...)); err != nil {
				return err
			}
		}
		for i := range st.Txs {
			if err := post(ctx, tx, &st.Txs[i]); err != nil {
				return err
			}
		}
		for _, c := range st.Pauses {
			if err := pause(ctx, tx, c); err != nil {
				return err
			}
		}
		return putEvents(ctx, tx, st.Events)
	})
}

func putSettledHour(ctx context.Context, tx *txn, h *lease.SettledHour, hour int64) error {
	if h.Hour != hour {
		return fmt.Errorf("settling hour %d: hour %d of lease %.40s is not of it", hour, h.Hour, h.Lease)
	}
	added, err := changed(tx.ExecContext(ctx, "INSERT INTO settled_hours VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		h.Hour, h.Lease, h.OwedMs, h.ExcludedMs, h.RunningMs, workBlob(h.Contracted.Work()), workBlob(h.Counted.Work()), workBlob(h.Proven.Work()),
		h.Receipts, workBlob(h.Billable.Work()), workBlob(h.Upper.Work()), string(h.Window), h.DueSat, h.ChargedSat, h.EarnedSat))
	if err == nil && !added {
		return fmt.Errorf("settling hour %d: lease %.40s twice: %w", hour, h.Lease, lease.ErrExists)
	}
	if err != nil {
		return err
	}
	return logHour(ctx, tx, h)
}

// pause begins or ends a pause, unless the lease is over or it is so already.
func pause(ctx context.Context, tx *txn, c lease.LeaseChange) error {
	was, err := readLease(ctx, tx, c.Lease)
	if err != nil {
		return err
	}
	l := cloneLease(&was)
	if c.Resume {
		err = l.Resume(c.By, c.AtMs)
	} else {
		err = l.Pause(c.By, c.AtMs)
	}
	if errors.Is(err, lease.ErrClosed) || errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := checkPauses(&l, was.Pauses); err != nil {
		return err
	}
	return updateLease(ctx, tx, &l, &was)
}

// SettledStates implements lease.Store.
func (s *Store) SettledStates(ctx context.Context) (map[string][]byte, error) {
	type line struct {
		lease string
		state []byte
	}
	lines, err := collect(ctx, s.reader, func(row scanner) (l line, err error) {
		return l, row.Scan(&l.lease, &l.state)
	}, "SELECT lease, state FROM settled_states")
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	states := make(map[string][]byte, len(lines))
	for _, l := range lines {
		states[l.lease] = l.state
	}
	return states, nil
}
