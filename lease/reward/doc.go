// Package reward splits the reward of a block over the work that leads to it.
//
// The scheme is TIDES (transparent index of distinct extended shares, by
// OCEAN): a block is shared by the newest work up to a window of several
// blocks' worth of work, each share by its own work. A share's place is its
// Seq in the log, never a time. The split of a block is the one that was
// frozen when its template was made, so the finding share is not in it.
//
// All arithmetic is exact: the parts of a reward always sum to it.
package reward
