// Package billing settles metered hours: what a lease was owed, what was
// proven, what it is charged, credited and paid for it.
//
// An hour is final once the node's heartbeat has reached its end, because no
// receipt comes into it any more. Final hours are settled one after the other,
// each of them once, as one lease.Settlement: the hours' figures, the ledger's
// transactions, what was decided as events, and of every lease the state that
// its next hour goes on from. All of it follows from what is stored, never
// from the moment at which it is computed, so that it does not matter to a
// satoshi when the node was restarted, or how many hours were settled at once.
// Money counts from the hour on in which it was prepaid.
//
// What is not final is estimated by settling it in memory alone.
package billing
