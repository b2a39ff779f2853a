package filelog

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// Names of the files.
const (
	leavesFile     = "leaves"
	hashesFile     = "hashes"
	checkpointFile = "checkpoint"
)

// Store is a translog.Storage in a directory.
type Store struct {
	Heads
	leaves, hashes file

	mu     sync.RWMutex
	frames []frame // that are durable, in order
	size   int64   // number of leaves
	end    int64   // of the last frame, bytes
	broken error   // why nothing can be added any more
}

// frame is where one is.
type frame struct {
	at     int64 // in the file, bytes
	header header
}

var _ translog.Storage = (*Store)(nil)

// Open opens the log in a directory, which must be there, and makes a new one in
// an empty directory. What a kill or a power loss left half-written is taken
// away; it was never acknowledged. It fails with translog.ErrCorrupt.
func Open(dir string) (*Store, error) {
	s, err := open(osDir(dir))
	if err != nil {
		return nil, fmt.Errorf("log in %s: %w", dir, err)
	}
	return s, nil
}

func open(d fileSystem) (_ *Store, err error) {
	s := &Store{Heads: Heads{d, checkpointFile}}
	if s.leaves, err = d.Open(leavesFile); err != nil {
		return nil, err
	}
	if s.hashes, err = d.Open(hashesFile); err != nil {
		return nil, errors.Join(err, s.leaves.Close())
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := d.Sync(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close closes the files.
func (s *Store) Close() error { return errors.Join(s.leaves.Close(), s.hashes.Close()) }

// Append implements translog.Storage.
func (s *Store) Append(ctx context.Context, entries []translog.Entry) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, s.broken
	}
	if len(entries) == 0 {
		return s.size, nil
	}
	b, err := encodeFrame(s.size, entries)
	if err != nil {
		return 0, err
	}
	if _, err := s.leaves.WriteAt(b, s.end); err != nil {
		// A full disk, say: the file is as before, and may be written again.
		if undo := errors.Join(s.leaves.Truncate(s.end), s.leaves.Sync()); undo != nil {
			s.broken = fmt.Errorf("log is read-only until it is opened again: %w", errors.Join(err, undo))
		}
		return 0, err
	}
	if err := s.leaves.Sync(); err != nil {
		// What the disk has now, nobody knows.
		s.broken = fmt.Errorf("log is read-only until it is opened again: %w", err)
		return 0, s.broken
	}
	first := s.size
	f := frame{s.end, header{first, len(entries), len(b) - headerSize - trailerSize}}
	s.frames = append(s.frames, f)
	s.size += int64(len(entries))
	s.end += int64(len(b))
	return first, nil
}

// Size implements translog.Storage.
func (s *Store) Size(context.Context) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.size, nil
}

// Read implements translog.Storage.
func (s *Store) Read(ctx context.Context, from, n int64, do func(int64, translog.Entry) error) error {
	s.mu.RLock()
	frames, size := s.frames, s.size
	s.mu.RUnlock()
	if from < 0 || n < 0 || from+n > size {
		return fmt.Errorf("leaves from %d to %d: %w: there are %d", from, from+n, translog.ErrNotFound, size)
	}
	i := sort.Search(len(frames), func(i int) bool { return frames[i].header.first > from }) - 1
	for ; n > 0; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := frames[i]
		entries, err := s.readFrame(f)
		if err != nil {
			return err
		}
		for _, e := range entries[from-f.header.first:] {
			if n == 0 {
				break
			}
			if err := do(from, e); err != nil {
				return err
			}
			from++
			n--
		}
	}
	return nil
}

func (s *Store) readFrame(f frame) ([]translog.Entry, error) {
	b := make([]byte, f.header.payload+trailerSize)
	if _, err := s.leaves.ReadAt(b, f.at+int64(headerSize)); err != nil {
		return nil, err
	}
	entries, ok := decodePayload(f.header, b)
	if !ok {
		return nil, fmt.Errorf("%s at byte %d: %w: the frame of leaf %d is not what was written", leavesFile, f.at, translog.ErrCorrupt, f.header.first)
	}
	return entries, nil
}

// PutHashes implements translog.Storage.
func (s *Store) PutHashes(_ context.Context, first int64, hashes []tlog.Hash) error {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	_, err := s.hashes.WriteAt(b, first*tlog.HashSize)
	return err
}

// PutCheckpoint implements translog.Heads.
func (s *Store) PutCheckpoint(ctx context.Context, signed []byte) error {
	if err := s.hashes.Sync(); err != nil {
		return err
	}
	return s.Heads.PutCheckpoint(ctx, signed)
}

// Hashes implements translog.Storage. Runs of indexes are read at once.
func (s *Store) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i := 0; i < len(indexes); {
		run := 1
		for i+run < len(indexes) && indexes[i+run] == indexes[i]+int64(run) {
			run++
		}
		b := make([]byte, run*tlog.HashSize)
		if n, err := s.hashes.ReadAt(b, indexes[i]*tlog.HashSize); n < len(b) {
			return nil, fmt.Errorf("hash %d: %w: %w", indexes[i]+int64(n/tlog.HashSize), translog.ErrNotFound, err)
		}
		for j := range run {
			hashes[i+j] = tlog.Hash(b[j*tlog.HashSize:])
		}
		i += run
	}
	return hashes, nil
}
