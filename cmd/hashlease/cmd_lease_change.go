package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// changeLease is the part that the commands have in common which change a
// lease: change is called with the lease and the moment of the change, tell
// when it is done, and more adds to the document of --json.
func (f *dataFlags) changeLease(ctx context.Context, id string, change func(p *provider, cfg *config, l *lease.Lease, atMs int64) (lease.Lease, error),
	tell func(l *lease.Lease) error, more ...func(*leaseDoc)) error {
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	l, err := p.findLease(ctx, id)
	if err != nil {
		return err
	}
	atMs, err := p.changeMs(ctx, f.e)
	if err != nil {
		return err
	}
	if l, err = change(p, &cfg, &l, atMs); err != nil {
		return p.explainChange(ctx, id, err, atMs)
	}
	if *f.json {
		doc, err := p.leaseDoc(ctx, &l, f.e.now())
		if err != nil {
			return err
		}
		for _, add := range more {
			add(&doc)
		}
		return writeJSON(f.e.stdout, doc)
	}
	return tell(&l)
}

// explainChange adds to an error about a lease what may be done instead.
func (p *provider) explainChange(ctx context.Context, id string, err error, atMs int64) error {
	var c *coded
	if errors.As(err, &c) && c.hint != "" {
		return err
	}
	if errors.Is(err, lease.ErrClosed) {
		return withHint(err, "what is over stays as it is: make another lease with \"hashlease lease add\"")
	}
	l, findErr := p.store.Lease(ctx, id)
	if findErr != nil {
		return err
	}
	by := l.PausedAt(atMs)
	switch {
	case errors.Is(err, lease.ErrNotFound) && len(by) == 0:
		return withHint(err, "nobody pauses it")
	case errors.Is(err, lease.ErrNotFound) && by[0] == lease.PauseBudget:
		return withHint(err, "it stopped for want of budget: it goes on once something is prepaid (\"hashlease lease prepay %s AMOUNT --ref REF\")", id)
	case errors.Is(err, lease.ErrNotFound) && by[0] == lease.PauseTenant:
		return withHint(err, "the tenant stopped it, and starts it by an order; \"--for tenant\" does so at the tenant's wish")
	case errors.Is(err, lease.ErrExists) && len(by) > 0:
		return withHint(err, "\"hashlease lease resume %s\" lets it go on", id)
	}
	return err
}

// pauseFlags say who wants a lease to stop or go on.
type pauseFlags struct {
	who, reason *string
}

func newPauseFlags(f *dataFlags) pauseFlags {
	return pauseFlags{
		who:    f.String("for", string(lease.PauseProvider), "`WHO` wants it: provider or tenant"),
		reason: f.String("reason", "", "a `TEXT` that is kept with the event"),
	}
}

// by reads who it is, and the event's body.
func (x *pauseFlags) by(f *dataFlags) (lease.LeasePaused, error) {
	body := lease.LeasePaused{By: lease.PauseBy(*x.who), Reason: *x.reason}
	switch {
	case body.By != lease.PauseProvider && body.By != lease.PauseTenant:
		return body, f.usage("--for %.30q: want provider or tenant", *x.who)
	case len(body.Reason) > maxReason:
		return body, f.usage("--reason of %d bytes: at most %d", len(body.Reason), maxReason)
	}
	if err := checkLine("--reason", body.Reason); err != nil {
		return body, err
	}
	if body.By == lease.PauseTenant && body.Reason == "" {
		body.Reason = "as the tenant wished, by the provider's word"
	}
	return body, nil
}

func runLeasePause(ctx context.Context, e *env, args []string) error {
	return switchLease(ctx, e, "pause", "Stops a lease until it is resumed. Paused by the provider, its hash rate is owed and\n"+
		"missed all the same; at the tenant's wish (--for tenant) it is neither owed nor\n"+
		"charged. A running node stops within a second.", args)
}

func runLeaseResume(ctx context.Context, e *env, args []string) error {
	return switchLease(ctx, e, "resume", "Lets a lease go on that was paused. Each pause is ended by who began it.", args)
}

