// Package solo makes jobs from our own block templates and brings the blocks
// found on them into the chain.
//
// A [Node] gives a [Template]: what a block on the present tip may hold.
// [BuildJob] adds a coinbase that pays exactly the template's value and turns
// it into a job for workers. A share that meets the network's target becomes
// a block with [AssembleBlock], and [Adopt] submits it and believes only what
// the node's best chain shows afterwards. [Follow] watches the node for new
// templates.
//
// The input script of our coinbases has one layout, in which the tag of a
// lease is found by parsing alone:
//
//	push of the height (BIP34)
//	0x10, 16 bytes: tag
//	0x20, 32 bytes: what the coinbase commits to, its maker's business
//	0x06, 2 bytes: extranonce1, 4 bytes: extranonce2
//	0x0b, "/hashlease/"
//
// Implementations of Node: package rpc speaks to a coin node, package sandbox
// is a private coin inside the process.
package solo
