// Package ledger makes the transactions of the provider's books and checks
// them.
//
// The books are double entry in satoshi: a debit is positive, a credit
// negative, and every transaction sums to zero. What the provider has is under
// assets, what it owes to tenants under liab, its income under revenue, its
// costs under expense. Nothing is ever changed: a mistake, or a block that
// leaves the chain, is booked again with the signs reversed.
//
// Transactions have an idempotency key, so that the same event is booked once.
// The key of a block's event holds the block's hash and how often the block
// had come to the chain, because an orphan may return.
package ledger
