package bundle

import (
	"regexp"

	"github.com/hashlease/hashlease/lease/translog"
)

// The files of a bundle, in the order in which they must stand.
const (
	fileStatement = iota
	fileCheckpoint
	fileKeys
	fileLeaves
	fileOpenings
	fileProof
	fileGrowth
	fileTags
	fileSplits
	fileReceipts
	fileHeaders
	fileForks
	fileDerived
	numFiles
)

// tenantFile is the first file of a tenant's bundle; the others are in folders
// named after leases.
const tenantFile = "tenant.note"

// layout is what is known of a file beforehand.
type layout struct {
	name     string
	max      int64 // bytes; 0: as the whole bundle
	optional bool  // left out when it would be empty
}

// layouts has the files by their numbers.
func layouts() *[numFiles]layout {
	return &[numFiles]layout{
		fileStatement:  {"statement.note", MaxStatement, false},
		fileCheckpoint: {"checkpoint", translog.MaxCheckpoint, false},
		fileKeys:       {"keys.jsonl", 8 << 20, true},
		fileLeaves:     {"leaves.jsonl", 0, false},
		fileOpenings:   {"openings.jsonl", 64 << 20, false},
		fileProof:      {"log.proof", 16 << 20, false},
		fileGrowth:     {"growth.jsonl", 4 << 20, true},
		fileTags:       {"tags.jsonl", 64 << 20, false},
		fileSplits:     {"splits.jsonl", 64 << 20, true},
		fileReceipts:   {"receipts.bin", 0, false},
		fileHeaders:    {"headers.bin", 0, true},
		fileForks:      {"forks.bin", 1 << 20, true},
		fileDerived:    {"derived.json", 1 << 16, false},
	}
}

// Limits of a bundle, in bytes where nothing else is said.
const (
	// DefaultMaxBytes is the limit of all files unpacked where none is given: a
	// month of half a million receipts on fifty thousand jobs has a tenth of it.
	DefaultMaxBytes = 1 << 30
	MaxStatement    = 16 << 20 // a signed statement
	MaxRecord       = 80       // a record
	MaxBatch        = 1 << 17  // records of a batch

	maxBatchProof = 1<<16 - 1 // hashes beside the records of a thinned batch
	maxFiles      = 1<<16 - 1
	maxName       = 128
)

// leasePattern is what IDs of leases look like.
const leasePattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

// isLeaseID tells whether a folder may be named so.
func isLeaseID(s string) bool {
	ok, err := regexp.MatchString(leasePattern, s)
	return err == nil && ok
}
