package main

import (
	"log/slog"
	"path/filepath"

	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/sandbox"
)

// sandboxCoin is the name of the sandbox coin and of its only network.
const sandboxCoin = "sandbox"

// dialCoin returns the coin node that the configuration names; it need not
// answer yet.
func dialCoin(cfg *config, log *slog.Logger) (solo.Node, error) {
	password, err := cfg.Coin.password()
	if err != nil {
		return nil, &coded{code: exitUsage, err: err}
	}
	n, err := rpc.New(rpc.Config{URLs: cfg.Coin.RPC, User: cfg.Coin.User, Pass: password, Logger: log})
	if err != nil {
		return nil, usage("coin.rpc: %w", err)
	}
	return n, nil
}

// openSandbox opens the sandbox coin in the data directory.
func (p *provider) openSandbox(e *env, log *slog.Logger) (*sandbox.Node, error) {
	return sandbox.Open(sandbox.Config{Dir: filepath.Join(p.dir, sandboxDir), Now: e.now, Logger: log})
}
