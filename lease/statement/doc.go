// Package statement makes usage statements, and the bundles that prove them,
// from what is stored.
//
// Issue states what a lease was delivered, charged, credited and paid in a
// period, from settled hours, sealed receipts and the leaves of the provider's
// log, signs it and puts it into the log. Bundle collects everything that proves
// an issued statement, by a checkpoint that has its leaf.
//
// The package promises: the same store gives the same bytes, and a statement is
// issued anew, superseding the former one, only if what it says has changed; the
// additive figures of periods that follow one another are those of the whole;
// nothing is signed that does not add up (ErrMismatch); a kill at any moment
// leaves a statement with its leaf, or neither.
package statement
