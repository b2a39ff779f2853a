package translog

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"
)

// Storage keeps a log. The leaves and the checkpoint are facts; the hashes
// follow from the leaves, and are kept so that they need not be made again.
//
// A store that holds other facts as well adds leaves in the transaction of what
// they are about, by ways of its own: a Log takes over whatever has been added
// when it signs next. Then only the order in which they became durable counts.
type Storage interface {
	Heads

	// Append adds leaves after those that are there, all or none, and returns
	// the index of the first. When it returns nil they survive a kill and a
	// power loss; when it returns an error, all or none are there after the
	// next start. It fails with ErrTooLarge.
	Append(ctx context.Context, entries []Entry) (first int64, err error)
	// Size is the number of durable leaves.
	Size(ctx context.Context) (int64, error)
	// Read calls do with each of n leaves from the index on, in order, until it
	// returns an error, which Read returns. do must not keep the entry's bytes.
	// A leaf that is not there is ErrNotFound.
	Read(ctx context.Context, from, n int64, do func(index int64, e Entry) error) error

	// PutHashes stores hashes from the storage index on (tlog.StoredHashIndex),
	// over those that are there. They need not be durable until the next
	// PutCheckpoint.
	PutHashes(ctx context.Context, first int64, hashes []tlog.Hash) error
	// Hashes returns the hashes with the storage indexes. One that was never
	// stored is ErrNotFound, or any hash.
	Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error)
}

// Heads keeps the last signed checkpoint. One beside the Storage, on another
// disk, shows that the Storage went back to an older state, which the
// checkpoint in it, gone back as well, cannot.
type Heads interface {
	// Checkpoint returns what was put last; nil before the first.
	Checkpoint(ctx context.Context) ([]byte, error)
	// PutCheckpoint replaces the checkpoint. When it returns nil, checkpoint
	// and hashes survive a kill and a power loss; else the former one or this
	// one is there after the next start.
	PutCheckpoint(ctx context.Context, signed []byte) error
}

// reader reads a Storage's hashes as the tlog package wants it.
func reader(ctx context.Context, s Storage) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return s.Hashes(ctx, indexes) })
}
