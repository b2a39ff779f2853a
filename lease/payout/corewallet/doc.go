// Package corewallet is the wallet of a node of the Bitcoin Core family, from
// Bitcoin Core 25 on, over JSON-RPC.
//
// A transaction is made by walletcreatefundedpsbt, which locks its inputs,
// walletprocesspsbt, which signs it, and finalizepsbt; then it is taken apart
// here: it must pay what was asked and no more, its change must be the
// wallet's, and its fee, computed from the transactions whose outputs it
// spends, within the limit. Nothing but sendrawtransaction sends it.
//
// Only coins with a confirmation are spent beside those that are asked for. A
// payout so never depends on another one that may yet be replaced.
package corewallet
