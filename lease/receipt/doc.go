// Package receipt holds the documents by which a tenant checks what a lease
// delivered, and rebuilds and judges the shares that prove it. It needs nothing
// but the standard library, trees as packages tlog and multiproof have them, the
// hashing and share rules of packages miner and work, and the words of lease, so
// that it can be audited by itself. FORMAT.md beside this file says the same for writers of
// another verifier.
//
// A Template is the public document of a block that leases work on; with a
// lease's tag in its coinbase it becomes a job. It is a block of the house, or
// the job of a foreign pool; then the coinbase pays whom the pool pays. A Record
// is a receipt: a share of such a job. Whoever has both can rebuild the 80-byte
// header, hash it, and see that the work was done, and for whom. Receipts of a
// window make a batch, whose root stands in the log.
//
// What a house's block pays, and to whom, is in its template and the Split that
// it names, and the coinbase commits to that: one coinbase has one document.
//
// The package promises: one reading of every document (canonical JSON, any
// other spelling is refused); one place for the tag, found by parsing; the
// rules that make work (Template.Issue, work.Issue) are those that judge it; no
// float decides anything; reading foreign bytes never panics and is bounded.
package receipt
