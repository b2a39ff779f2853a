// Package sqlite keeps a lease.Store in one SQLite file.
//
// The file is in WAL mode and every commit is synced to the disk, so what was
// acknowledged survives a kill and a power loss. A Store has one connection
// that writes and others that read beside it; any number of processes may use
// the file at a time. Receipts, templates, jobs and the ledger are append-only:
// triggers refuse to change them.
//
// A damaged file is reported with its name and the way to mend it. The package
// never deletes or overwrites one.
package sqlite
