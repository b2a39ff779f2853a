package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrForm is wrapped by every error about the file itself: what stands in a
// place where something else must stand, or nothing.
var ErrForm = errors.New("no bundle")

// Sizes and marks of the zip format (APPNOTE.TXT 6.3.10, 4.3).
const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
	localMark   = 0x04034b50
	centralMark = 0x02014b50
	endMark     = 0x06054b50

	methodStore   = 0
	methodDeflate = 8
)

// packedFile is one entry of an archive.
type packedFile struct {
	name   string
	method uint16
	crc    uint32
	at     int64 // where its content begins
	packed int64 // bytes there
	size   int64 // bytes unpacked
}

// openArchive reads the directory of a zip file of exactly the form that write
// gives it: entries one after the other from the first byte on, the directory
// behind them, and nothing else anywhere. The limit is of all files unpacked.
func openArchive(r io.ReaderAt, size, limit int64) ([]packedFile, error) {
	n, at, err := readEnd(r, size)
	if err != nil {
		return nil, err
	}
	directory := make([]byte, size-endSize-at)
	if err := readAt(r, directory, at, "the directory"); err != nil {
		return nil, err
	}
	files := make([]packedFile, 0, n)
	var offset, total int64
	for range n {
		f, start, rest, err := readCentral(directory)
		if err != nil {
			return nil, err
		}
		directory = rest
		if start != offset {
			return nil, fmt.Errorf("%w: file %q begins at byte %d, where the one before it ends is %d: files overlap, or something is hidden between them", ErrForm, f.name, start, offset)
		}
		if total += f.size; total > limit {
			return nil, fmt.Errorf("%w: with file %q it would be more than %d bytes unpacked, which is the limit", ErrForm, f.name, limit)
		}
		if offset, err = f.checkLocal(r, start, at); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(directory) > 0 || offset != at {
		return nil, fmt.Errorf("%w: %d bytes of the directory, and %d before it, belong to no file", ErrForm, len(directory), at-offset)
	}
	return files, nil
}

// readEnd reads the end of the archive: how many files there are and where the
// directory begins.
func readEnd(r io.ReaderAt, size int64) (n int, at int64, err error) {
	if size < endSize {
		return 0, 0, fmt.Errorf("%w: %d bytes are no zip file", ErrForm, size)
	}
	var end [endSize]byte
	if err := readAt(r, end[:], size-endSize, "the end"); err != nil {
		return 0, 0, err
	}
	le := binary.LittleEndian
	n = int(le.Uint16(end[10:]))
	length := int64(le.Uint32(end[12:]))
	at = int64(le.Uint32(end[16:]))
	switch {
	case le.Uint32(end[:]) != endMark:
		return 0, 0, fmt.Errorf("%w: it does not end as a zip file does: it is cut off, or has data or a comment after its end", ErrForm)
	case le.Uint16(end[20:]) != 0:
		return 0, 0, fmt.Errorf("%w: it has a comment", ErrForm)
	case le.Uint32(end[4:]) != 0 || int(le.Uint16(end[8:])) != n:
		return 0, 0, fmt.Errorf("%w: it is one of several volumes", ErrForm)
	case n == maxFiles || at == 0xffffffff:
		return 0, 0, fmt.Errorf("%w: it is a zip file of the 64-bit form", ErrForm)
	case at+length != size-endSize:
		return 0, 0, fmt.Errorf("%w: a directory of %d bytes at byte %d does not end where the file of %d bytes does", ErrForm, length, at, size)
	case length < int64(n)*centralSize || length > int64(n)*(centralSize+maxName):
		return 0, 0, fmt.Errorf("%w: a directory of %d bytes has not %d files", ErrForm, length, n)
	}
	return n, at, nil
}

// readCentral reads one file's part of the directory.
func readCentral(b []byte) (f packedFile, start int64, rest []byte, err error) {
	le := binary.LittleEndian
	if len(b) < centralSize || le.Uint32(b) != centralMark {
		return f, 0, nil, fmt.Errorf("%w: its directory is damaged", ErrForm)
	}
	length := int(le.Uint16(b[28:]))
	if length == 0 || length > maxName || len(b) < centralSize+length {
		return f, 0, nil, fmt.Errorf("%w: a file's name has %d bytes", ErrForm, length)
	}
	f = packedFile{
		name: string(b[centralSize : centralSize+length]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
		packed: int64(le.Uint32(b[20:])), size: int64(le.Uint32(b[24:])),
	}
	switch {
	case le.Uint16(b[8:]) != 0:
		return f, 0, nil, fmt.Errorf("%w: file %q is encrypted or has other flags set (%04x)", ErrForm, f.name, le.Uint16(b[8:]))
	case le.Uint16(b[30:]) != 0 || le.Uint16(b[32:]) != 0 || le.Uint16(b[34:]) != 0:
		return f, 0, nil, fmt.Errorf("%w: file %q has a comment or extra data", ErrForm, f.name)
	case f.method != methodStore && f.method != methodDeflate:
		return f, 0, nil, fmt.Errorf("%w: file %q is packed by method %d, want stored or deflated", ErrForm, f.name, f.method)
	case f.packed == 0xffffffff || f.size == 0xffffffff:
		return f, 0, nil, fmt.Errorf("%w: file %q is of the 64-bit form", ErrForm, f.name)
	case f.method == methodStore && f.packed != f.size:
		return f, 0, nil, fmt.Errorf("%w: file %q is stored, and has %d bytes packed and %d unpacked", ErrForm, f.name, f.packed, f.size)
	}
	return f, int64(le.Uint32(b[42:])), b[centralSize+length:], nil
}

// checkLocal compares what stands before the content with the directory, and
// returns where the content ends.
func (f *packedFile) checkLocal(r io.ReaderAt, start, directory int64) (int64, error) {
	f.at = start + localSize + int64(len(f.name))
	end := f.at + f.packed
	if end > directory {
		return 0, fmt.Errorf("%w: file %q ends at byte %d, within the directory", ErrForm, f.name, end)
	}
	b := make([]byte, localSize+len(f.name))
	if err := readAt(r, b, start, "file "+f.name); err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	if le.Uint32(b) != localMark || le.Uint16(b[6:]) != 0 || le.Uint16(b[8:]) != f.method || le.Uint32(b[14:]) != f.crc ||
		int64(le.Uint32(b[18:])) != f.packed || int64(le.Uint32(b[22:])) != f.size || int(le.Uint16(b[26:])) != len(f.name) ||
		le.Uint16(b[28:]) != 0 || string(b[localSize:]) != f.name {
		return 0, fmt.Errorf("%w: file %q is described in one way before its content and in another in the directory", ErrForm, f.name)
	}
	return end, nil
}

// readAt fills b.
func readAt(r io.ReaderAt, b []byte, at int64, what string) error {
	if n, err := r.ReadAt(b, at); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it is cut off in %s", ErrForm, what)
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// folder is the files of one lease, by their numbers; nil for those left out.
type folder struct {
	lease string // "" for the bundle of one lease
	files [numFiles]*packedFile
}

// foldersOf checks the names, their order and sizes. tenant is the tenant's own
// statement, nil in the bundle of one lease.
func foldersOf(files []packedFile) (tenant *packedFile, folders []folder, err error) {
	if len(files) > 0 && files[0].name == tenantFile {
		if tenant = &files[0]; tenant.size > MaxStatement {
			return nil, nil, tenant.tooLarge(MaxStatement)
		}
		files = files[1:]
	}
	for len(files) > 0 || tenant == nil && len(folders) == 0 {
		if tenant == nil && len(folders) == 1 {
			return nil, nil, misplaced(files[0].name)
		}
		var d folder
		if tenant != nil {
			id, _, ok := strings.Cut(files[0].name, "/")
			if !ok || !isLeaseID(id) || len(folders) > 0 && id <= folders[len(folders)-1].lease {
				return nil, nil, misplaced(files[0].name)
			}
			d.lease = id
		}
		if files, err = d.take(files); err != nil {
			return nil, nil, err
		}
		folders = append(folders, d)
	}
	return tenant, folders, nil
}

// take takes the folder's files from the front of the list.
func (d *folder) take(files []packedFile) ([]packedFile, error) {
	prefix := ""
	if d.lease != "" {
		prefix = d.lease + "/"
	}
	for i, l := range layouts() {
		switch {
		case len(files) == 0 || files[0].name != prefix+l.name:
			if l.optional {
				continue
			}
			if len(files) > 0 {
				return nil, fmt.Errorf("%w, where file %q must be", misplaced(files[0].name), prefix+l.name)
			}
			return nil, fmt.Errorf("%w: file %q is missing", ErrForm, prefix+l.name)
		case l.max > 0 && files[0].size > l.max:
			return nil, files[0].tooLarge(l.max)
		case l.optional && files[0].size == 0:
			return nil, fmt.Errorf("%w: file %q is empty, and must be left out then", ErrForm, files[0].name)
		}
		d.files[i] = &files[0]
		files = files[1:]
	}
	return files, nil
}

func (f *packedFile) tooLarge(limit int64) error {
	return fmt.Errorf("%w: file %q has %d bytes unpacked, at most %d", ErrForm, f.name, f.size, limit)
}

func misplaced(name string) error {
	return fmt.Errorf("%w: there is a file %.140q that no bundle has, or has not there, or not twice", ErrForm, name)
}
