package payout_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

// own is the address of the wallet's coins.
const own = "own"

// spend is a transaction on a pretended chain.
type spend struct {
	ID   string
	Of   string // the transaction whose signatures it has changed, else ID
	Ins  []lease.Outpoint
	Outs []payout.Output
	Fee  int64
}

func (t *spend) raw() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return b
}

// chain is a chain with a mempool, where the rules of coins hold.
type chain struct {
	serial  int
	txs     map[string]*spend
	blocks  [][]string
	mempool []string // what comes first can be mined first
}

func newChain(coins ...int64) *chain {
	c := &chain{txs: map[string]*spend{}, blocks: [][]string{{}}}
	for _, sat := range coins {
		t := &spend{Outs: []payout.Output{{Address: own, Sat: sat}}}
		c.name(t)
		c.blocks[0] = append(c.blocks[0], t.ID)
	}
	return c
}

// name gives a transaction an id.
func (c *chain) name(t *spend) {
	c.serial++
	t.ID = fmt.Sprintf("%064x", c.serial)
	if t.Of == "" {
		t.Of = t.ID
	}
	c.txs[t.ID] = t
}

// depth of a transaction in the chain, 0 when it is in none.
func (c *chain) depth(id string) int64 {
	for h, block := range c.blocks {
		if slices.Contains(block, id) {
			return int64(len(c.blocks) - h)
		}
	}
	return 0
}

// spender of a coin in the chain, "" for none.
func (c *chain) spender(in lease.Outpoint) string {
	for _, block := range c.blocks {
		for _, id := range block {
			if slices.Contains(c.txs[id].Ins, in) {
				return id
			}
		}
	}
	return ""
}

// spendable reports whether all inputs are coins in the chain, or of the
// mempool where those count.
func (c *chain) spendable(t *spend, pooled bool) bool {
	for _, in := range t.Ins {
		there := c.depth(in.Txid) > 0 || pooled && slices.Contains(c.mempool, in.Txid)
		if !there || c.spender(in) != "" {
			return false
		}
	}
	return true
}

// accept takes a transaction into the mempool, in the place of those it
// conflicts with when it pays more.
func (c *chain) accept(t *spend) error {
	if slices.Contains(c.mempool, t.ID) {
		return nil
	}
	if !c.spendable(t, true) {
		return payout.ErrInputs
	}
	conflicts := c.rivals(t)
	var fees int64
	for _, id := range conflicts {
		fees += c.txs[id].Fee
	}
	if len(conflicts) > 0 && t.Fee <= fees {
		return payout.ErrConflict
	}
	c.txs[t.ID] = t
	c.mempool = append(slices.DeleteFunc(c.mempool, func(id string) bool { return slices.Contains(conflicts, id) }), t.ID)
	c.purge()
	return nil
}

// rivals are those in the mempool that spend the same coins.
func (c *chain) rivals(t *spend) (ids []string) {
	for _, id := range c.mempool {
		if slices.ContainsFunc(c.txs[id].Ins, func(in lease.Outpoint) bool { return slices.Contains(t.Ins, in) }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// purge drops from the mempool what cannot be mined any more.
func (c *chain) purge() {
	for before := -1; before != len(c.mempool); {
		before = len(c.mempool)
		c.mempool = slices.DeleteFunc(c.mempool, func(id string) bool {
			return c.depth(id) > 0 || !c.spendable(c.txs[id], true)
		})
	}
}

// mine makes a block of those that take selects.
func (c *chain) mine(take func(id string) bool) {
	c.blocks = append(c.blocks, nil)
	block := &c.blocks[len(c.blocks)-1]
	for _, id := range slices.Clone(c.mempool) {
		if take(id) && c.spendable(c.txs[id], false) {
			*block = append(*block, id)
		}
	}
	c.purge()
}

// reorg orphans the last n blocks. What was in them returns to the mempool
// where it may, or is forgotten.
func (c *chain) reorg(n int, keep bool) {
	var ids []string
	for _, block := range c.blocks[len(c.blocks)-n:] {
		ids = append(ids, block...)
	}
	c.blocks = c.blocks[:len(c.blocks)-n]
	c.purge()
	for _, id := range ids {
		if keep {
			_ = c.accept(c.txs[id])
		}
	}
	c.purge()
}

// received is what an address has got in the chain.
func (c *chain) received(ours func(address string) bool) (sat int64) {
	for _, block := range c.blocks {
		for _, id := range block {
			for _, out := range c.txs[id].Outs {
				if ours(out.Address) {
					sat += out.Sat
				}
			}
		}
	}
	return sat
}

// coins are the wallet's in the chain that no transaction spends, by name.
func (c *chain) coins(pooled bool) (all []lease.Outpoint) {
	spent := make(map[lease.Outpoint]bool)
	for _, block := range append(slices.Clone(c.blocks), map[bool][]string{true: c.mempool}[pooled]) {
		for _, id := range block {
			for _, in := range c.txs[id].Ins {
				spent[in] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.txs)) {
		for i, out := range c.txs[id].Outs {
			o := lease.Outpoint{Txid: id, Vout: uint32(i)}
			if out.Address == own && c.depth(id) > 0 && !spent[o] {
				all = append(all, o)
			}
		}
	}
	return all
}

func (c *chain) value(o lease.Outpoint) int64 { return c.txs[o.Txid].Outs[o.Vout].Sat }
