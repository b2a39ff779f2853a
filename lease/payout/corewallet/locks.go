package corewallet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// releaseTimeout bounds how long locks are freed after a Fund that did not
// work, in whose context there may be no time left.
const releaseTimeout = 10 * time.Second

// Unlock frees coins for other transactions.
func (w *Wallet) Unlock(ctx context.Context, inputs []lease.Outpoint) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	have, err := w.locks(ctx)
	if err != nil {
		return err
	}
	return w.unlock(ctx, common(have, inputs))
}

// Relock locks just the given coins.
func (w *Wallet) Relock(ctx context.Context, inputs []lease.Outpoint) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	have, err := w.locks(ctx)
	if err != nil {
		return err
	}
	if err := w.unlock(ctx, without(have, inputs)); err != nil {
		return err
	}
	for _, in := range without(inputs, have) {
		err := w.setLock(ctx, false, []lease.Outpoint{in})
		if code, words, ok := rpc.Refusal(err); ok && code == codeParameter &&
			(strings.Contains(words, "expected unspent output") || strings.Contains(words, "already locked")) {
			continue // it was sent
		}
		if err != nil {
			return fmt.Errorf("lock of %s:%d: %w", in.Txid, in.Vout, refusal(err))
		}
	}
	w.lost, w.before = false, nil
	return nil
}

// locks returns the coins that are locked.
func (w *Wallet) locks(ctx context.Context) (locked []lease.Outpoint, err error) {
	if err := w.client.Call(ctx, &locked, "listlockunspent"); err != nil {
		return nil, refusal(err)
	}
	return locked, nil
}

// unlock frees locked coins. The node refuses all of them when one was spent,
// so they are then tried one by one.
func (w *Wallet) unlock(ctx context.Context, locked []lease.Outpoint) error {
	if len(locked) == 0 {
		return nil
	}
	err := w.setLock(ctx, true, locked)
	code, _, ok := rpc.Refusal(err)
	switch {
	case !ok || code != codeParameter:
		if err != nil {
			return refusal(err)
		}
		return nil
	case len(locked) == 1:
		return nil // spent: its lock means nothing
	}
	for _, in := range locked {
		if err := w.unlock(ctx, []lease.Outpoint{in}); err != nil {
			return err
		}
	}
	return nil
}

// setLock frees or locks coins, all of them or none.
func (w *Wallet) setLock(ctx context.Context, free bool, coins []lease.Outpoint) error {
	var done bool
	if err := w.client.Call(ctx, &done, "lockunspent", free, coins); err != nil {
		return err
	}
	if !done {
		return fmt.Errorf("%w: the node did not change the locks", payout.ErrWallet)
	}
	return nil
}

// settle frees what an earlier Fund may have left locked, and returns the
// locks that there are. w.mu is held.
func (w *Wallet) settle(ctx context.Context) ([]lease.Outpoint, error) {
	have, err := w.locks(ctx)
	if err != nil || !w.lost {
		return have, err
	}
	if err := w.unlock(ctx, without(have, w.before)); err != nil {
		return nil, err
	}
	have = common(have, w.before)
	w.lost, w.before = false, nil
	return have, nil
}

// release frees the locks that were not there before a Fund that did not work,
// now or before the next one. w.mu is held.
func (w *Wallet) release(ctx context.Context, before []lease.Outpoint) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	w.lost, w.before = true, before
	w.settle(ctx) // on an error the next Fund tries again
}

// without returns the elements of a that are not in b.
func without(a, b []lease.Outpoint) []lease.Outpoint {
	return slices.DeleteFunc(slices.Clone(a), set(b))
}

// common returns the elements of a that are in b.
func common(a, b []lease.Outpoint) []lease.Outpoint {
	in := set(b)
	return slices.DeleteFunc(slices.Clone(a), func(o lease.Outpoint) bool { return !in(o) })
}

func set(outpoints []lease.Outpoint) func(lease.Outpoint) bool {
	m := make(map[lease.Outpoint]bool, len(outpoints))
	for _, o := range outpoints {
		m[o] = true
	}
	return func(o lease.Outpoint) bool { return m[o] }
}
