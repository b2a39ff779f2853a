package bundle

import (
	"errors"
	"slices"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/stratum/work"
)

// checkBlocks looks for blocks of the lease on the chain that no leaf tells of,
// and whether the headers are the chain's.
func (v *verifier) checkBlocks() {
	switch {
	case v.Chain == nil:
		v.skip("chain", "that no block of the lease's was left out, and that the headers are the chain's: give a coin node to ask")
	case v.d.files[fileHeaders] == nil && slices.ContainsFunc(v.jobs, func(j jobLeaf) bool { return !j.pool }):
		v.report("chain", errors.New("there are no headers in the bundle, but jobs on blocks of the house: a node that makes these sees the chain, and without its headers nobody knows where to look for hidden blocks"), "")
	case v.d.files[fileHeaders] == nil:
		v.skip("chain", "that no block of the lease's was left out: without headers in the bundle nobody knows which to look at")
	default:
		c, err := v.scanChain()
		v.report("chain", err, "%d headers are those of your coin node; of these blocks and %d around them %d have the lease's tag and a leaf, and none that has to has no leaf", c.headers, int64(len(c.times))-c.headers, c.found)
	}
}

// tagged tells whether a coinbase has the lease's tag in the place of the
// house's.
func (v *verifier) tagged(coinbase []byte) bool {
	c, err := work.ParseCoinbase(coinbase)
	if err != nil {
		return false
	}
	tag, err := receipt.FindTag(c.ScriptSig)
	return err == nil && receipt.B16(tag) == v.s.Tag
}
