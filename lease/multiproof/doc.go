// Package multiproof proves, with one list of hashes, that several leaves are
// in a Merkle tree as RFC 6962 builds it: leaves of a log under its checkpoint,
// the first receipts of a batch under its root.
//
// A proof is made, and used up, going down the tree from its root: a part of n
// leaves is split at the largest power of two below n, the left part is taken
// before the right one, a part without any of the leaves gives its hash to the
// list, and a single leaf is its own. So a proof has one form, and one that
// has a hash too few or too many is refused.
package multiproof
