package main

import (
	"context"
	"log/slog"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/stratum/solo"
)

// termsCheck refuses terms that the provider could not keep, before they
// become the newest.
type termsCheck func(context.Context, *lease.Terms) error

// keepable checks terms with the coin node at hand.
func keepable(coin solo.Node) termsCheck {
	return func(ctx context.Context, t *lease.Terms) error {
		if err := dispatch.CheckTerms(ctx, coin, t); err != nil {
			return usage("terms: %w", err)
		}
		return nil
	}
}

// keepable is the check by what the node mines on.
func (n *node) keepable() termsCheck {
	if n.pool != nil {
		return anyTerms
	}
	return keepable(n.coin)
}

// anyTerms takes all terms: what a block is worth at a pool of the house's is
// known once that has sent jobs, and how even it pays is the provider's to know.
func anyTerms(context.Context, *lease.Terms) error { return nil }

// keepableHere is keepable for a command beside the node. It asks the coin
// node of the configuration, but only about terms that pay shares whether
// blocks are found or not: of the others there is nothing to ask.
func (p *provider) keepableHere(e *env, cfg *config, coin, network string) termsCheck {
	return func(ctx context.Context, t *lease.Terms) error {
		if t.Scheme != lease.SchemePPS && t.Scheme != lease.SchemeFPPS {
			return nil
		}
		if len(cfg.House.Pool) > 0 {
			return nil
		}
		const why = "scheme %s needs a reserve by the present reward of a block"
		switch inside := coinName(coin, network) == sandboxCoin; {
		case inside != cfg.sandbox():
			return withHint(usage(why+", which a node of %s knows, and that is not what is configured", t.Scheme, coinName(coin, network)),
				"name one: coin.rpc in the configuration, or HASHLEASE_COIN_RPC in the environment")
		case inside:
			unlock, err := p.lock()
			if err != nil {
				return withHint(usage(why+", and the node that has the sandbox coin cannot be asked while it runs: %w", t.Scheme, err),
					"stop it and try again: the house works under new terms from its next start on anyway")
			}
			defer unlock()
			node, err := p.openSandbox(e, logger(e.stderr, cfg.Node.LogFormat, slog.LevelWarn))
			if err != nil {
				return err
			}
			defer node.Close()
			return keepable(node)(ctx, t)
		}
		node, err := dialCoin(cfg, logger(e.stderr, cfg.Node.LogFormat, slog.LevelWarn))
		if err != nil {
			return err
		}
		params, err := node.Params(ctx)
		if err != nil {
			return err
		}
		if params.Coin != coin || params.Network != network {
			return usage("coin.rpc is a node of %s, and the books are in %s", coinName(params.Coin, params.Network), coinName(coin, network))
		}
		return keepable(node)(ctx, t)
	}
}
