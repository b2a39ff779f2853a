package main

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

// payoutConfig says how tenants are paid.
type payoutConfig struct {
	Enabled       bool   `toml:"enabled" doc:"Whether the node pays tenants what is available to them by itself, as their terms promise. \"hashlease payout run\" does it once."`
	Wallet        string `toml:"wallet" doc:"The wallet of the coin node that pays, by its name there; empty is the only one that is loaded. It must be used for payouts alone: the node frees every lock on its coins but its own, and replacing payouts in the wallet itself is for people to sort out."`
	RPC           string `toml:"rpc" doc:"JSON-RPC address of the node that has the wallet; empty is the first of coin.rpc, whose user and password are used."`
	Confirmations int64  `toml:"confirmations" doc:"Blocks after which a payout is final."`
	GiveUp        int64  `toml:"give_up_confirmations" doc:"Blocks on top of another transaction that spends a payout's coins, after which the payout is given up and its amounts are available again. That block must never be orphaned, or tenants are paid twice."`
	IntervalSec   int64  `toml:"interval_seconds" doc:"Seconds between two passes of the node."`
	ConfirmIn     int64  `toml:"confirm_in" doc:"Blocks within which payouts shall be confirmed: what the node estimates fees for."`
	FeeRate       int64  `toml:"fee_rate" doc:"Fee in satoshi per 1000 virtual bytes; 0 is what the node estimates."`
	MaxFeeSat     int64  `toml:"max_fee_sat" doc:"Most that one transaction may cost, in satoshi. The provider bears it; dearer payouts wait."`
}

func defaultPayout() payoutConfig {
	return payoutConfig{
		Confirmations: payout.DefaultConfirmations,
		GiveUp:        payout.DefaultGiveUp,
		IntervalSec:   600,
		ConfirmIn:     payout.DefaultConfirmIn,
		MaxFeeSat:     payout.DefaultMaxFeeSat,
	}
}

// validate checks the section; sandbox is the coin inside the node.
func (c *payoutConfig) validate(sandbox bool) error {
	for _, k := range []struct {
		name            string
		value, low, top int64
	}{
		{"confirmations", c.Confirmations, 1, 10_000},
		{"give_up_confirmations", c.GiveUp, 1, 100_000},
		{"interval_seconds", c.IntervalSec, 1, 7 * 24 * 3600},
		{"confirm_in", c.ConfirmIn, 1, 1008},
		{"fee_rate", c.FeeRate, 0, maxFeeRate},
		{"max_fee_sat", c.MaxFeeSat, 1, lease.MaxSat},
	} {
		if k.value < k.low || k.value > k.top {
			return fmt.Errorf("payout.%s is %d: want %d to %d", k.name, k.value, k.low, k.top)
		}
	}
	switch {
	case c.GiveUp < c.Confirmations:
		return fmt.Errorf("payout.give_up_confirmations is %d, less than payout.confirmations (%d): a payout must not be given up on fewer blocks than it is final on", c.GiveUp, c.Confirmations)
	case sandbox && c.Enabled:
		return fmt.Errorf("payout.enabled is set, but no coin.rpc: the sandbox coin has no wallet")
	case sandbox && c.RPC != "":
		return fmt.Errorf("payout.rpc is set, but no coin.rpc: the sandbox coin has no wallet")
	}
	return nil
}

// maxFeeRate bounds fee rates, in satoshi per 1000 virtual bytes: 10 000 a
// byte.
const maxFeeRate = 10_000_000
