package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

// wallet pretends to be one with coins without end, on a chain with a block
// every ten minutes, behind a connection that fails now and then.
type wallet struct {
	now  func() int64
	rng  *rand.Rand
	n    uint64
	sent map[string]int64 // when, by raw transaction
}

var errLine = errors.New("connection lost")

// Fund implements payout.Wallet.
func (w *wallet) Fund(_ context.Context, r payout.Request) (payout.Signed, error) {
	if err := r.Validate(); err != nil {
		return payout.Signed{}, err
	}
	w.n++
	raw := binary.BigEndian.AppendUint64([]byte("transaction "), w.n)
	id := sha256.Sum256(raw)
	text := hex.EncodeToString(id[:])
	coin := sha256.Sum256(id[:])
	return payout.Signed{Txid: text, Raw: raw, FeeSat: 200 + int64(w.n%100), Inputs: []lease.Outpoint{{Txid: hex.EncodeToString(coin[:])}}}, nil
}

// Broadcast implements payout.Wallet.
func (w *wallet) Broadcast(_ context.Context, raw []byte) error {
	if w.rng.IntN(4) == 0 {
		return errLine
	}
	if _, ok := w.sent[string(raw)]; !ok {
		w.sent[string(raw)] = w.now()
	}
	if w.rng.IntN(8) == 0 {
		return errLine // the answer was lost
	}
	return nil
}

// Status implements payout.Wallet.
func (w *wallet) Status(_ context.Context, raw []byte) (payout.Status, error) {
	at, ok := w.sent[string(raw)]
	id := sha256.Sum256(raw)
	depth := (w.now() - at) / (10 * minute)
	switch {
	case !ok:
		return payout.Status{State: payout.Unknown}, nil
	case raw[len(raw)-1]%16 == 15: // an input was spent otherwise
		return payout.Status{State: payout.Conflicted, Depth: depth}, nil
	case depth < 1:
		return payout.Status{State: payout.InMempool}, nil
	}
	return payout.Status{State: payout.Confirmed, Depth: depth, Txid: hex.EncodeToString(id[:]), Height: at / (10 * minute)}, nil
}

// Unlock implements payout.Wallet.
func (w *wallet) Unlock(context.Context, []lease.Outpoint) error { return nil }

// Relock implements payout.Wallet.
func (w *wallet) Relock(context.Context, []lease.Outpoint) error { return nil }

// Balance implements payout.Wallet.
func (w *wallet) Balance(context.Context) (payout.Balance, error) {
	return payout.Balance{SpendableSat: lease.MaxSat}, nil
}

// pay makes a pass of payouts.
func (x *sim) pay() {
	x.Helper()
	_, err := x.payer.Run(x.ctx)
	if !errors.Is(err, errLine) {
		x.ok(err)
	}
}
