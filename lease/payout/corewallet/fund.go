package corewallet

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// Fund makes, signs and checks a transaction; see payout.Wallet.
func (w *Wallet) Fund(ctx context.Context, r payout.Request) (payout.Signed, error) {
	if err := r.Validate(); err != nil {
		return payout.Signed{}, err
	}
	signed, err := w.fund(ctx, &r)
	if err != nil {
		return payout.Signed{}, fmt.Errorf("payout %s: %w", r.ID, err)
	}
	return signed, nil
}

func (w *Wallet) fund(ctx context.Context, r *payout.Request) (s payout.Signed, err error) {
	targets, err := w.targets(ctx, r.Outputs)
	if err != nil {
		return s, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before, err := w.settle(ctx)
	if err != nil {
		return s, err
	}
	defer func() {
		if err != nil {
			w.release(ctx, before)
		}
	}()
	text, stated, err := w.sign(ctx, r, targets)
	if err != nil {
		return s, err
	}
	tx, raw, err := decodeHex(text)
	if err != nil {
		return s, fmt.Errorf("%w: %w", payout.ErrTransaction, err)
	}
	change, err := matches(tx, targets, r.Inputs)
	if err != nil {
		return s, err
	}
	s = payout.Signed{Txid: tx.TxID(), Raw: raw, Inputs: inputsOf(tx)}
	if change != nil {
		s.ChangeSat = change.Value
		if err := w.checkMine(ctx, change.PkScript); err != nil {
			return s, err
		}
	}
	if s.FeeSat, err = w.fee(ctx, tx); err != nil {
		return s, err
	}
	switch {
	case s.FeeSat != int64(stated):
		return s, fmt.Errorf("%w: its fee is %d satoshi, the node says %v", payout.ErrTransaction, s.FeeSat, stated)
	case s.FeeSat > r.Fee.MaxSat:
		return s, fmt.Errorf("%w: it is %d satoshi, the limit %d: raise the limit, or wait for lower rates", payout.ErrFee, s.FeeSat, r.Fee.MaxSat)
	}
	return s, w.acceptable(ctx, text)
}

// target is an output to be made.
type target struct {
	address string
	script  string // bytes
	sat     int64
}

// targets reads the addresses, and joins outputs to one script: the node takes
// no address twice.
func (w *Wallet) targets(ctx context.Context, outputs []payout.Output) ([]target, error) {
	forms, err := w.forms(ctx)
	if err != nil {
		return nil, err
	}
	var all []target
	at := make(map[string]int, len(outputs))
	for _, o := range outputs {
		if strings.HasPrefix(o.Address, "script:") {
			return nil, fmt.Errorf("%w: a wallet pays addresses, not %.80s: ask for an address", payout.ErrRequest, o.Address)
		}
		script, err := forms.Script(o.Address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", payout.ErrRequest, err)
		}
		i, ok := at[string(script)]
		if !ok {
			i, at[string(script)] = len(all), len(all)
			all = append(all, target{o.Address, string(script), 0})
		}
		all[i].sat += o.Sat
	}
	return all, nil
}

// fundOptions are the options of walletcreatefundedpsbt.
type fundOptions struct {
	AddInputs   bool        `json:"add_inputs"`
	MinConf     int         `json:"minconf"`
	Lock        bool        `json:"lockUnspents"`
	Replaceable bool        `json:"replaceable"`
	FeeRate     *rpc.Amount `json:"feeRate,omitempty"` // coins per kvB
	ConfTarget  int         `json:"conf_target,omitempty"`
}

// sign has the node make and sign the transaction, and returns it in
// hexadecimal with the fee that the node says it has.
func (w *Wallet) sign(ctx context.Context, r *payout.Request, targets []target) (tx string, fee rpc.Amount, err error) {
	options := fundOptions{AddInputs: true, MinConf: 1, Lock: true, Replaceable: true}
	switch {
	case r.Fee.SatPerKvB > 0:
		options.FeeRate = new(rpc.Amount(r.Fee.SatPerKvB))
	case r.Fee.ConfirmIn > 0:
		options.ConfTarget = r.Fee.ConfirmIn
	default:
		options.ConfTarget = payout.DefaultConfirmIn
	}
	inputs := r.Inputs
	if inputs == nil {
		inputs = []lease.Outpoint{}
	}
	outputs := make([]map[string]rpc.Amount, len(targets))
	for i, t := range targets {
		outputs[i] = map[string]rpc.Amount{t.address: rpc.Amount(t.sat)}
	}
	var created struct {
		PSBT string     `json:"psbt"`
		Fee  rpc.Amount `json:"fee"`
	}
	if err := w.client.Call(ctx, &created, "walletcreatefundedpsbt", inputs, outputs, 0, options); err != nil {
		return "", 0, refusal(err)
	}
	var processed struct {
		PSBT string `json:"psbt"`
	}
	if err := w.client.Call(ctx, &processed, "walletprocesspsbt", created.PSBT); err != nil {
		return "", 0, refusal(err)
	}
	var final struct {
		Hex      string `json:"hex"`
		Complete bool   `json:"complete"`
	}
	if err := w.client.Call(ctx, &final, "finalizepsbt", processed.PSBT); err != nil {
		return "", 0, refusal(err)
	}
	if !final.Complete {
		return "", 0, fmt.Errorf("%w: it cannot sign all inputs: are their keys elsewhere?", payout.ErrWallet)
	}
	return final.Hex, created.Fee, nil
}

// acceptable asks the node whether it would relay the transaction, so that
// one that cannot be sent is never stored.
func (w *Wallet) acceptable(ctx context.Context, tx string) error {
	const method = "testmempoolaccept"
	var verdicts []struct {
		Allowed bool   `json:"allowed"`
		Reason  string `json:"reject-reason"`
	}
	if err := w.client.Call(ctx, &verdicts, method, []string{tx}); err != nil {
		return refusal(err)
	}
	if len(verdicts) != 1 {
		return fmt.Errorf("%w: %d verdicts of %s", payout.ErrWallet, len(verdicts), method)
	}
	if v := verdicts[0]; !v.Allowed {
		return fmt.Errorf("%w: %s", relay(v.Reason), v.Reason)
	}
	return nil
}

// decodeHex reads a transaction in hexadecimal.
func decodeHex(text string) (tx *message, raw []byte, err error) {
	if raw, err = hex.DecodeString(text); err != nil {
		return nil, nil, err
	}
	tx, err = decode(raw)
	return tx, raw, err
}
