package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/hashlease/hashlease/lease"
)

// addUpstream adds what a lease's pool said to the hour's and to the lease's
// sums.
func addUpstream(ctx context.Context, tx *txn, u lease.Upstream, hour int64) error {
	if err := u.Validate(); err != nil {
		return err
	}
	var known bool // one without a pool works for the house's
	err := tx.QueryRowContext(ctx, "SELECT true FROM leases WHERE id = ?", u.Lease).Scan(&known)
	if err != nil {
		return notFound(err, "lease %.40q", u.Lease)
	}
	sum, err := readUpstream(ctx, tx, "hour_upstream WHERE hour = ? AND lease = ?", hour, u.Lease)
	if err != nil {
		return err
	}
	sum.Add(u)
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO hour_upstream VALUES (?, ?, ?, ?, ?, ?, ?, ?)", append([]any{hour, u.Lease}, upstreamValues(sum)...)...)
	if err != nil {
		return err
	}
	if sum, err = readUpstream(ctx, tx, "upstream_totals WHERE lease = ?", u.Lease); err != nil {
		return err
	}
	sum.Add(u)
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO upstream_totals VALUES (?, ?, ?, ?, ?, ?, ?)", append([]any{u.Lease}, upstreamValues(sum)...)...)
	return err
}

// upstreamValues are the sums in the order of their columns.
func upstreamValues(u lease.Upstream) []any {
	return []any{int64(u.Sent), int64(u.Accepted), int64(u.Rejected), int64(u.Stale), workBlob(u.SentWork), workBlob(u.AcceptedWork)}
}

// readUpstream reads the sums of one row, zero where there is none. from names
// the table and the row.
func readUpstream(ctx context.Context, q querier, from string, args ...any) (lease.Upstream, error) {
	var u lease.Upstream
	err := q.QueryRowContext(ctx, "SELECT sent, accepted, rejected, stale, sent_work, accepted_work FROM "+from, args...).
		Scan(&u.Sent, &u.Accepted, &u.Rejected, &u.Stale, workScan{&u.SentWork}, workScan{&u.AcceptedWork})
	if errors.Is(err, sql.ErrNoRows) {
		return lease.Upstream{}, nil
	}
	return u, err
}