// switchLease is the command that pauses or resumes a lease.
func switchLease(ctx context.Context, e *env, verb, about string, args []string) error {
	f := newDataFlags(e, "lease "+verb, "LEASE [--for provider|tenant] [--reason TEXT] [--json]", about)
	who := newPauseFlags(f)
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	body, err := who.by(f)
	if err != nil {
		return err
	}
	kind, do := lease.EventLeasePaused, (*lease.Lease).Pause
	if verb == "resume" {
		kind, do = lease.EventLeaseResumed, (*lease.Lease).Resume
	}
	return f.changeLease(ctx, pos[0], func(p *provider, _ *config, l *lease.Lease, atMs int64) (lease.Lease, error) {
		return p.store.ChangeLease(ctx, l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
			if err := do(l, body.By, atMs); err != nil {
				return nil, err
			}
			e, err := lease.NewEvent(kind, atMs, "", body)
			return []lease.Event{e.Of(l)}, err
		})
	}, func(l *lease.Lease) error {
		state := string(l.StateAt(e.nowMs()))
		if by := l.PausedAt(e.nowMs()); len(by) > 0 {
			state = "paused by " + joinBy(by)
		}
		_, err := fmt.Fprintf(e.stdout, "lease %s is %s\n", l.ID, state)
		return err
	})
}

func joinBy(by []lease.PauseBy) string {
	text := ""
	for i, b := range by {
		if i > 0 {
			text += " and "
		}
		text += string(b)
	}
	return text
}

func runLeaseExtend(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease extend", "LEASE --end TIME | --for DURATION [--json]",
		"Makes the term of a lease longer, if the node has room for it in that time.")
	end := f.String("end", "", "the new end: a `TIME` such as 2026-12-01T08:00:00Z or +30d from now, or open")
	term := f.String("for", "", "how much longer than it runs now, a `DURATION` such as 12h or 30d")
	pos, err := f.parse(args, 1, 1)
	switch {
	case err != nil:
		return err
	case *end == "" && *term == "":
		return f.usage("--end or --for is missing: until when?")
	case *end != "" && *term != "":
		return f.usage("--end and --for exclude each other")
	}
	var endMs, moreMs int64
	switch {
	case *end == "open":
	case *end != "":
		t, err := parseTime(*end, e.now())
		if err != nil {
			return err
		}
		endMs = t.UnixMilli()
	default:
		d, err := parseDuration(*term)
		if err == nil && d <= 0 {
			err = usage("--for %s: want a duration above zero, such as 12h or 30d", *term)
		}
		if err != nil {
			return err
		}
		moreMs = d.Milliseconds()
	}
	return f.changeLease(ctx, pos[0], func(p *provider, cfg *config, l *lease.Lease, atMs int64) (lease.Lease, error) {
		limit, err := p.leaseLimit(ctx, e, cfg)
		if err != nil {
			return *l, err
		}
		was := *l
		changed, err := p.store.ChangeLease(ctx, l.ID, limit.LimitHps, func(l *lease.Lease) ([]lease.Event, error) {
			return l.Extend(endMs, moreMs, limit.LimitHps, atMs)
		})
		if errors.Is(err, lease.ErrOversold) {
			was.StartMs, was.EndMs = was.EndMs, endMs
			if moreMs != 0 {
				was.EndMs = was.StartMs + moreMs
			}
			return changed, p.oversold(ctx, was, limit)
		}
		return changed, err
	}, func(l *lease.Lease) error {
		until := "until it is closed"
		if l.EndMs != 0 {
			until = "to " + formatMs(l.EndMs)
		}
		_, err := fmt.Fprintf(e.stdout, "lease %s runs %s\n", l.ID, until)
		return err
	})
}

func runLeasePool(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease pool", "LEASE --pool URL --pool-user USER [flags]",
		"Sends the work of a lease that has a pool of its own to another one. What was found\n"+
			"for the old pool still counts for the lease.")
	flags := newPoolFlags(f.flags)
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	pool, err := flags.pool()
	switch {
	case err != nil:
		return err
	case pool == nil:
		return f.usage("--pool is missing: where does the work go?")
	}
	return f.changeLease(ctx, pos[0], func(p *provider, cfg *config, l *lease.Lease, atMs int64) (lease.Lease, error) {
		if err := cfg.Pools.check(pool); err != nil {
			return *l, err
		}
		return p.store.ChangeLease(ctx, l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
			e, err := l.Repoint(*pool, atMs, "")
			return []lease.Event{e}, err
		})
	}, func(l *lease.Lease) error {
		return newPoolDoc(l.Pool, lease.Upstream{}).announce(e.stdout)
	})
}

// findLease returns a lease; an unknown ID is an error of usage that says
// which there are.
func (p *provider) findLease(ctx context.Context, id string) (lease.Lease, error) {
	return findNamed(ctx, "lease", id, p.store.Lease, p.store.Leases, func(l *lease.Lease) string { return l.ID },
		`"hashlease lease list" lists them`)
}
