package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/hashlease/hashlease/lease"
)

func runTenantAdd(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "tenant add", "NAME [--pubkey HEX | --key-out FILE] [--address ADDRESS]",
		"Adds a tenant. Tenants who have an Ed25519 key give its public half; for the\n"+
			"others a key is made, and written to a file or printed once.")
	pubkey := f.String("pubkey", "", "the tenant's Ed25519 public key in `HEX`")
	keyOut := f.String("key-out", "", "the new `FILE` for the key that is made")
	address := f.String("address", "", "the tenant's payout `ADDRESS`, or script:HEX")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *pubkey != "" && *keyOut != "" {
		return f.usage("--pubkey and --key-out exclude each other: with a public key no key is made")
	}
	t := lease.Tenant{ID: pos[0], Address: *address, CreatedMs: e.nowMs()}
	var private ed25519.PrivateKey
	if *pubkey != "" {
		t.Key, err = parsePublicKey(*pubkey)
	} else {
		t.Key, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return err
	}
	if err := t.Validate(); err != nil {
		return usage("%w", err)
	}
	p, cfg, err := f.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.close()
	if t.Address != "" {
		if err := p.checkAddress(ctx, e, &cfg, t.Address); err != nil {
			return err
		}
	}
	doc := newTenantDoc(&t, t.CreatedMs)
	if private != nil {
		text, err := encodeKey(private)
		if err != nil {
			return err
		}
		doc.PrivateKey = string(text)
	}
	if *keyOut != "" {
		doc.PrivateKey, doc.KeyFile = "", *keyOut
	}
	if err := p.addTenant(ctx, t, private, *keyOut); err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	fmt.Fprintf(e.stdout, "tenant %s added, public key %s\n", doc.ID, doc.Key)
	switch {
	case doc.KeyFile != "":
		fmt.Fprintf(e.stdout, "its private key is in %s: hand it over and keep no copy\n", doc.KeyFile)
	case doc.PrivateKey != "":
		fmt.Fprintf(e.stdout, "its private key, shown only now:\n%s", doc.PrivateKey)
	}
	return nil
}

// addTenant stores a tenant and, if keyFile is named, the private key in a
// new file.
func (p *provider) addTenant(ctx context.Context, t lease.Tenant, private ed25519.PrivateKey, keyFile string) error {
	if keyFile != "" {
		text, err := encodeKey(private)
		if err != nil {
			return err
		}
		if err := createFile(keyFile, text, 0o600); errors.Is(err, fs.ErrExist) {
			return usage("%s exists already: a key file is never overwritten", keyFile)
		} else if err != nil {
			return err
		}
	}
	err := p.store.AddTenant(ctx, t)
	if err == nil {
		return nil
	}
	if keyFile != "" {
		os.Remove(keyFile) // nobody's key
	}
	if errors.Is(err, lease.ErrExists) {
		return withHint(err, "%q lists the tenants", "hashlease tenant list")
	}
	return err
}

func runTenantList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "tenant list", "[--json]", "Lists the tenants.")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	tenants, err := p.store.Tenants(ctx)
	if err != nil {
		return err
	}
	docs := []tenantDoc{}
	rows := [][]string{{"TENANT", "PUBLIC KEY", "ADDRESS", "SINCE"}}
	for i := range tenants {
		d := newTenantDoc(&tenants[i], e.nowMs())
		docs = append(docs, d)
		rows = append(rows, []string{d.ID, d.Key, d.Address, formatMs(d.CreatedMs)})
	}
	if *f.json {
		return writeJSON(e.stdout, docs)
	}
	_, err = fmt.Fprint(e.stdout, fitted(e.page.columns(), rows, []string{"PUBLIC KEY", "SINCE"}))
	return err
}

// formatMs writes a moment in Unix milliseconds, 0 as a dash.
func formatMs(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z")
}
