// Package sqlite keeps a lease.Store in one SQLite file.
//
// The file is in WAL mode and every commit is synced to the disk, so what was
// acknowledged survives a kill and a power loss. A Store has one connection
// that writes and others that read beside it; any number of processes may use
// the file at a time. What is final is so for every program that opens the
// file: triggers refuse to change receipts, templates, jobs, the ledger, events
// and settled hours, the terms of a lease and what a payout pays.
//
// Sums of receipts, by hour, lease, source and work, are kept as batches come,
// so that an hour is metered without reading its receipts. A batch is summed up
// in memory first and then written by one statement for each table, which reads
// Go values as a table of its own (feed).
//
// A damaged file is reported with its name and the way to mend it. The package
// never deletes or overwrites one.
package sqlite
