// Package bench measures how fast this machine does what the project promises
// to do fast, and returns the figures as documents with a versioned schema.
//
// A rate is in headers hashed a second (H/s) by the wall clock, and one header
// counts once, although it takes two or three SHA-256 compressions. The work
// is like that of real jobs, with rolled versions. Rounds of different
// candidates are interleaved, so that a disturbance hits more than one of
// them, and the median round counts.
package bench
