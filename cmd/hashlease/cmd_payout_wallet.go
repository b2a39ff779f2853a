package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/lease/payout/corewallet"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// payoutLock is the file whose lock whoever pays holds.
const payoutLock = "payout.lock"

// errPaying says that another process pays just now.
var errPaying = errors.New("another process is paying tenants")

// lockPayouts makes this process the only one that pays, until unlock.
func (p *provider) lockPayouts() (unlock func(), err error) {
	name := filepath.Join(p.dir, payoutLock)
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
		return nil, withHint(fmt.Errorf("%w on %s", errPaying, p.dir), "it is done in a moment: try again")
	}
	return nil, fmt.Errorf("locking %s: %w", name, err)
}

// dialWallet returns the wallet that the configuration names; it need not
// answer yet.
func (p *provider) dialWallet(cfg *config) (*corewallet.Wallet, error) {
	if cfg.sandbox() {
		return nil, withHint(usage("the sandbox coin has no wallet: its coins cannot be paid out"),
			"it is for trying things out; with a real coin node (coin.rpc) payout.wallet names the wallet that pays")
	}
	password, err := cfg.Coin.password()
	if err != nil {
		return nil, &coded{code: exitUsage, err: err}
	}
	url := cfg.Payouts.RPC
	switch {
	case url != "":
	case len(cfg.Coin.RPC) == 0:
		return nil, usage("no node with a wallet is configured: set payout.rpc, or coin.rpc")
	default:
		url = cfg.Coin.RPC[0]
	}
	house, ok, err := p.readHouse()
	if err != nil {
		return nil, err
	}
	c := rpc.Config{URLs: []string{url}, User: cfg.Coin.User, Pass: password}
	if ok {
		c.Coin, c.Network = house.Coin, house.Network
	}
	client, err := rpc.NewClient(c, cfg.Payouts.Wallet)
	if err != nil {
		return nil, usage("payout.rpc: %w", err)
	}
	return corewallet.New(client), nil
}

// payer returns what pays the tenants of a directory from a wallet, which may
// be nil where nothing is paid. minSat above 0 pays from that amount on.
func (p *provider) payer(ctx context.Context, e *env, cfg *config, wallet payout.Wallet, minSat int64) (*payout.Payer, error) {
	c := payout.Config{
		Store: p.store, Wallet: wallet, Now: e.now, MinSat: minSat,
		Confirmations: cfg.Payouts.Confirmations, GiveUp: cfg.Payouts.GiveUp,
		Fee: payout.Fee{SatPerKvB: cfg.Payouts.FeeRate, ConfirmIn: int(cfg.Payouts.ConfirmIn), MaxSat: cfg.Payouts.MaxFeeSat},
	}
	house, ok, err := p.readHouse()
	if err != nil || !ok {
		return payout.New(c), err
	}
	hash, err := lease.ParseTermsHash(house.Terms)
	if err != nil {
		return nil, err
	}
	terms, err := p.store.Terms(ctx, hash)
	if err != nil {
		return nil, err
	}
	c.Terms = terms.Payout
	if forms, ok := solo.FormsOf(house.Coin, house.Network); ok {
		c.CheckAddress = func(address string) error {
			_, err := forms.Script(address)
			return err
		}
	}
	return payout.New(c), nil
}
