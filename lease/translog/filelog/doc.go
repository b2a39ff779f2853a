// Package filelog keeps a transparency log in a directory, for logs that stand
// alone: a store that holds the facts themselves keeps their leaves beside
// them.
//
// The directory has three files. leaves holds frames, one for each Append, with
// checksums; it is only ever written at its end. hashes holds the tree's
// hashes, 32 bytes each, in the order of tlog.StoredHashIndex. checkpoint is
// the last signed one, replaced as a whole.
//
// The package promises: what Append returned without an error is there after
// a kill or a power loss at any moment, and an Append that was under way is
// there with all its leaves or with none. What is damaged otherwise is
// ErrCorrupt when the directory is opened, not taken for a torn end. One
// process at a time may have a directory open; the caller sees to that.
package filelog
