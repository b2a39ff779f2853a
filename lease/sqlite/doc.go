// Package sqlite keeps a lease.Store in one SQLite file.
//
// The file is in WAL mode and every commit is synced to the disk, so what was
// acknowledged survives a kill and a power loss. A Store has one connection
// that writes and others that read beside it; any number of processes may use
// the file at a time. What is final is so for every program that opens the
// file: triggers refuse to change receipts, templates, jobs, the ledger, events,
// settled hours and the log, the terms of a lease and what a payout pays.
//
// Receipts stay rows until they are sealed: then those of a lease and window
// become one blob, beside the leaf of the log that commits to them, and are read
// from there in the same order. What is sealed leaves its pages to what comes.
//
// Sums of receipts, by hour, lease, source and work, are kept as batches come,
// so that an hour is metered without reading its receipts. A batch is summed up
// in memory first and then written by one statement for each table, which reads
// Go values as a table of its own (feed).
//
// The transparency log is in the same file: every method that writes a fact adds
// its leaves in the same transaction, the tag map's among them, and Log gives the
// log to whoever signs for it.
//
// A damaged file is reported with its name and the way to mend it. The package
// never deletes or overwrites one.
package sqlite
