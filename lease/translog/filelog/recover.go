package filelog

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hashlease/hashlease/lease/translog"
)

// scanChunk is how much is searched at once for a frame after a torn one.
const scanChunk = 1 << 20

// recover reads all frames and takes a torn one from the end. Since a frame is
// durable before the next is begun, only the last can be torn: a whole frame
// after one that is not whole is damage.
func (s *Store) recover() error {
	length, err := s.leaves.Size()
	if err != nil {
		return err
	}
	for s.end < length {
		h, whole, err := s.checkFrame(s.end, length)
		if err != nil {
			return err
		}
		if !whole {
			break
		}
		if h.first != s.size {
			return fmt.Errorf("%s at byte %d: %w: leaf %d follows leaf %d", leavesFile, s.end, translog.ErrCorrupt, h.first, s.size-1)
		}
		s.frames = append(s.frames, frame{s.end, h})
		s.size += int64(h.leaves)
		s.end += h.size()
	}
	if s.end == length {
		return nil
	}
	at, found, err := s.findFrame(s.end+1, length)
	if err != nil {
		return err
	}
	if found {
		return fmt.Errorf("%s at byte %d: %w: no whole frame, and one follows at byte %d: bring the file back", leavesFile, s.end, translog.ErrCorrupt, at)
	}
	return errors.Join(s.leaves.Truncate(s.end), s.leaves.Sync())
}

// checkFrame tells whether there is a whole frame.
func (s *Store) checkFrame(at, length int64) (h header, whole bool, err error) {
	b, err := s.readUpTo(at, int64(headerSize), length)
	if err != nil {
		return h, false, err
	}
	h, whole = decodeHeader(b)
	if !whole || at+h.size() > length {
		return h, false, nil
	}
	if b, err = s.readUpTo(at+int64(headerSize), int64(h.payload+trailerSize), length); err != nil {
		return h, false, err
	}
	_, whole = decodePayload(h, b)
	return h, whole, nil
}

// findFrame searches for a whole frame.
func (s *Store) findFrame(from, length int64) (at int64, found bool, err error) {
	for from < length {
		b, err := s.readUpTo(from, scanChunk, length)
		if err != nil {
			return 0, false, err
		}
		i := bytes.Index(b, []byte(magic))
		if i < 0 {
			if from+int64(len(b)) == length {
				return 0, false, nil
			}
			from += int64(len(b) - len(magic) + 1)
			continue
		}
		at := from + int64(i)
		if _, whole, err := s.checkFrame(at, length); whole || err != nil {
			return at, whole, err
		}
		from = at + 1
	}
	return 0, false, nil
}

// readUpTo reads n bytes, or those that there are.
func (s *Store) readUpTo(at, n, length int64) ([]byte, error) {
	b := make([]byte, min(n, length-at))
	if k, err := s.leaves.ReadAt(b, at); k < len(b) && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}
