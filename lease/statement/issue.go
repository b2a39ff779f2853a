package statement

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// put signs and stores the statement, unless the last one of its period says the
// same.
func (b *builder) put() (*Issued, error) {
	all, err := b.Store.Statements(b.ctx, b.lease.ID)
	if err != nil {
		return nil, fmt.Errorf("former statements: %w", err)
	}
	var former *lease.IssuedStatement
	for i := range all {
		if all[i].FromMs == b.from && all[i].ToMs == b.to {
			former = &all[i]
		}
	}
	b.st.Number = 1
	if former != nil {
		was, err := Open(former)
		if err != nil {
			return nil, err
		}
		b.st.Number, b.st.Supersedes = was.Number, was.Supersedes
		same, err := equal(&b.st, was)
		if err != nil {
			return nil, err
		}
		if same {
			return &Issued{IssuedStatement: *former, Statement: *was, Again: true}, nil
		}
		hash := receipt.B32(former.Hash)
		b.st.Number, b.st.Supersedes = former.Number+1, &hash
	}
	signed, err := b.st.Sign(b.Signer)
	if err != nil {
		return nil, err
	}
	stored, err := b.Store.PutStatement(b.ctx, lease.IssuedStatement{
		Lease: b.lease.ID, FromMs: b.from, ToMs: b.to, Number: b.st.Number, Hash: bundle.StatementHash(signed), Note: signed,
	})
	if err != nil {
		return nil, err
	}
	if b.until == 0 {
		f := lease.LeafFilter{Kinds: []string{string(translog.KindLease)}, Ref: b.lease.ID, From: b.version + 1, To: stored.Leaf}
		for _, err := range b.Store.Leaves(b.ctx, f) {
			if err == nil {
				err = errChanged // the contract, just before the statement came into the log
			}
			return nil, err
		}
	}
	return &Issued{IssuedStatement: stored, Statement: b.st}, nil
}

// Open reads a statement as the Store keeps it. It fails with ErrMismatch for a
// note that is not the one in the log.
func Open(s *lease.IssuedStatement) (*bundle.Statement, error) {
	if bundle.StatementHash(s.Note) != s.Hash {
		return nil, fmt.Errorf("statement %d of lease %s, leaf %d: %w: its note is damaged in the store, bring the database back from a copy", s.Number, s.Lease, s.Leaf, ErrMismatch)
	}
	st, err := bundle.OpenStatement(s.Note)
	if st == nil {
		return nil, fmt.Errorf("statement %d of lease %s, leaf %d: %w", s.Number, s.Lease, s.Leaf, err)
	}
	return st, nil
}

// equal compares what two statements say.
func equal(a, b *bundle.Statement) (bool, error) {
	x, err := a.Encode()
	if err != nil {
		return false, err
	}
	y, err := b.Encode()
	return string(x) == string(y), err
}
