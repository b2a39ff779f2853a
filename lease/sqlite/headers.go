package sqlite

import (
	"context"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// PutHeaders implements lease.Store.
func (s *Store) PutHeaders(ctx context.Context, headers []lease.ChainHeader) error {
	for i := range headers {
		if h := &headers[i]; h.Raw.Hash() != h.Hash || h.Height < 0 {
			return fmt.Errorf("header at height %d: its hash is %v, not %v", h.Height, h.Raw.Hash(), h.Hash)
		}
	}
	if len(headers) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *txn) error {
		for i := range headers {
			h := &headers[i]
			_, err := tx.ExecContext(ctx, "INSERT INTO headers (hash, height, raw, seen_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
				h.Hash[:], h.Height, h.Raw[:], h.SeenMs)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

const selectHeader = "SELECT hash, height, raw, seen_ms FROM headers "

func scanHeader(row scanner) (h lease.ChainHeader, err error) {
	return h, row.Scan(fixed(h.Hash[:]), &h.Height, fixed(h.Raw[:]), &h.SeenMs)
}

// Headers implements lease.Store.
func (s *Store) Headers(ctx context.Context, from, to int64) ([]lease.ChainHeader, error) {
	headers, err := collect(ctx, s.reader, scanHeader, selectHeader+"WHERE height >= ? AND height < ? ORDER BY height, seen_ms, hash", from, to)
	return headers, s.explain(ctx, err)
}

// Header implements lease.Store.
func (s *Store) Header(ctx context.Context, hash miner.Hash) (lease.ChainHeader, error) {
	h, err := scanHeader(s.reader.QueryRowContext(ctx, selectHeader+"WHERE hash = ?", hash[:]))
	if err != nil {
		return lease.ChainHeader{}, s.explain(ctx, notFound(err, "header %v", hash))
	}
	return h, nil
}
