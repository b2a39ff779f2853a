package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

func runOrder(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "order", "LEASE start|stop|pool --key FILE --provider HEX [flags], or --tenant NAME address ADDRESS ...",
		"Writes an order of a tenant, signed with its key, for the provider to carry out\n"+
			"(\"hashlease lease order FILE\"): to start or stop a lease, to send its work to another\n"+
			"pool, or where to be paid. It needs no data directory, and is good for 24 hours.")
	keyFile := f.String("key", "", "the `FILE` with the tenant's private key")
	provider := f.String("provider", "", "the provider's public key in `HEX`, as \"hashlease verify\" and \"lease show\" print it")
	tenant := f.String("tenant", "", "for address: the `NAME` of the tenant")
	number := f.Int64("number", 0, "the order's number `N`, above that of all before (default the time in milliseconds)")
	out := f.String("o", "-", "the `FILE` to write; - is standard output")
	pool := newPoolFlags(f)
	pos, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	switch {
	case *keyFile == "":
		return f.usage("--key is missing: who signs?")
	case *provider == "":
		return f.usage("--provider is missing: whom is the order for?")
	}
	to, err := parsePublicKey(*provider)
	if err != nil {
		return err
	}
	o := lease.Order{Provider: hex.EncodeToString(to), Number: e.nowMs(), MadeMs: e.nowMs()}
	if f.given("number") {
		o.Number = *number
	}
	password := "x"
	if *tenant != "" {
		o.Tenant, o.Action, o.Address = *tenant, lease.OrderAction(pos[0]), pos[1]
		if o.Action != lease.OrderAddress {
			return f.usage("%.20q cannot be ordered of a tenant: want address ADDRESS", pos[0])
		}
	} else {
		o.Lease, o.Action = pos[0], lease.OrderAction(pos[1])
		switch o.Action {
		case lease.OrderStart, lease.OrderStop, lease.OrderPool:
		default:
			return f.usage("%.20q cannot be ordered of a lease: want start, stop or pool", pos[1])
		}
	}
	named, err := pool.pool()
	switch {
	case err != nil:
		return err
	case named == nil && o.Action == lease.OrderPool:
		return f.usage("--pool is missing: where does the work go?")
	case named != nil && o.Action != lease.OrderPool:
		return f.usage("--pool is for the order pool, not %s", o.Action)
	case named != nil:
		o.Pool, password = &lease.OrderedTo{URLs: named.URLs, User: named.User}, named.Password
	}
	key, err := loadKey(*keyFile, false)
	if err != nil {
		return usage("--key: %w", err)
	}
	var salt [16]byte
	rand.Read(salt[:])
	s, err := lease.SignOrder(o, password, salt, key)
	if err != nil {
		return usage("%w", err)
	}
	if *out == "" || *out == "-" {
		return writeJSON(e.stdout, &s)
	}
	text, err := lease.Canonical(&s)
	if err != nil {
		return err
	}
	if err := writeFile(*out, append(text, '\n'), 0o600); err != nil { // a password may be in it
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "order %d written to %s: hand it to the provider within 24 hours\n", s.Order.Number, *out)
	return err
}
