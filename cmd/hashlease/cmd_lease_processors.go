package main

import (
	"context"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// leaveProcessors refuses a lease with which, at some moment of its term, each
// of the node's processors would be one tenant's alone, and a lease of a rate
// at large would have nothing to run on. Their rates may fit all the same:
// what a processor was measured at when it was let is not what it makes now.
func (p *provider) leaveProcessors(ctx context.Context, l *lease.Lease, node []int) error {
	others, err := p.store.Leases(ctx)
	if err != nil {
		return err
	}
	rigs, err := p.store.Rigs(ctx)
	if err != nil {
		return err
	}
	all := append(slices.Clone(others), *l)
	for i := range all {
		// Only where a lease begins there is less room than before.
		at := all[i].StartMs
		if at < l.StartMs {
			continue
		}
		if state := l.StateAt(at); state != lease.Active && state != lease.Paused {
			continue
		}
		if o := stranded(all, rigs, node, at); o != nil {
			who := "lease " + o.ID
			if o.ID == "" {
				who = "this lease"
			}
			return withHint(usage("at %s each of the node's processors would be one tenant's alone, and %s would have none to run on", formatMs(at), who),
				"leave one out, add a rig of the house, or close a lease (%q lists them)", "hashlease lease list")
		}
	}
	return nil
}

// stranded finds a lease of a rate at large that neither a processor nor a rig
// could work for at a moment, nil where there is none.
func stranded(leases []lease.Lease, rigs []lease.Rig, node []int, atMs int64) *lease.Lease {
	taken := make(map[int]bool)
	var large []*lease.Lease
	for i := range leases {
		l := &leases[i]
		if state := l.StateAt(atMs); state != lease.Active && state != lease.Paused {
			continue
		}
		if l.Model == lease.Leased {
			large = append(large, l)
		}
		for _, n := range l.Cores {
			taken[n] = true
		}
	}
	if slices.ContainsFunc(node, func(n int) bool { return !taken[n] }) {
		return nil
	}
	for _, l := range large {
		if !slices.ContainsFunc(rigs, func(r lease.Rig) bool {
			return r.State() != lease.RigRemoved && (r.Tenant == "" || r.Tenant == l.Tenant)
		}) {
			return l
		}
	}
	return nil
}
