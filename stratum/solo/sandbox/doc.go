// Package sandbox is a private SHA-256d coin inside the process: a chain that
// nobody else sees, for a first run without any coin node and for tests. Its
// coins are worth nothing.
//
// Every block is judged by btcd's consensus code under these rules: Bitcoin's,
// with segwit active from the start, and
//
//	easiest target     2^234, about 2^22 hashes a block
//	retarget           every 20 blocks, towards 20 s a block, at most by 4
//	minimum difficulty for a block more than 60 s after the one before; the
//	                   real difficulty survives in the first block of a period
//	maturity           10 confirmations
//	subsidy            50 coins, halved every 1 000 000 blocks
//	addresses          base58 with version 0x28 (key hash, "H…") and 0x64
//	                   (script hash, "h…"), bech32 with prefix "hl", and
//	                   "script:HEX", the output script itself
//
// There is no network and there are no transactions but those in blocks that
// are submitted.
//
// # Durability
//
// The blocks stand in an append-only log, synced before a block is judged and
// long before Submit returns. btcd's database beside it is a cache: it is
// used only when the last Close wrote that it matches the log, else it is
// deleted and rebuilt from the log. So a process may die at any point: a
// block that Submit took is there afterwards, and a torn record at the end of
// the log is cut off. A damaged one elsewhere is an error, and nothing is cut.
package sandbox
