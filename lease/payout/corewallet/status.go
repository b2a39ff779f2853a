package corewallet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// Status says where a transaction stands; see payout.Wallet.
func (w *Wallet) Status(ctx context.Context, raw []byte) (payout.Status, error) {
	tx, err := decode(raw)
	if err != nil {
		return payout.Status{}, fmt.Errorf("%w: %w", payout.ErrRequest, err)
	}
	s, err := w.status(ctx, tx)
	if err != nil {
		return payout.Status{}, fmt.Errorf("transaction %s: %w", tx.TxID(), err)
	}
	return s, nil
}

func (w *Wallet) status(ctx context.Context, tx *message) (payout.Status, error) {
	s, err := w.known(ctx, tx)
	if err != nil || s.State != payout.Unknown {
		return s, err
	}
	return w.conflict(ctx, tx)
}

// walletTx is a transaction as the wallet has it.
type walletTx struct {
	Confirmations int64    `json:"confirmations"` // below 0: those of one that conflicts with it
	Block         string   `json:"blockhash"`
	Height        int64    `json:"blockheight"`
	Hex           string   `json:"hex"`
	Conflicts     []string `json:"walletconflicts"`
}

// lookup returns a transaction of the wallet, nil when it has none of that id.
func (w *Wallet) lookup(ctx context.Context, txid string) (*walletTx, error) {
	var t walletTx
	err := w.client.Call(ctx, &t, "gettransaction", txid)
	if code, _, ok := rpc.Refusal(err); ok && code == codeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, refusal(err)
	}
	return &t, nil
}

// known is Status by what the wallet and the mempool have.
func (w *Wallet) known(ctx context.Context, tx *message) (payout.Status, error) {
	txid := tx.TxID()
	t, err := w.lookup(ctx, txid)
	switch {
	case err != nil:
		return payout.Status{}, err
	case t != nil && t.Confirmations > 0:
		return confirmed(t, txid), nil
	case t != nil && t.Confirmations < 0:
		return w.conflicted(ctx, tx, t)
	}
	var entry struct{}
	err = w.client.Call(ctx, &entry, "getmempoolentry", txid)
	if err == nil {
		return payout.Status{State: payout.InMempool}, nil
	}
	if code, _, ok := rpc.Refusal(err); !ok || code != codeNotFound {
		return payout.Status{}, err
	}
	if t != nil {
		return payout.Status{State: payout.Dropped}, nil
	}
	return payout.Status{State: payout.Unknown}, nil
}

// confirmed is the status by a transaction that is in a block.
func confirmed(t *walletTx, txid string) payout.Status {
	return payout.Status{State: payout.Confirmed, Depth: t.Confirmations, Txid: txid, Height: t.Height, Block: t.Block}
}

// conflicted looks which transaction in a block conflicts with one that the
// wallet knows.
func (w *Wallet) conflicted(ctx context.Context, tx *message, t *walletTx) (payout.Status, error) {
	s := payout.Status{State: payout.Conflicted, Depth: -t.Confirmations}
	for _, id := range t.Conflicts {
		by, err := w.conflictBy(ctx, tx, id)
		if err != nil || by.State == payout.Confirmed {
			return by, err
		}
		if by.State == payout.Conflicted && (s.Txid == "" || by.Depth > s.Depth) {
			s = by
		}
	}
	return s, nil
}

// conflictBy returns what another transaction of the wallet means to one:
// Confirmed when it does the same, Conflicted when it spends an input of it,
// both in a block; else the zero Status.
func (w *Wallet) conflictBy(ctx context.Context, tx *message, id string) (payout.Status, error) {
	t, err := w.lookup(ctx, id)
	if err != nil || t == nil || t.Confirmations <= 0 {
		return payout.Status{}, err
	}
	other, _, err := decodeHex(t.Hex)
	switch {
	case err != nil:
		return payout.Status{}, fmt.Errorf("%w: transaction %s: %w", payout.ErrWallet, id, err)
	case unsigned(other) == unsigned(tx):
		return confirmed(t, id), nil
	case len(common(inputsOf(other), inputsOf(tx))) > 0:
		s := payout.Status{State: payout.Conflicted, Depth: t.Confirmations, Txid: id}
		err := w.compare(ctx, &s, tx, other)
		return s, err
	}
	return payout.Status{}, nil
}

// compare finds out whether a transaction that conflicts with one pays the
// same, as one that was made from it for a higher fee by hand.
func (w *Wallet) compare(ctx context.Context, s *payout.Status, tx, other *message) (err error) {
	var missing []*wire.TxOut
	left := slices.Clone(other.TxOut)
	for _, out := range tx.TxOut {
		at := slices.IndexFunc(left, func(o *wire.TxOut) bool { return o.Value == out.Value && bytes.Equal(o.PkScript, out.PkScript) })
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		} else {
			missing = append(missing, out)
		}
		s.PaysSome = s.PaysSome || slices.ContainsFunc(other.TxOut, func(o *wire.TxOut) bool { return bytes.Equal(o.PkScript, out.PkScript) })
	}
	switch {
	case len(missing) > 1 || len(missing) == len(tx.TxOut):
		return nil
	case len(missing) == 1: // it may be the change
		err := w.checkMine(ctx, missing[0].PkScript)
		if errors.Is(err, payout.ErrTransaction) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	s.PaysAll = true
	s.FeeSat, err = w.fee(ctx, other)
	return err
}
