// Package rpc is the source of templates and judge of blocks that a coin node
// is, over JSON-RPC and HTTP: Bitcoin Core and its forks, btcd, and their
// Bitcoin Cash relatives such as bchd.
//
// What differs between them is met without configuration: requests carry
// "jsonrpc" and positional parameters (btcd asks for both), templates are
// asked for with the segwit rule (Core asks for it, the others ignore it),
// and the witness commitment may come whole, as a bare hash, or be missing.
//
// Several nodes of one chain may be given. The first one that answers is
// used, blocks go to all of them, and where they disagree about a block, the
// one with the higher chain is believed.
package rpc
