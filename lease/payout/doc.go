// Package payout brings coins to tenants through a wallet that the provider
// runs.
//
// A transaction is funded and signed first, stored second and sent third, so
// whatever was sent is known, and what it pays was taken out of what is
// available before it could leave. Sending again sends the same transaction. A
// crash between two steps leaves either a transaction that nobody has and
// whose coins are free again at the next pass, or a stored one that is sent
// then.
//
// Payouts form groups: one that was decided upon, whose number the ledger
// knows, and its replacements, which pay the same for a higher fee. Every
// replacement spends all coins of the first, so that of a group the chain lets
// at most one happen, in whatever order they were sent and whatever became of
// them. The group has one intent in the ledger, and it ends once: when any of
// its transactions is deep enough in the chain, or when none can ever be, since
// a transaction of somebody else has spent one of the coins, deeper still.
package payout
