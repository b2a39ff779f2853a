package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

func runRigSet(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "rig set", "NAME [--hashrate RATE] [--power-j-th JOULES] [--note TEXT] [--json]",
		"Changes what is known of a rig: what its maker says, and the note. A hosted lease is\n"+
			"charged by the maker's word, so it stays while the rig is in one.")
	rate := f.String("hashrate", "", "what the maker says: the hash `RATE`, such as 100TH")
	power := f.String("power-j-th", "", "what the maker says: the energy in `JOULES` per terahash, such as 17.5")
	note := f.String("note", "", "a `TEXT` for yourself, such as where it stands; empty for none")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if !f.given("hashrate") && !f.given("power-j-th") && !f.given("note") {
		return f.usage("nothing to change: --hashrate, --power-j-th or --note?")
	}
	var with lease.Rig
	if f.given("hashrate") {
		if with.RatedHps, err = parseRate(*rate); err != nil {
			return err
		}
	}
	if f.given("power-j-th") {
		if with.RatedMilliJTH, err = parseMilli(*power); err != nil {
			return usage("--power-j-th: %w", err)
		}
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if f.given("hashrate") || f.given("power-j-th") {
		if err := p.checkUnhosted(ctx, e, pos[0], "wait until it is over"); err != nil {
			return err
		}
	}
	r, err := p.changeRig(ctx, pos[0], func(r *lease.Rig) error {
		if f.given("hashrate") {
			r.RatedHps = with.RatedHps
		}
		if f.given("power-j-th") {
			r.RatedMilliJTH = with.RatedMilliJTH
		}
		if f.given("note") {
			r.Note = *note
		}
		if err := r.Validate(); err != nil {
			return usage("%w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, newRigDoc(&r))
	}
	_, err = fmt.Fprintf(e.stdout, "rig %s is changed\n", r.Name)
	return err
}

// checkUnhosted refuses a rig that a hosted lease has which is not over.
func (p *provider) checkUnhosted(ctx context.Context, e *env, name, instead string) error {
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return err
	}
	atMs, err := p.changeMs(ctx, e)
	if err != nil {
		return err
	}
	for i := range leases {
		l := &leases[i]
		if s := l.StateAt(atMs); s != lease.Closed && s != lease.Ended && slices.Contains(l.Rigs, name) {
			return withHint(fmt.Errorf("rig %s is hosted by lease %s until %s", name, l.ID, endOrClose(l)),
				"close the lease first (\"hashlease lease close %s\"), or %s", l.ID, instead)
		}
	}
	return nil
}

func endOrClose(l *lease.Lease) string {
	if l.EndMs == 0 {
		return "it is closed"
	}
	return formatMs(l.EndMs)
}
