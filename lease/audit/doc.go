// Package audit goes through all that a provider has stored and checks that
// the parts agree with each other: the ledger with the hours that were settled,
// these with what was metered, that with the receipts, the receipts with the
// jobs, sealed ones with their leaves in the log, the jobs with the leases, and
// blocks with what was booked of them.
//
// Nothing that was computed once is believed. Sums are added up again from the
// receipts, limits are worked out anew from the terms, and all hours are
// settled once more, from the stored facts alone, into books in memory, which
// must be the stored ones to the byte.
//
// An audit may run while a node does. It looks at hours that are final, into
// which nothing comes any more; what only holds between two commits is left
// out, and listed as unchecked, if there was one meanwhile. Receipts are hashed
// once more as soon as they are sealed. Of batches that were thinned, it holds
// what the log commits to against the hours, and what is left against that.
package audit
