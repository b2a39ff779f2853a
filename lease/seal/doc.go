// Package seal puts receipts into the provider's log, a batch for every lease
// and window of lease.BatchMs, and makes old batches smaller.
//
// A receipt is sealed when its window is over, or earlier when a statement is to
// rest on it. Before that it is hashed once more, as everybody who gets the
// batch does: one that is no proof of work is never sealed, but reported.
// Sealing goes on where it ended, however it ended, and any number of processes
// may do it at a time.
package seal
