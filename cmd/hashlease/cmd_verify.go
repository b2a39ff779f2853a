package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/translog"
)

// maxSince bounds a file with a checkpoint, in bytes.
const maxSince = translog.MaxCheckpoint

func runVerify(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "verify", "BUNDLE [--key KEY] [--tenant-key HEX] [--witness KEY] [--since FILE] [--coin-rpc URL] [--pool-work WORK] [--strict] [--json]",
		"Checks a bundle offline: re-hashes every receipt, recomputes every figure, and finds all\n"+
			"of it in the provider's log. The exit code is 0 only if all checks hold, and 3 if one does\n"+
			"not. What you know from elsewhere makes the check stronger: who the provider is, what its\n"+
			"log was when you last looked, who else has seen it, and what is on the coin's chain.\n"+
			"No share can prove whose account a foreign pool credits: for a lease that works for\n"+
			"one, give what the pool itself shows you for the period, and it is compared.")
	var witnesses list
	key := f.String("key", "", "the provider's public `KEY`, known from elsewhere: 64 hexadecimal digits or NAME+HASH+KEY")
	tenantKey := f.String("tenant-key", "", "the tenant's public key in `HEX`")
	f.Var(&witnesses, "witness", "the `KEY` of a witness that must have cosigned the log; again or with commas for more")
	since := f.String("since", "", "the `FILE` with a checkpoint kept from earlier, which the log must continue")
	coin := f.String("coin-rpc", "", "the `URL` of a coin node of your own, http://USER:PASSWORD@HOST:PORT: blocks\nwith the lease's tag that the statement does not list are looked for on its chain")
	cookie := f.String("coin-cookie", "", "the `FILE` in which that node keeps its user and password")
	poolWork := f.String("pool-work", "", "the `WORK` that the pool credited the lease's user with: hashes, such as 1.25PH, or\na sum of difficulties, such as 290kD")
	strict := f.Bool("strict", false, "fail for what was not given to be checked against, and for headers that anybody could\nhave made; what stays the provider's word is no failure")
	asJSON := f.Bool("json", false, "print the report as JSON")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	o := bundle.Options{Strict: *strict}
	if *key != "" {
		if o.Key, err = bundle.ParseKey(*key); err != nil {
			return usage("--key %.80q: %w", *key, err)
		}
	}
	if *tenantKey != "" {
		if o.TenantKey, err = parsePublicKey(*tenantKey); err != nil {
			return err
		}
	}
	for _, text := range witnesses {
		v, err := translog.ParseVerifier(text)
		if err != nil {
			return usage("--witness: %w", err)
		}
		o.Witnesses = append(o.Witnesses, v)
	}
	if *since != "" {
		if o.Since, err = readBounded(*since, maxSince); err != nil {
			return err
		}
	}
	if f.given("pool-work") {
		w, err := parsePoolWork(*poolWork)
		if err != nil {
			return err
		}
		o.PoolWork = &w
	}
	if *cookie != "" && *coin == "" {
		return f.usage("--coin-cookie goes with --coin-rpc")
	}
	if *coin != "" {
		if o.Chain, err = dialChain(*coin, *cookie, logger(e.stderr, "text", slog.LevelWarn)); err != nil {
			return err
		}
	}
	o.Progress = func(done, all int64) {
		e.progress(fmt.Sprintf("%d of %s hashed", done, plural(all, "receipt")))
	}
	r, err := verifyFile(ctx, pos[0], o)
	e.progress("")
	if err != nil {
		return err
	}
	if *asJSON {
		err = writeJSON(e.stdout, struct {
			OK bool `json:"ok"`
			*bundle.Report
		}{r.OK(), r})
	} else {
		_, err = fmt.Fprint(e.stdout, reportText(r))
	}
	if err == nil && !r.OK() {
		err = &coded{code: exitUnverified}
	}
	return err
}

// verifyFile checks a bundle, which can take minutes, until ctx ends.
func verifyFile(ctx context.Context, name string, o bundle.Options) (*bundle.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	done := make(chan *bundle.Report, 1)
	go func() {
		defer f.Close()
		done <- bundle.Verify(ctx, f, info.Size(), o)
	}()
	select {
	case r := <-done:
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return r, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
