// Package receipt holds the documents by which a tenant checks what a lease
// delivered, and the verifier that checks them without trusting anybody. It
// needs nothing but the standard library, the hashing and share rules of miner
// and stratum, and the words of lease, so that it can be audited by itself.
// FORMAT.md beside this file says the same for writers of another verifier.
//
// A Template is the public document of a block that leases work on; with a
// lease's tag in its coinbase it becomes a job. A Receipt is a share of such a
// job: whoever has both can rebuild the 80-byte header, hash it, and see that
// the work was done, and for whom. A template is a block of the house, or the
// job of a foreign pool that a tenant mines for; then the coinbase pays whom
// the pool pays, and whose account it credits no share can prove: the report
// says so. A Statement says what receipts add up to,
// signed by the provider. A Bundle is one file with a statement and all that
// proves it, and Verify re-hashes it.
//
// What a house's block pays, and to whom, is in its template, and the coinbase
// commits to that: one coinbase has one document.
//
// The package promises: one reading of every document (canonical JSON, any
// other spelling is refused); one place for the tag, found by parsing; the
// code that makes work (Template.Issue, stratum.Issue) is the code that judges
// it; no float decides anything; reading foreign bytes never panics and is
// bounded in size. The confidence interval is the only figure computed with
// floats; it stands outside what is signed, rounded outward.
package receipt
