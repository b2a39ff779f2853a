package corewallet

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// Broadcast sends a transaction; see payout.Wallet.
func (w *Wallet) Broadcast(ctx context.Context, raw []byte) error {
	tx, err := decode(raw)
	if err != nil {
		return fmt.Errorf("%w: %w", payout.ErrRefused, err)
	}
	if err := w.send(ctx, tx, raw); err != nil {
		return fmt.Errorf("transaction %s: %w", tx.TxID(), err)
	}
	return nil
}

func (w *Wallet) send(ctx context.Context, tx *message, raw []byte) error {
	const method = "sendrawtransaction"
	var sent string
	err := w.client.Call(ctx, &sent, method, hex.EncodeToString(raw))
	if err == nil && sent != tx.TxID() {
		return fmt.Errorf("%w: %s took it for %s", payout.ErrTransaction, method, sent)
	}
	code, reason, refused := rpc.Refusal(err)
	switch {
	case !refused:
		return err
	case code == codeInChain:
		return nil
	}
	// Of a transaction in a block whose outputs are all spent again, the node
	// says that its inputs are spent. The wallet knows better.
	status, lookErr := w.status(ctx, tx)
	if lookErr != nil {
		return errors.Join(err, lookErr)
	}
	if status.State == payout.Confirmed || status.State == payout.InMempool {
		return nil
	}
	return fmt.Errorf("%w: %w", relay(reason), err)
}
