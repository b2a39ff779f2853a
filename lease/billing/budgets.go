package billing

import (
	"context"

	"github.com/hashlease/hashlease/lease"
)

// Budgets is Budget of all leases, by ID.
func (b *Settler) Budgets(ctx context.Context) (map[string]lease.BudgetState, error) {
	w, err := b.load(ctx, "")
	if err != nil {
		return nil, err
	}
	budgets, err := w.budgets(ctx, 0)
	if err != nil {
		return nil, err
	}
	states := make(map[string]lease.BudgetState, len(budgets))
	for id, x := range budgets {
		states[id] = x.state
	}
	return states, nil
}

// Priced reports that the terms charge something for a lease of that model, so
// that it works on what is prepaid alone.
func Priced(l *lease.Lease, terms *lease.Terms) bool { return priced(l, terms) }
