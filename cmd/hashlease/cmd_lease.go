package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
)

func runLeaseAdd(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease add", "--tenant NAME --rate RATE | --rig NAME | --core N [flags]",
		"Leases hash rate to a tenant. A running node sees it within a second. What it\n"+
			"costs, the terms say (\"hashlease terms show\"); where they have a price, nothing is\n"+
			"hashed before something is prepaid (\"hashlease lease prepay\").")
	tenant := f.String("tenant", "", "the tenant's `NAME`")
	rate := f.String("rate", "", "the contracted `RATE`, such as 5MH or 1.5GH/s; of model leased")
	start := f.String("start", "", "when it starts: a `TIME` such as 2026-12-01 or 2026-12-01T08:00:00Z, or +2h (default now)")
	end := f.String("end", "", "when it ends: a `TIME`, or +30d (default: when it is closed)")
	term := f.String("for", "", "how long it runs, a `DURATION` such as 12h or 30d, instead of --end")
	proof := f.Duration("proof-interval", lease.DefaultProofMs*time.Millisecond, "the `TIME` of contracted hashing per expected receipt")
	nonce := f.String("nonce", "", "16 bytes chosen by the tenant, in `HEX` (default random)")
	model := newModelFlags(f)
	terms := f.String("terms", "", "the version of the terms, the beginning of its `HASH` (default the newest)")
	pool := newPoolFlags(f.flags)
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	l := lease.Lease{Tenant: *tenant, ProofMs: proof.Milliseconds()}
	switch {
	case *tenant == "":
		return f.usage("--tenant is missing: whose lease is it?")
	case *end != "" && *term != "":
		return f.usage("--end and --for exclude each other")
	}
	err := model.read(&l, *rate)
	if err != nil {
		return err
	}
	if *nonce != "" {
		b, err := hex.DecodeString(*nonce)
		if err != nil || len(b) != len(l.Nonce) {
			return usage("nonce %.40q: want %d hexadecimal digits", *nonce, 2*len(l.Nonce))
		}
		l.Nonce = [16]byte(b)
		if l.Nonce == [16]byte{} {
			return usage("a nonce of zeros only is no nonce")
		}
	}
	now := e.now()
	if l.StartMs, l.EndMs, err = leaseTerm(now, *start, *end, *term); err != nil {
		return err
	}
	if err := l.Validate(); err != nil { // before anything is made
		return usage("%w", err)
	}
	if l.Pool, err = pool.pool(); err != nil {
		return err
	}
	cfg, err := f.load()
	if err != nil {
		return err
	}
	if err := cfg.Pools.check(l.Pool); err != nil {
		return err
	}

	p, err := openProvider(ctx, cfg.Node.Data, true)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.beginNoEarlier(ctx, &l, *start, *term); err != nil {
		return err
	}
	if l.Terms, err = p.newestTerms(ctx, e, &cfg); err != nil {
		return err
	}
	if *terms != "" {
		if l.Terms, err = p.findTerms(ctx, *terms); err != nil {
			return err
		}
	}
	limit, err := p.leaseLimit(ctx, f.e, &cfg)
	if err != nil {
		return err
	}
	if err := p.contract(ctx, &cfg, &l); err != nil {
		return err
	}
	if l, err = p.admit(ctx, &cfg, l, limit, e.nowMs()); err != nil {
		return err
	}
	doc := newLeaseDoc(&l, lease.Upstream{}, now)
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	until := "until it is closed"
	if l.EndMs != 0 {
		until = "to " + formatMs(l.EndMs)
	}
	fmt.Fprintf(e.stdout, "lease %s: %s for %s, from %s %s\n",
		l.ID, formatRate(l.ContractedHps), l.Tenant, formatMs(l.StartMs), until)
	if own := doc.own(); own != "" {
		fmt.Fprintf(e.stdout, "for it alone: %s\n", own)
	}
	if doc.Pool != nil {
		if err := doc.Pool.announce(e.stdout); err != nil {
			return err
		}
	}
	return p.announcePrice(ctx, e.stdout, &l)
}

// beginNoEarlier keeps a lease from beginning before the node's last heartbeat,
// as it would with a clock that was set back: what was settled stays.
func (p *provider) beginNoEarlier(ctx context.Context, l *lease.Lease, start, term string) error {
	heartbeat, err := p.store.Heartbeat(ctx)
	behind := heartbeat - l.StartMs
	switch {
	case err != nil || behind <= 0:
		return err
	case start != "" && behind > time.Minute.Milliseconds():
		return withHint(usage("--start %s: the node ran at %s already", start, formatMs(heartbeat)), "set the clock right, or name a later time")
	}
	l.StartMs = heartbeat
	if term != "" {
		l.EndMs += behind
	}
	return nil
}

// leaseTerm reads start and end of a lease, in Unix milliseconds.
func leaseTerm(now time.Time, start, end, term string) (startMs, endMs int64, err error) {
	from := now
	if start != "" {
		if from, err = parseTime(start, now); err != nil {
			return 0, 0, err
		}
		if from.Before(now.Add(-time.Minute)) {
			return 0, 0, usage("--start %s is in the past: no work was done for the lease then", start)
		}
	}
	startMs = from.UnixMilli()
	switch {
	case end != "":
		to, err := parseTime(end, now)
		return startMs, to.UnixMilli(), err
	case term != "":
		d, err := parseDuration(term)
		if err == nil && d <= 0 {
			err = usage("--for %s: a lease runs for some time", term)
		}
		return startMs, from.Add(d).UnixMilli(), err
	}
	return startMs, 0, nil
}

// parseTime reads a date, a moment of RFC 3339, or +DURATION from now.
func parseTime(s string, now time.Time) (time.Time, error) {
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		d, err := parseDuration(rest)
		return now.Add(d), err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("time %q: want 2026-12-01, 2026-12-01T08:00:00Z or +2h", s)
}

// parseDuration is time.ParseDuration with days.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		switch n, err := strconv.ParseUint(days, 10, 16); {
		case err == nil:
			return time.Duration(n) * 24 * time.Hour, nil
		case errors.Is(err, strconv.ErrRange):
			return 0, usage("duration %.40q is longer than 65535d", s)
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, usage("duration %q: want a number with a unit, such as 90m, 12h or 30d", s)
	}
	return d, nil
}
