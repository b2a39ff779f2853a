// Package ledger makes the transactions of the provider's books, checks and
// exports them.
//
// The books are double entry in satoshi: a debit is positive, a credit
// negative, and every transaction sums to zero. What the provider has is under
// assets, what it owes to tenants under liab, its income under revenue, its
// costs under expense, and what waits for an owner under equity. A tenant has
// four accounts: prepaid, for each lease apart; pending until blocks mature;
// available for payouts; and inflight until those are confirmed. None of them
// is ever overdrawn. Nothing is ever changed: a mistake, or a block that leaves
// the chain, is booked again with the signs reversed.
//
// Transactions have an idempotency key, so that the same event is booked once.
// It begins with their kind, which says what accounts they use. The key of a
// block's event holds the block's hash and how often the block had come to the
// chain, because an orphan may return. What tenants were paid of a block that
// left the chain is the house's loss; when the block returns, the loss is
// recovered before anybody is paid, so that a tenant gets its part once.
//
// Check goes through all books; Export writes them for hledger, beancount and
// spreadsheets, whose sums are then somebody else's.
package ledger
