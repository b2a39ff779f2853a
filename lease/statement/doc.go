// Package statement makes a lease's statement, and the bundle that proves it,
// from what the node has stored, and writes the statement for people.
//
// Build promises that the bundle it signs passes receipt.Verify, or it gives
// an error: figures are added up from the receipts themselves, the books must
// agree with the blocks, and a lease without anything to state yet is
// ErrNothing, never an empty paper with a signature on it. The node may be at
// work meanwhile: the end of the period is its last durable heartbeat, fixed
// before anything is read.
//
// Text is the statement on paper; its canonical JSON is
// receipt.Statement.Encode, its proof receipt.Bundle.Encode.
package statement
