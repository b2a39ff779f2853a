// Package bench measures how fast this machine does what the project promises
// to do fast, and returns the figures as documents with a versioned schema.
//
// A rate is in headers hashed a second (H/s), and one header counts once,
// although it takes two or three SHA-256 compressions. The rate delivered is
// the one by the wall clock. Beside it stands the rate by the processor time
// of the thread, which programs that run at the same time change less: ratios
// and cycles are taken from it. Rounds of different candidates are
// interleaved, so that a disturbance hits more than one of them, and the
// median round counts.
//
// The headers are derived from a seed and nothing else, and the hits found in
// them are part of the document, so that anybody can check that the hashes
// were made: [CheckKernels]. FORMAT.md specifies the document and says what
// it proves and what it does not; ENGINE.md, STRATUM.md, LEDGER.md and VERIFY.md
// specify those of the other measurements.
package bench
