package corewallet

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

// maxTx bounds a transaction, in bytes: the largest that a block can hold.
const maxTx = 4_000_000

// maxSat is the most that there can be of the coin.
const maxSat = 21_000_000 * 100_000_000

// message is a transaction.
type message = wire.MsgTx

// decode reads a serialised transaction.
func decode(raw []byte) (*message, error) {
	if len(raw) > maxTx {
		return nil, fmt.Errorf("transaction of %d bytes, at most %d", len(raw), maxTx)
	}
	var tx message
	r := bytes.NewReader(raw)
	if err := tx.Deserialize(r); err != nil {
		return nil, fmt.Errorf("transaction cannot be decoded: %w", err)
	}
	if r.Len() > 0 || len(tx.TxIn) == 0 || len(tx.TxOut) == 0 {
		return nil, errors.New("transaction has no inputs, no outputs, or bytes after it")
	}
	return &tx, nil
}

// inputsOf returns what a transaction spends.
func inputsOf(tx *message) []lease.Outpoint {
	ins := make([]lease.Outpoint, len(tx.TxIn))
	for i, in := range tx.TxIn {
		ins[i] = lease.Outpoint{Txid: in.PreviousOutPoint.Hash.String(), Vout: in.PreviousOutPoint.Index}
	}
	return ins
}

// unsigned is the hash of what a transaction does, without its signatures.
func unsigned(tx *message) chainhash.Hash {
	bare := tx.Copy()
	for _, in := range bare.TxIn {
		in.SignatureScript, in.Witness = nil, nil
	}
	return bare.TxHash()
}

// matches checks that a transaction spends the given inputs and pays the
// targets exactly, each once, and returns the one output beside them, nil when
// there is none.
func matches(tx *message, targets []target, inputs []lease.Outpoint) (change *wire.TxOut, err error) {
	bad := func(format string, args ...any) (*wire.TxOut, error) {
		return nil, fmt.Errorf("%w: %s", payout.ErrTransaction, fmt.Sprintf(format, args...))
	}
	ins := inputsOf(tx)
	if missing := without(inputs, ins); len(missing) > 0 {
		return bad("it does not spend %s:%d", missing[0].Txid, missing[0].Vout)
	}
	left := slices.Clone(targets)
	for _, out := range tx.TxOut {
		i := slices.IndexFunc(left, func(t target) bool { return t.script == string(out.PkScript) && t.sat == out.Value })
		switch {
		case i >= 0:
			left = slices.Delete(left, i, i+1)
		case change != nil:
			return bad("beside what was asked for it pays both %d and %d satoshi", change.Value, out.Value)
		default:
			change = out
		}
	}
	if len(left) > 0 {
		return bad("it does not pay %d satoshi to %s", left[0].sat, left[0].address)
	}
	return change, nil
}

// checkMine returns nil when a script is the wallet's own.
func (w *Wallet) checkMine(ctx context.Context, script []byte) error {
	var decoded struct {
		Address string `json:"address"`
	}
	text := hex.EncodeToString(script)
	if err := w.client.Call(ctx, &decoded, "decodescript", text); err != nil {
		return refusal(err)
	}
	var info struct {
		Mine   bool   `json:"ismine"`
		Script string `json:"scriptPubKey"`
	}
	if decoded.Address != "" {
		if err := w.client.Call(ctx, &info, "getaddressinfo", decoded.Address); err != nil {
			return refusal(err)
		}
	}
	if !info.Mine || info.Script != text {
		return fmt.Errorf("%w: its change goes to script %s, which is not the wallet's", payout.ErrTransaction, text)
	}
	return nil
}

// fee returns what a transaction leaves to the miner, in satoshi. What its
// inputs are worth is read from the very transactions that their ids are the
// hashes of.
func (w *Wallet) fee(ctx context.Context, tx *message) (int64, error) {
	sources := make(map[string]*message)
	var sum int64
	for _, in := range tx.TxIn {
		id, vout := in.PreviousOutPoint.Hash.String(), in.PreviousOutPoint.Index
		source := sources[id]
		if source == nil {
			known, err := w.lookup(ctx, id)
			if err != nil {
				return 0, err
			}
			if known == nil {
				return 0, fmt.Errorf("%w: it spends %s:%d, which is not the wallet's", payout.ErrTransaction, id, vout)
			}
			source, _, err = decodeHex(known.Hex)
			if err != nil || source.TxID() != id {
				return 0, fmt.Errorf("%w: the node gives another transaction for %s", payout.ErrTransaction, id)
			}
			sources[id] = source
		}
		if int64(vout) >= int64(len(source.TxOut)) {
			return 0, fmt.Errorf("%w: it spends %s:%d, which does not exist", payout.ErrTransaction, id, vout)
		}
		var err error
		if sum, err = addSat(sum, source.TxOut[vout].Value); err != nil {
			return 0, err
		}
	}
	var paid int64
	for _, out := range tx.TxOut {
		var err error
		if paid, err = addSat(paid, out.Value); err != nil {
			return 0, err
		}
	}
	if paid > sum {
		return 0, fmt.Errorf("%w: it pays %d satoshi out of %d", payout.ErrTransaction, paid, sum)
	}
	return sum - paid, nil
}

// addSat adds an output's value to a sum.
func addSat(sum, value int64) (int64, error) {
	if value < 0 || value > maxSat-sum {
		return 0, fmt.Errorf("%w: an output of %d satoshi", payout.ErrTransaction, value)
	}
	return sum + value, nil
}
