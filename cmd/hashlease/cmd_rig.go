package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

func runRigAdd(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "rig add", "NAME [--tenant TENANT] [flags]",
		"Adds a machine that may log in at the node's Stratum server, and prints what to\n"+
			"enter there. The password is made here and shown only now; the directory keeps\n"+
			"its hash. A running node lets the rig in at once.")
	tenant := f.String("tenant", "", "the `TENANT` who owns the machine (default: it is the house's own)")
	rate := f.String("hashrate", "", "what the maker says: the hash `RATE`, such as 100TH")
	power := f.String("power-j-th", "", "what the maker says: the energy in `JOULES` per terahash, such as 17.5")
	note := f.String("note", "", "a `TEXT` for yourself, such as where it stands")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	r := lease.Rig{Name: pos[0], Tenant: *tenant, CreatedMs: e.nowMs(), Note: *note}
	if r.Tenant == lease.House {
		r.Tenant = ""
	}
	if *rate != "" {
		if r.RatedHps, err = parseRate(*rate); err != nil {
			return err
		}
	}
	if *power != "" {
		if r.RatedMilliJTH, err = parseMilli(*power); err != nil {
			return usage("--power-j-th: %w", err)
		}
	}
	token, err := newToken(&r)
	if err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return usage("%w", err)
	}
	p, cfg, err := f.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.close()
	switch err := p.store.AddRig(ctx, r); {
	case errors.Is(err, lease.ErrNotFound):
		return noTenant(r.Tenant)
	case errors.Is(err, lease.ErrExists):
		return p.rigExists(ctx, err, r.Name)
	case err != nil:
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, newRigDoc(&r).withToken(token))
	}
	fmt.Fprintf(e.stdout, "rig %s added for %s\n", r.Name, r.Owner())
	return printAccess(e.stdout, &cfg.Stratum, &r, token)
}

// newToken gives the rig the hash of a fresh token, which it returns.
func newToken(r *lease.Rig) (token string, err error) {
	token = rand.Text()
	var salt [len(r.Token.Salt)]byte
	rand.Read(salt[:])
	r.Token, err = lease.NewTokenHash(salt, token)
	return token, err
}

// rigExists says why a name is taken.
func (p *provider) rigExists(ctx context.Context, err error, name string) error {
	r, findErr := p.store.Rig(ctx, name)
	if findErr != nil {
		return findErr
	}
	if r.State() == lease.RigRemoved {
		return withHint(err, "it was removed at %s, but its receipts carry the name: choose another", formatMs(r.RemovedMs))
	}
	return withHint(err, "\"hashlease rig token %s\" gives it a new password", name)
}

func runRigToken(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "rig token", "NAME [--json]",
		"Gives a rig a new password, shown only now. The old one stops: whoever is logged\n"+
			"in with it is sent away by a running node.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	var token string
	r, err := p.changeRig(ctx, pos[0], func(r *lease.Rig) (err error) {
		token, err = newToken(r)
		return err
	})
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, newRigDoc(&r).withToken(token))
	}
	fmt.Fprintf(e.stdout, "rig %s has a new password, the old one is of no use any more\n", r.Name)
	return printAccess(e.stdout, &cfg.Stratum, &r, token)
}

func runRigDisable(ctx context.Context, e *env, args []string) error {
	return switchRig(ctx, e, "disable", "Keeps a rig out until it is enabled again. A running node sends it away.", args,
		func(r *lease.Rig) {
			if r.DisabledMs == 0 {
				r.DisabledMs = e.nowMs()
			}
		})
}

func runRigEnable(ctx context.Context, e *env, args []string) error {
	return switchRig(ctx, e, "enable", "Lets a rig that was disabled in again.", args,
		func(r *lease.Rig) { r.DisabledMs = 0 })
}

func runRigRemove(ctx context.Context, e *env, args []string) error {
	return switchRig(ctx, e, "remove",
		"Removes a rig for good. What it delivered stays, and so its name cannot be given\n"+
			"to another machine. To keep a rig out for a while, disable it.", args,
		func(r *lease.Rig) { r.RemovedMs = e.nowMs() },
		func(p *provider, name string) error {
			return p.checkUnhosted(ctx, e, name, "keep the machine out for a while with \"hashlease rig disable\"")
		})
}

// switchRig is the command that changes a rig's state, if the checks allow it.
func switchRig(ctx context.Context, e *env, verb, about string, args []string, change func(*lease.Rig), checks ...func(p *provider, name string) error) error {
	f := newDataFlags(e, "rig "+verb, "NAME [--json]", about)
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	for _, check := range checks {
		if err := check(p, pos[0]); err != nil {
			return err
		}
	}
	r, err := p.changeRig(ctx, pos[0], func(r *lease.Rig) error {
		change(r)
		return nil
	})
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, newRigDoc(&r))
	}
	_, err = fmt.Fprintf(e.stdout, "rig %s is %s\n", r.Name, r.State())
	return err
}

// changeRig changes a rig, or says why that cannot be.
func (p *provider) changeRig(ctx context.Context, name string, change func(*lease.Rig) error) (lease.Rig, error) {
	old, err := p.findRig(ctx, name)
	if err != nil {
		return old, err
	}
	r, err := p.store.ChangeRig(ctx, name, change)
	if errors.Is(err, lease.ErrClosed) {
		return r, withHint(fmt.Errorf("rig %s was removed at %s", name, formatMs(old.RemovedMs)),
			"that is for good: add the machine again under another name")
	}
	return r, err
}

// findRig returns a rig; an unknown name is an error of usage that says what
// there is.
func (p *provider) findRig(ctx context.Context, name string) (lease.Rig, error) {
	return findNamed(ctx, "rig", name, p.store.Rig, p.store.Rigs, func(r *lease.Rig) string { return r.Name },
		`"hashlease rig list" lists them, "hashlease rig add NAME" adds one`)
}

// parseMilli reads a positive number such as 17.5 in thousandths, exactly.
func parseMilli(text string) (uint64, error) {
	whole, frac, dot := strings.Cut(strings.TrimSpace(text), ".")
	frac = strings.TrimRight(frac, "0")
	if whole == "" || !digits(whole) || !digits(frac) || dot && strings.HasSuffix(text, ".") {
		return 0, fmt.Errorf("%.40q: want a number such as 17.5", text)
	}
	if len(frac) > 3 {
		return 0, fmt.Errorf("%.40q has more than three decimals", text)
	}
	n, err := strconv.ParseUint(whole+frac+strings.Repeat("0", 3-len(frac)), 10, 64)
	if err != nil || n > math.MaxInt64 {
		return 0, fmt.Errorf("%.40q is too large", text)
	}
	if n == 0 {
		return 0, fmt.Errorf("%.40q is zero: leave it out when you do not know it", text)
	}
	return n, nil
}
