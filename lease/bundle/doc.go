// Package bundle holds the usage statement of a lease, the file that proves it,
// and the verifier that checks that file offline without trusting anybody.
//
// A Statement is what a lease was delivered, charged, credited and paid in a
// period, signed by the provider. A bundle is one zip file with a statement, the
// leaves of the provider's log that it rests on, the receipts that its batches
// commit to, the proofs that all of it is in the log of one signed checkpoint,
// and the block headers of the period. Verify re-hashes it. How a share proves
// work is package receipt's; FORMAT.md beside this file says everything that
// another verifier needs.
//
// The package promises: one reading of every document (canonical JSON, any other
// spelling is refused); no float decides anything; reading foreign bytes never
// panics and is bounded in memory; every check is reported by itself, with what
// was compared, and what could not be checked is said.
package bundle
