// Package payout brings coins to tenants through a wallet that the provider
// runs.
//
// A transaction is funded and signed first, stored second and sent third, so
// whatever was sent is known. Sending again sends the same transaction, and a
// transaction that takes another's place spends one of its inputs: the chain
// itself then lets only one of them happen. A payout can be given up only when
// another transaction has spent an input of it.
package payout
