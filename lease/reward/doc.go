// Package reward says what work is paid, by each of the schemes that terms may
// name.
//
// TIDES (transparent index of distinct extended shares, by OCEAN) shares a
// block by the newest work up to a window of several blocks' worth of work,
// each share by its own work. PPLNS (pay per last N shares, in its unit-based
// form) shares it by the newest work up to X blocks' worth, each share by its
// part of a block when it was submitted. Solo gives it to its finder. A
// share's place is its Seq in the log, never a time. The split of a block is
// the one that was frozen when its template was made, so the finding share is
// not in it. Direct lays out a coinbase that pays a split itself.
//
// PPS and FPPS pay each share what it is worth on average, whether blocks are
// found or not: Earned sums it up from hour to hour, and Reserve is what the
// house must hold for it. JobValue tells a share's worth from a foreign pool's
// job.
//
// All arithmetic is in integers and exact, with every rounding written beside
// it: the parts of a reward, and the carry of a window not yet full, always
// sum to it.
package reward
