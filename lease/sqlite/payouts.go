package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// AddPayout implements lease.Store.
func (s *Store) AddPayout(ctx context.Context, p lease.Payout, make func(id int64) ([]lease.Transaction, []lease.Event, error)) (lease.Payout, error) {
	if err := checkPayout(&p); err != nil {
		return lease.Payout{}, err
	}
	p.State, p.Height, p.Reason = lease.PayoutPrepared, 0, ""
	items, err := jsonList(p.Items)
	if err != nil {
		return lease.Payout{}, err
	}
	inputs, err := jsonList(p.Inputs)
	if err != nil {
		return lease.Payout{}, err
	}
	err = s.write(ctx, func(tx *txn) error {
		if p.Replaces != 0 {
			if _, err := readPayout(ctx, tx, p.Replaces); err != nil {
				return err
			}
		}
		r, err := tx.ExecContext(ctx, `INSERT INTO payouts (state, created_ms, items, txid, raw, fee_sat, inputs, height, reason, replaces)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, '', ?) ON CONFLICT (txid) DO NOTHING`,
			string(p.State), p.CreatedMs, items, p.Txid, p.Raw, p.FeeSat, inputs, sql.NullInt64{Int64: p.Replaces, Valid: p.Replaces != 0})
		if added, err := changed(r, err); err != nil {
			return err
		} else if !added {
			return fmt.Errorf("payout by transaction %.64s: %w", p.Txid, lease.ErrExists)
		}
		if p.ID, err = r.LastInsertId(); err != nil {
			return err
		}
		txs, events, err := make(p.ID)
		if err != nil {
			return err
		}
		return book(ctx, tx, txs, events)
	})
	if err != nil {
		return lease.Payout{}, err
	}
	return p, nil
}

// checkPayout checks what is to be stored of a payout by itself.
func checkPayout(p *lease.Payout) error {
	switch {
	case p.State != "" && p.State != lease.PayoutPrepared:
		return fmt.Errorf("a new payout cannot be %s: it is %s first", p.State, lease.PayoutPrepared)
	case p.Txid == "" || len(p.Raw) == 0 || len(p.Items) == 0:
		return fmt.Errorf("payout with %d items, transaction %.64q of %d bytes: want what is paid and the signed transaction", len(p.Items), p.Txid, len(p.Raw))
	case p.FeeSat < 0 || p.FeeSat > lease.MaxSat:
		return fmt.Errorf("payout with a fee of %d sat is not possible", p.FeeSat)
	}
	left := int64(lease.MaxSat)
	for _, item := range p.Items {
		if item.Sat <= 0 || item.Sat > left {
			return fmt.Errorf("payout of %d sat to %.40s is not possible", item.Sat, item.Tenant)
		}
		left -= item.Sat
	}
	return nil
}

// book posts transactions and appends events within tx.
func book(ctx context.Context, tx *txn, txs []lease.Transaction, events []lease.Event) error {
	if err := checkPrepaid(ctx, tx, events); err != nil {
		return err
	}
	for i := range txs {
		if err := post(ctx, tx, &txs[i]); err != nil {
			return err
		}
	}
	return putEvents(ctx, tx, events)
}

const selectPayout = "SELECT id, state, created_ms, items, txid, raw, fee_sat, inputs, height, reason, coalesce(replaces, 0) FROM payouts "

func scanPayout(row scanner) (lease.Payout, error) {
	var p lease.Payout
	err := row.Scan(&p.ID, (*string)(&p.State), &p.CreatedMs, jsonScan[lease.PayoutItem]{&p.Items}, &p.Txid, &p.Raw, &p.FeeSat,
		jsonScan[lease.Outpoint]{&p.Inputs}, &p.Height, &p.Reason, &p.Replaces)
	return p, err
}

func readPayout(ctx context.Context, q querier, id int64) (lease.Payout, error) {
	p, err := scanPayout(q.QueryRowContext(ctx, selectPayout+"WHERE id = ?", id))
	if err != nil {
		return lease.Payout{}, notFound(err, "payout %d", id)
	}
	return p, nil
}

// Payout implements lease.Store.
func (s *Store) Payout(ctx context.Context, id int64) (lease.Payout, error) {
	p, err := readPayout(ctx, s.reader, id)
	return p, s.explain(ctx, err)
}

// Payouts implements lease.Store.
func (s *Store) Payouts(ctx context.Context, states ...lease.PayoutState) ([]lease.Payout, error) {
	where, args := "", make([]any, len(states))
	for i, state := range states {
		args[i] = string(state)
	}
	if len(states) > 0 {
		where = "WHERE state IN (?" + strings.Repeat(", ?", len(states)-1) + ") "
	}
	all, err := collect(ctx, s.reader, scanPayout, selectPayout+where+"ORDER BY id", args...)
	return all, s.explain(ctx, err)
}

// MovePayout implements lease.Store.
func (s *Store) MovePayout(ctx context.Context, id int64, from, to lease.PayoutState, height int64, reason string, txs []lease.Transaction, events []lease.Event) error {
	switch to {
	case lease.PayoutPrepared, lease.PayoutSent, lease.PayoutConfirmed, lease.PayoutFailed:
	default:
		return fmt.Errorf("payout %d: %.40q is no state of a payout", id, to)
	}
	return s.write(ctx, func(tx *txn) error {
		moved, err := changed(tx.ExecContext(ctx, "UPDATE payouts SET state = ?, height = ?, reason = ? WHERE id = ? AND state = ?",
			string(to), height, reason, id, string(from)))
		if err != nil {
			return err
		}
		if !moved {
			p, err := readPayout(ctx, tx, id)
			if err != nil {
				return err
			}
			return fmt.Errorf("payout %d: %w, it is %s and not %s", id, lease.ErrConflict, p.State, from)
		}
		return book(ctx, tx, txs, events)
	})
}
