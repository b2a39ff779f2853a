// Package auditor reads a provider's whole transparency log, which is public,
// and checks what no tenant can see from its own bundle: that every leaf is one
// that the format knows, that no two leases share a tag, that one coinbase is
// described in one way, that batches have no gaps and placements add up to
// them, and that no more was leased than was produced.
//
// The package promises: what it says follows from the leaves alone, in their
// order; every finding names a check and a leaf; leaves of any bytes are
// survived, and what is kept of them is bounded by what an honest log has.
package auditor
