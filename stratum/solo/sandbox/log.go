package sandbox

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/miner"
)

// The block log: a head of logMagic and the genesis hash, then one record a
// block: length and CRC-32C of the block, 4 bytes each, little-endian, and
// the block.
const (
	logMagic      = "HLBLOCK1"
	logHead       = int64(len(logMagic) + 32)
	recordHead    = 8
	maxBlockBytes = 4_000_000 // the network's own limit
)

// errForeignLog says that a log belongs to a chain of other rules.
var errForeignLog = errors.New("the block log belongs to a sandbox coin with other rules; use another directory or delete it")

// blockLog is the append-only file of all blocks ever taken, in the order of
// their arrival.
type blockLog struct {
	f    *os.File
	size int64 // bytes that hold whole records
}

// openLog opens or creates the log in dir. A torn record at the end is cut off
// and its size returned; a damaged one before whole records is an error.
func openLog(dir string, genesis miner.Hash) (l *blockLog, cut int64, err error) {
	f, err := os.OpenFile(filepath.Join(dir, "blocks.log"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	l = &blockLog{f: f}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	head := append([]byte(logMagic), genesis[:]...)
	have := make([]byte, min(info.Size(), logHead))
	if _, err := f.ReadAt(have, 0); err != nil && err != io.EOF {
		return nil, 0, err
	}
	if !bytes.HasPrefix(head, have) {
		return nil, 0, fmt.Errorf("%s: %w", f.Name(), errForeignLog)
	}
	if len(have) < len(head) { // new, or torn at birth
		if err := l.start(dir, head); err != nil {
			return nil, 0, err
		}
		return l, 0, nil
	}
	l.size = info.Size()
	end, err := l.each(nil)
	if err != nil {
		return nil, 0, err
	}
	if cut = l.size - end; cut > 0 {
		if err := l.checkTorn(end); err != nil {
			return nil, 0, err
		}
		if err := l.truncate(end); err != nil {
			return nil, 0, err
		}
	}
	return l, cut, nil
}

// start writes the head of a new log and makes file and directory durable.
func (l *blockLog) start(dir string, head []byte) error {
	if _, err := l.f.WriteAt(head, 0); err != nil {
		return err
	}
	l.size = logHead
	if err := l.f.Sync(); err != nil {
		return err
	}
	return syncDir(dir)
}

// each gives every whole record to fn, in order, and returns where the last
// one ends. fn may be nil, and may keep the block.
func (l *blockLog) each(fn func(block []byte) error) (end int64, err error) {
	end = logHead
	r := bufio.NewReaderSize(io.NewSectionReader(l.f, logHead, l.size-logHead), 1<<20)
	for {
		block, err := readRecord(r)
		if errors.Is(err, errTorn) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		if fn != nil {
			if err := fn(block); err != nil {
				return end, err
			}
		}
		end += recordHead + int64(len(block))
	}
}

// errTorn marks the end of the whole records.
var errTorn = errors.New("no whole record")

// readRecord returns the next block, errTorn when none is whole.
func readRecord(r io.Reader) ([]byte, error) {
	var head [recordHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, tornOr(err)
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n == 0 || n > maxBlockBytes {
		return nil, errTorn
	}
	var b bytes.Buffer // grows with what is there, not with what is claimed
	if _, err := io.CopyN(&b, r, int64(n)); err != nil {
		return nil, tornOr(err)
	}
	if crc32.Checksum(b.Bytes(), castagnoli()) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, errTorn
	}
	return b.Bytes(), nil
}

// castagnoli returns the table of CRC-32C.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// tornOr tells the end of the file from a failure to read it.
func tornOr(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errTorn
	}
	return err
}

// checkTorn tells a record that a crash tore, which nothing follows, from one
// that was damaged later: a whole one begins within the largest size of it.
func (l *blockLog) checkTorn(at int64) error {
	const most = recordHead + maxBlockBytes
	tail := make([]byte, min(l.size-at, 2*most))
	if _, err := l.f.ReadAt(tail, at); err != nil {
		return err
	}
	for i := 1; i < len(tail) && i <= most; i++ {
		if _, err := readRecord(bytes.NewReader(tail[i:])); err == nil {
			return fmt.Errorf("%s: the record at byte %d is damaged, but blocks follow it: put back a copy of the file, or give up these blocks by \"truncate -s %d %s\"",
				l.f.Name(), at, at, l.f.Name())
		}
	}
	return nil
}

// append adds a block and returns once it is durable. After an error it is
// open whether the block is there, until the next opening of the log.
func (l *blockLog) append(block []byte) error {
	rec := make([]byte, recordHead, recordHead+len(block))
	binary.LittleEndian.PutUint32(rec, uint32(len(block)))
	binary.LittleEndian.PutUint32(rec[4:], crc32.Checksum(block, castagnoli()))
	rec = append(rec, block...)
	if _, err := l.f.WriteAt(rec, l.size); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	l.size += int64(len(rec))
	return nil
}

// truncate cuts the log down to the given size, durably.
func (l *blockLog) truncate(size int64) error {
	if err := l.f.Truncate(size); err != nil {
		return err
	}
	l.size = size
	return l.f.Sync()
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
