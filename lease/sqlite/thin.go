package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// errProofSize says that a proof is none.
var errProofSize = errors.New("a proof is hashes of 32 bytes")

// Thin implements lease.Store.
func (s *Store) Thin(ctx context.Context, id string, number int64, kept, proof []byte) error {
	if len(proof)%32 != 0 || len(kept) == 0 && len(proof) > 0 {
		return fmt.Errorf("thinning batch %d of lease %.40q: %w", number, id, errProofSize)
	}
	return s.write(ctx, func(tx *txn) error {
		p := packed{lease: id, number: number}
		err := tx.QueryRowContext(ctx, "SELECT leaf, thinned, packed FROM sealed_batches WHERE lease = ? AND number = ?", id, number).
			Scan(&p.leaf, &p.thinned, &p.b)
		if err != nil {
			return notFound(err, "batch %d of lease %.40q", number, id)
		}
		same, err := p.checkKept(kept)
		if err != nil || same {
			return err
		}
		if kept == nil {
			kept = []byte{}
		}
		if proof == nil {
			proof = []byte{}
		}
		_, err = tx.ExecContext(ctx, "UPDATE sealed_batches SET packed = ?, thinned = 1, thin_proof = ? WHERE leaf = ?", kept, proof, p.leaf)
		return err
	})
}

// checkKept wants what is to be kept of a batch to be its first receipts, and
// reports whether these are all that there are.
func (p *packed) checkKept(kept []byte) (same bool, err error) {
	if len(kept) == 0 || string(kept) == string(p.b) {
		return p.thinned && len(kept) == len(p.b), nil
	}
	conflict := fmt.Errorf("batch %d of lease %s: %w, those to be kept are not its first receipts", p.number, p.lease, lease.ErrConflict)
	if len(p.b) == 0 {
		return false, conflict
	}
	all, err := p.unpack()
	if err != nil {
		return false, err
	}
	first, err := lease.UnpackReceipts(p.lease, kept)
	if err != nil {
		return false, err
	}
	if len(first) > len(all) {
		return false, conflict
	}
	for i := range first {
		if !equalReceipts(&first[i], &all[i]) {
			return false, conflict
		}
	}
	return false, nil
}
