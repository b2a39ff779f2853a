package statement

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
)

// Tenant is the statements of all leases of a tenant in a period, and what they
// come to, signed.
type Tenant struct {
	Statement bundle.TenantStatement
	Note      []byte
	Leases    []*Issued // by ID
}

// LastLeaf is the last of the leaves of the statements.
func (t *Tenant) LastLeaf() int64 {
	var last int64
	for _, s := range t.Leases {
		last = max(last, s.Leaf)
	}
	return last
}

// IssueTenant issues the statements of all leases of a tenant of which there is
// something to state in the period, as Issue does, and sums them up. It fails
// with ErrNothing when there is none.
func IssueTenant(ctx context.Context, src Source, tenant string, fromMs, toMs int64) (*Tenant, error) {
	leases, err := src.Store.Leases(ctx)
	if err != nil {
		return nil, err
	}
	leases = slices.DeleteFunc(leases, func(l lease.Lease) bool { return l.Tenant != tenant })
	slices.SortFunc(leases, func(a, b lease.Lease) int { return cmp.Compare(a.ID, b.ID) })
	nothing := fmt.Errorf("statement of tenant %s: %w: it has no lease", tenant, ErrNothing)
	t := new(Tenant)
	var statements []*bundle.Statement
	var signed [][]byte
	for i := range leases {
		s, err := Issue(ctx, src, Request{Lease: leases[i].ID, FromMs: fromMs, ToMs: toMs})
		if errors.Is(err, ErrNothing) {
			nothing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		t.Leases = append(t.Leases, s)
		statements, signed = append(statements, &s.Statement), append(signed, s.Note)
	}
	if len(statements) == 0 {
		return nil, nothing
	}
	from, to := fromMs, int64(0)
	for _, s := range statements {
		if toMs == 0 && (from == 0 || s.Period.FromMs < from) {
			from = s.Period.FromMs
		}
		to = max(to, s.Period.ToMs)
	}
	sum, err := bundle.NewTenantStatement(from, to, statements, signed)
	if err != nil {
		return nil, err
	}
	t.Statement = *sum
	t.Note, err = sum.Sign(src.Signer)
	return t, err
}

// TenantBundle collects what proves the statements of a tenant's leases, as
// Bundle does for each.
func TenantBundle(ctx context.Context, src Source, t *Tenant, earlier []int64) (*bundle.Tenant, error) {
	all := &bundle.Tenant{Note: t.Note}
	for _, s := range t.Leases {
		b, err := Bundle(ctx, src, s, earlier)
		if err != nil {
			return nil, err
		}
		all.Leases = append(all.Leases, bundle.Folder{Lease: s.Lease, Bundle: b})
	}
	return all, nil
}
