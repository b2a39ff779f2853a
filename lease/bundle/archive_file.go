package bundle

import (
	"bufio"
	"compress/flate"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// contents reads the files of an archive one after the other.
type contents struct {
	r       io.ReaderAt
	packed  *bufio.Reader
	inflate io.ReadCloser // used again: each is of 40 KB
	lines   *bufio.Reader
}

// open begins to read a file; what was opened before must not be read any more.
// A file that is left out is read as an empty one. The reader ends where the
// directory says, and only with the right checksum and nothing left over.
func (c *contents) open(f *packedFile) *fileReader {
	if f == nil {
		return &fileReader{}
	}
	section := io.NewSectionReader(c.r, f.at, f.packed)
	e := &fileReader{f: f, left: f.size, crc: crc32.NewIEEE()}
	if size := bufferSize(f.packed); c.packed == nil || c.packed.Size() < size {
		c.packed = bufio.NewReaderSize(section, size)
	} else {
		c.packed.Reset(section)
	}
	e.packed = c.packed
	if e.from = c.packed; f.method == methodDeflate {
		if c.inflate == nil {
			c.inflate = flate.NewReader(c.packed)
		} else if err := c.inflate.(flate.Resetter).Reset(c.packed, nil); err != nil {
			e.err = e.damaged(err)
		}
		e.from = c.inflate
	}
	return e
}

// bufferSize is how large a buffer a file of so many bytes is worth.
func bufferSize(n int64) int { return int(min(max(n, 1<<9), 1<<16)) }

// fileReader unpacks one file.
type fileReader struct {
	f      *packedFile
	packed *bufio.Reader
	from   io.Reader
	left   int64 // bytes still to come
	crc    hash.Hash32
	err    error // what every further Read returns
}

// Read implements io.Reader. Errors wrap ErrForm.
func (e *fileReader) Read(b []byte) (int, error) {
	switch {
	case e.f == nil:
		return 0, io.EOF
	case e.err != nil:
		return 0, e.err
	case e.left == 0:
		e.err = e.end()
		return 0, e.err
	case len(b) == 0:
		return 0, nil
	}
	n, err := e.from.Read(b[:min(int64(len(b)), e.left)])
	e.left -= int64(n)
	_, _ = e.crc.Write(b[:n]) // never fails
	switch {
	case err == io.EOF && e.left > 0:
		e.err = fmt.Errorf("%w: file %q is shorter than the directory says, by %d bytes", ErrForm, e.f.name, e.left)
	case err != nil && err != io.EOF:
		e.err = e.damaged(err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, e.err
}

// end checks that nothing is left over.
func (e *fileReader) end() error {
	var one [1]byte
	n, err := io.ReadFull(e.from, one[:])
	switch {
	case n > 0:
		return fmt.Errorf("%w: file %q is larger than the %d bytes that the directory says: it may have been made to fill the memory", ErrForm, e.f.name, e.f.size)
	case err != io.EOF:
		return e.damaged(err)
	}
	if _, err := e.packed.ReadByte(); err != io.EOF {
		return fmt.Errorf("%w: file %q: something is hidden behind its content", ErrForm, e.f.name)
	}
	if have := e.crc.Sum32(); have != e.f.crc {
		return fmt.Errorf("%w: file %q has the checksum %08x, the directory says %08x: it was damaged on its way", ErrForm, e.f.name, have, e.f.crc)
	}
	return io.EOF
}

func (e *fileReader) damaged(err error) error {
	return fmt.Errorf("%w: file %q cannot be unpacked: %w", ErrForm, e.f.name, err)
}

// all reads a whole file, whose size was checked.
func (c *contents) all(f *packedFile) ([]byte, error) {
	e := c.open(f)
	if f == nil {
		return nil, nil
	}
	// The size is only claimed as yet: what is not there takes no memory.
	b := make([]byte, 0, min(f.size, 1<<16)+1)
	for {
		n, err := e.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

// eachLine calls do with each line of a file, without its end. Lines are at most
// so many bytes long. do must not keep the line. Its errors are wrapped with the
// file's name and the number of the line.
func (c *contents) eachLine(f *packedFile, limit int, do func(line []byte) error) error {
	if f == nil {
		return nil
	}
	l := lineReader{c: c}
	l.open(f, limit)
	for {
		line, err := l.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(line); err != nil {
			return fmt.Errorf("%w: file %q, line %d: %w", ErrForm, f.name, l.n, err)
		}
	}
}

// lineReader reads a file line by line.
type lineReader struct {
	c     *contents
	f     *packedFile
	limit int // bytes of a line
	n     int // number of the last line, from 1
	long  []byte
}

func (l *lineReader) open(f *packedFile, limit int) {
	e := l.c.open(f)
	l.f, l.limit, l.n = f, limit, 0
	if size := bufferSize(f.size); l.c.lines == nil || l.c.lines.Size() < size {
		l.c.lines = bufio.NewReaderSize(e, size)
	} else {
		l.c.lines.Reset(e)
	}
}

// next returns the next line without its end, until it is called again, and
// io.EOF behind the last one. Other errors wrap ErrForm.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.c.lines.ReadSlice('\n')
	for l.long = l.long[:0]; err == bufio.ErrBufferFull && len(l.long) <= l.limit; {
		l.long = append(l.long, line...)
		line, err = l.c.lines.ReadSlice('\n')
	}
	if len(l.long) > 0 {
		l.long = append(l.long, line...)
		line = l.long
	}
	if err == io.EOF && len(line) == 0 {
		return nil, io.EOF
	}
	l.n++
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("%w: file %q, line %d: it does not end with a line feed", ErrForm, l.f.name, l.n)
	case err == bufio.ErrBufferFull || err == nil && len(line)-1 > l.limit:
		return nil, fmt.Errorf("%w: file %q, line %d: longer than %d bytes", ErrForm, l.f.name, l.n, l.limit)
	case err != nil:
		return nil, err
	}
	return line[:len(line)-1], nil
}
