package payout_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

// till is a wallet on a pretended chain. Every call passes a fault point
// before it is carried out and one after.
type till struct {
	*faults
	*chain
	locked map[lease.Outpoint]bool
	known  map[string]bool // transactions it was given to send
	refuse error           // what Broadcast says
}

func newTill(f *faults, c *chain) *till {
	return &till{faults: f, chain: c, locked: map[lease.Outpoint]bool{}, known: map[string]bool{}}
}

func read(raw []byte) *spend {
	var t spend
	if err := json.Unmarshal(raw, &t); err != nil {
		panic(err)
	}
	return &t
}

func (w *till) Fund(_ context.Context, r payout.Request) (payout.Signed, error) {
	return call(w.faults, func() (s payout.Signed, err error) {
		if err := r.Validate(); err != nil {
			return s, err
		}
		t := &spend{Fee: cmp.Or(r.Fee.SatPerKvB, 1000) / 5}
		want := t.Fee
		for _, out := range r.Outputs { // outputs to one script are merged
			want += out.Sat
			if i := slices.IndexFunc(t.Outs, func(o payout.Output) bool { return o.Address == out.Address }); i >= 0 {
				t.Outs[i].Sat += out.Sat
			} else {
				t.Outs = append(t.Outs, out)
			}
		}
		if t.Fee > r.Fee.MaxSat {
			return s, payout.ErrFee
		}
		have := int64(0)
		for _, in := range r.Inputs {
			if w.chain.depth(in.Txid) == 0 || w.spender(in) != "" {
				return s, payout.ErrInputs
			}
			t.Ins = append(t.Ins, in)
			have += w.value(in)
		}
		for _, o := range w.coins(true) {
			if have < want && !w.locked[o] && !slices.Contains(t.Ins, o) {
				t.Ins = append(t.Ins, o)
				have += w.value(o)
			}
		}
		if have < want {
			return s, fmt.Errorf("%w: %d of %d", payout.ErrFunds, have, want)
		}
		if have > want {
			t.Outs = append(t.Outs, payout.Output{Address: own, Sat: have - want})
		}
		for _, id := range w.rivals(t) {
			if w.txs[id].Fee >= t.Fee {
				return s, payout.ErrConflict
			}
		}
		w.name(t)
		delete(w.txs, t.ID) // nobody has it yet
		for _, in := range t.Ins {
			w.locked[in] = true
		}
		return payout.Signed{Txid: t.ID, Raw: t.raw(), FeeSat: t.Fee, ChangeSat: have - want, Inputs: t.Ins}, nil
	})
}

func (w *till) Broadcast(_ context.Context, raw []byte) error {
	_, err := call(w.faults, func() (any, error) {
		t := read(raw)
		if s := w.status(t); s.State == payout.Confirmed || s.State == payout.InMempool {
			return nil, nil
		}
		if w.refuse != nil {
			return nil, w.refuse
		}
		w.known[t.ID] = true
		if err := w.accept(t); err != nil {
			return nil, err
		}
		for _, in := range t.Ins {
			delete(w.locked, in)
		}
		return nil, nil
	})
	return err
}

func (w *till) Status(_ context.Context, raw []byte) (payout.Status, error) {
	return call(w.faults, func() (payout.Status, error) { return w.status(read(raw)), nil })
}

func (w *till) status(t *spend) payout.Status {
	confirmed := func(id string) payout.Status {
		depth := w.chain.depth(id)
		height := int64(len(w.blocks)) - depth
		return payout.Status{State: payout.Confirmed, Depth: depth, Txid: id, Height: height, Block: fmt.Sprint(height)}
	}
	for _, id := range slices.Sorted(maps.Keys(w.txs)) {
		if w.txs[id].Of == t.ID && w.chain.depth(id) > 0 {
			return confirmed(id)
		}
	}
	if slices.Contains(w.mempool, t.ID) {
		return payout.Status{State: payout.InMempool}
	}
	for _, in := range t.Ins {
		if id := w.spender(in); id != "" {
			return w.compare(t, id)
		}
		if source := w.txs[in.Txid]; w.chain.depth(in.Txid) == 0 && source != nil {
			if s := w.status(source); s.State == payout.Conflicted || s.Txid != source.ID && s.Txid != "" {
				return payout.Status{State: payout.Conflicted, Depth: s.Depth}
			}
		}
	}
	if w.known[t.ID] {
		return payout.Status{State: payout.Dropped}
	}
	return payout.Status{State: payout.Unknown}
}

// compare is the status of a transaction by one that spends a coin of it.
func (w *till) compare(t *spend, id string) payout.Status {
	s := payout.Status{State: payout.Conflicted, Depth: w.chain.depth(id), Txid: id, PaysAll: true}
	for _, out := range t.Outs {
		if out.Address == own {
			continue
		}
		s.PaysAll = s.PaysAll && slices.Contains(w.txs[id].Outs, out)
		s.PaysSome = s.PaysSome || slices.ContainsFunc(w.txs[id].Outs, func(o payout.Output) bool { return o.Address == out.Address })
	}
	if s.PaysAll {
		s.FeeSat = w.txs[id].Fee
	}
	return s
}

func (w *till) Unlock(_ context.Context, inputs []lease.Outpoint) error {
	_, err := call(w.faults, func() (any, error) {
		for _, in := range inputs {
			delete(w.locked, in)
		}
		return nil, nil
	})
	return err
}

func (w *till) Relock(_ context.Context, inputs []lease.Outpoint) error {
	_, err := call(w.faults, func() (any, error) {
		clear(w.locked)
		free := w.coins(true)
		for _, in := range inputs {
			if slices.Contains(free, in) {
				w.locked[in] = true
			}
		}
		return nil, nil
	})
	return err
}

func (w *till) Balance(context.Context) (payout.Balance, error) {
	return call(w.faults, func() (b payout.Balance, err error) {
		for _, o := range w.coins(true) {
			b.SpendableSat += w.value(o)
		}
		return b, nil
	})
}
