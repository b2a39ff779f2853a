package corewallet

import (
	"context"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

// conflict looks for a transaction in a block that spends an input of one the
// wallet does not know. It would be the wallet's, since the input is.
func (w *Wallet) conflict(ctx context.Context, tx *message) (payout.Status, error) {
	for _, in := range inputsOf(tx) {
		spent, depth, err := w.spent(ctx, in)
		switch {
		case err != nil:
			return payout.Status{}, err
		case depth > 0:
			return payout.Status{State: payout.Conflicted, Depth: depth}, nil
		case spent:
			return w.spender(ctx, tx)
		}
	}
	return payout.Status{State: payout.Unknown}, nil
}

// spent reports whether a confirmed coin of the wallet is spent by a block. A
// depth says that there is no such coin, and will be none, since a transaction
// in a block that deep conflicts with the one that would make it.
func (w *Wallet) spent(ctx context.Context, in lease.Outpoint) (spent bool, depth int64, err error) {
	source, err := w.lookup(ctx, in.Txid)
	if err != nil || source == nil {
		return false, 0, err
	}
	if source.Confirmations <= 0 {
		return false, -source.Confirmations, nil
	}
	var coin *struct{}
	if err := w.client.Call(ctx, &coin, "gettxout", in.Txid, in.Vout, false); err != nil {
		return false, 0, err
	}
	return coin == nil, 0, nil
}

// lookbacks are how many blocks are searched for a spender, one after the
// other: a day, two weeks. After them all are.
func lookbacks() [2]int64 { return [...]int64{144, 2016} }

// spender searches the wallet's confirmed transactions for one that spends an
// input. Where there is none to be seen, as while the wallet has not caught up
// with the chain, it says Unknown.
func (w *Wallet) spender(ctx context.Context, tx *message) (payout.Status, error) {
	var tip int64
	if err := w.client.Call(ctx, &tip, "getblockcount"); err != nil {
		return payout.Status{}, err
	}
	seen := map[string]bool{tx.TxID(): true}
	for _, blocks := range lookbacks() {
		if blocks >= tip {
			break
		}
		var since string
		if err := w.client.Call(ctx, &since, "getblockhash", tip-blocks); err != nil {
			return payout.Status{}, err
		}
		if s, err := w.spenderSince(ctx, tx, seen, since); err != nil || s.State != payout.Unknown {
			return s, err
		}
	}
	return w.spenderSince(ctx, tx, seen)
}

// spenderSince is spender for the blocks after one, or for all. It leaves out
// transactions that were seen.
func (w *Wallet) spenderSince(ctx context.Context, tx *message, seen map[string]bool, since ...any) (payout.Status, error) {
	var list struct {
		Transactions []struct {
			Txid          string `json:"txid"`
			Category      string `json:"category"`
			Confirmations int64  `json:"confirmations"`
		} `json:"transactions"`
	}
	if err := w.client.Call(ctx, &list, "listsinceblock", since...); err != nil {
		return payout.Status{}, refusal(err)
	}
	for _, entry := range list.Transactions {
		if entry.Category != "send" || entry.Confirmations <= 0 || seen[entry.Txid] {
			continue
		}
		seen[entry.Txid] = true
		if s, err := w.conflictBy(ctx, tx, entry.Txid); err != nil || s.State != "" {
			return s, err
		}
	}
	return payout.Status{State: payout.Unknown}, nil
}
