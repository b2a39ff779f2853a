package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/sqlite"
)

// Names inside the data directory.
const (
	databaseFile = "hashlease.db"
	keyFile      = "provider.key"
	houseFile    = "house.json" // coin and terms of the house
	lockName     = "node.lock"
	sandboxDir   = "sandbox"
)

// provider is an opened data directory. Several processes may have it open,
// of which one may be the node.
type provider struct {
	dir    string
	key    ed25519.PrivateKey
	store  lease.Store
	logCfg logConfig // of the transparency log
}

// openProvider opens the data directory. If create is set and there are no
// books in it yet, it makes what is missing; else a directory without a
// database is an error. Books without their database or their key are never
// begun anew: what they say would be lost without a word.
func openProvider(ctx context.Context, dir string, create bool) (*provider, error) {
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, withHint(err, "name a directory that this user may write with --data")
		}
	}
	db := filepath.Join(dir, databaseFile)
	begun, err := hasBooks(dir, db)
	switch {
	case err != nil:
		return nil, err
	case !begun && !create:
		return nil, withHint(usage("%s is no data directory: it has no %s", dir, databaseFile),
			"name it with --data, or begin one with \"hashlease node\"")
	}
	key, err := loadKey(filepath.Join(dir, keyFile), !begun)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, withHint(fmt.Errorf("%s is missing", filepath.Join(dir, keyFile)),
			"put your copy of it back: the leases in %s are bound to that key", databaseFile)
	case errors.Is(err, errNoKey):
		return nil, withHint(err, "put your copy of it back: the leases in %s are bound to that key", databaseFile)
	case err != nil:
		return nil, err
	}
	store, err := sqlite.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	p := &provider{dir: dir, key: key, store: store}
	if err := p.checkNewest(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return p, nil
}

// hasBooks reports whether a directory has a database. A directory that had
// one, for the house was settled in it, and has none now, is an error.
func hasBooks(dir, db string) (bool, error) {
	// In this order: the house is settled after the database was made.
	_, err := os.Stat(filepath.Join(dir, houseFile))
	settled := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, withHint(err, "name a directory that this user may read and write with --data")
	}
	info, err := os.Stat(db)
	switch {
	case errors.Is(err, fs.ErrNotExist) && settled:
		err = fmt.Errorf("%s is missing", db)
	case err == nil && info.Size() == 0 && settled:
		err = fmt.Errorf("%s is empty", db)
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return err == nil, err
	}
	return false, withHint(err, "restore it from a backup; to begin new books, use another directory with --data")
}

func (p *provider) close() error { return p.store.Close() }

// public is the key that tenants know the provider by.
func (p *provider) public() ed25519.PublicKey { return p.key.Public().(ed25519.PublicKey) }

// lock makes this process the directory's only node, until it ends.
func (p *provider) lock() (unlock func(), err error) {
	name := filepath.Join(p.dir, lockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	held, err := lockFile(f)
	if err == nil {
		return func() { f.Close() }, nil
	}
	f.Close()
	if held {
		return nil, withHint(fmt.Errorf("another node runs on %s", p.dir), "stop it, or give this one a directory of its own with --data")
	}
	return nil, fmt.Errorf("locking %s: %w", name, err)
}

// coinName is how people and terms call a coin's network.
func coinName(coin, network string) string {
	if coin == network || network == "main" {
		return coin
	}
	return coin + "/" + network
}
