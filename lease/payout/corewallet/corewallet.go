package corewallet

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// Wallet is a wallet of a coin node. It implements payout.Wallet and is safe
// for concurrent use.
type Wallet struct {
	client *rpc.Client

	mu     sync.Mutex       // one change of the locks at a time
	lost   bool             // a Fund may have left locks behind
	before []lease.Outpoint // the locks that were there before it
}

var _ payout.Wallet = (*Wallet)(nil)

// New returns the wallet that a client's calls are about. The node is first
// asked when it is needed.
func New(client *rpc.Client) *Wallet { return &Wallet{client: client} }

// Check returns nil when the wallet is there and can sign, else why not. That
// it is locked with a passphrase shows only when it signs.
func (w *Wallet) Check(ctx context.Context) error {
	if _, err := w.forms(ctx); err != nil {
		return err
	}
	var info struct {
		Name        string `json:"walletname"`
		PrivateKeys *bool  `json:"private_keys_enabled"`
	}
	if err := w.client.Call(ctx, &info, "getwalletinfo"); err != nil {
		return refusal(err)
	}
	if info.PrivateKeys != nil && !*info.PrivateKeys {
		return fmt.Errorf("%w: %q has no private keys: name one that can sign", payout.ErrWallet, info.Name)
	}
	return nil
}

// Balance returns what the wallet has.
func (w *Wallet) Balance(ctx context.Context) (payout.Balance, error) {
	var b struct {
		Mine *struct {
			Trusted  rpc.Amount `json:"trusted"`
			Pending  rpc.Amount `json:"untrusted_pending"`
			Immature rpc.Amount `json:"immature"`
		} `json:"mine"`
	}
	if err := w.client.Call(ctx, &b, "getbalances"); err != nil {
		return payout.Balance{}, refusal(err)
	}
	if b.Mine == nil {
		return payout.Balance{}, fmt.Errorf("%w: its balances are missing from the node's answer", payout.ErrWallet)
	}
	return payout.Balance{SpendableSat: int64(b.Mine.Trusted), PendingSat: int64(b.Mine.Pending), ImmatureSat: int64(b.Mine.Immature)}, nil
}

// forms returns how addresses of the wallet's chain are written.
func (w *Wallet) forms(ctx context.Context) (solo.AddressForms, error) {
	p, err := w.client.Params(ctx)
	if err != nil {
		return solo.AddressForms{}, err
	}
	forms, ok := solo.FormsOf(p.Coin, p.Network)
	if !ok {
		return forms, fmt.Errorf("%w: the addresses of %s %s are not known here", payout.ErrWallet, p.Coin, p.Network)
	}
	return forms, nil
}
