package filelog

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
)

// errCrash is what everything returns once the machine is down.
var errCrash = errors.New("the machine is down")

// faultFS is a directory in memory that goes down at a given operation. What
// was not synced may be lost then, sector by sector and name by name.
type faultFS struct {
	rnd   *rand.Rand
	left  int // operations until it goes down; negative: never
	done  int // operations that were counted
	fails error
	names map[string]*memFile // as programs see it
	disk  map[string]*memFile // names that are durable
	steps []map[string]*memFile
}

type memFile struct {
	fs      *faultFS
	data    []byte // as programs see it
	disk    []byte
	pending []change // not synced
}

// change is a write, or with b == nil a new size.
type change struct {
	at int64
	b  []byte
}

func newFaultFS(seed uint64, left int) *faultFS {
	return &faultFS{rnd: rand.New(rand.NewPCG(seed, 1)), left: left, names: map[string]*memFile{}, disk: map[string]*memFile{}}
}

// step counts an operation. At the one at which the machine goes down it
// returns errCrash and whether the operation happens all the same.
func (d *faultFS) step() (happens bool, err error) {
	if d.left == 0 {
		return false, errCrash
	}
	d.left--
	d.done++
	if d.left == 0 {
		return d.rnd.IntN(2) == 0, errCrash
	}
	return true, nil
}

// reboot starts the machine again, after a kill or after a loss of power.
func (d *faultFS) reboot(power bool, left int) {
	d.left = left
	if !power {
		return
	}
	if len(d.steps) > 0 {
		if n := d.rnd.IntN(len(d.steps) + 1); n > 0 {
			d.disk = d.steps[n-1]
		}
	}
	d.names, d.steps = maps.Clone(d.disk), nil
	for _, f := range d.names {
		f.lose()
	}
}

// lose forgets about half of what was not synced.
func (f *memFile) lose() {
	const sector = 512
	for _, c := range f.pending {
		if c.b == nil {
			if f.fs.rnd.IntN(2) == 0 {
				f.disk = resize(f.disk, c.at)
			}
			continue
		}
		for at := int64(0); at < int64(len(c.b)); {
			end := min(at+sector-(c.at+at)%sector, int64(len(c.b)))
			if f.fs.rnd.IntN(2) == 0 {
				f.disk = write(f.disk, c.b[at:end], c.at+at)
			}
			at = end
		}
	}
	f.data, f.pending = bytes.Clone(f.disk), nil
}

func (d *faultFS) Open(name string) (file, error) {
	if f, ok := d.names[name]; ok && d.left != 0 {
		return f, nil
	}
	happens, err := d.step()
	f := &memFile{fs: d}
	if happens {
		d.names[name] = f
		d.steps = append(d.steps, maps.Clone(d.names))
	}
	return f, err
}

func (d *faultFS) ReadFile(name string) ([]byte, error) {
	if d.left == 0 {
		return nil, errCrash
	}
	f, ok := d.names[name]
	if !ok {
		return nil, nil
	}
	return append([]byte{}, f.data...), nil
}

func (d *faultFS) Rename(from, to string) error {
	happens, err := d.step()
	if happens {
		d.names[to] = d.names[from]
		delete(d.names, from)
		d.steps = append(d.steps, maps.Clone(d.names))
	}
	return err
}

func (d *faultFS) Sync() error {
	happens, err := d.step()
	if happens {
		d.disk, d.steps = maps.Clone(d.names), nil
	}
	return err
}

func (f *memFile) ReadAt(b []byte, at int64) (int, error) {
	if f.fs.left == 0 {
		return 0, errCrash
	}
	if at >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(b []byte, at int64) (int, error) {
	if f.fs.fails != nil { // a full disk
		b = b[:len(b)/2]
		f.data = write(f.data, b, at)
		f.pending = append(f.pending, change{at, bytes.Clone(b)})
		return len(b), f.fs.fails
	}
	if f.fs.left == 0 {
		return 0, errCrash
	}
	happens, err := f.fs.step()
	if !happens {
		b = b[:f.fs.rnd.IntN(len(b)+1)] // torn
	}
	f.data = write(f.data, b, at)
	f.pending = append(f.pending, change{at, bytes.Clone(b)})
	return len(b), err
}

func (f *memFile) Truncate(size int64) error {
	happens, err := f.fs.step()
	if happens {
		f.data = resize(f.data, size)
		f.pending = append(f.pending, change{size, nil})
	}
	return err
}

func (f *memFile) Sync() error {
	happens, err := f.fs.step()
	if happens {
		f.disk, f.pending = bytes.Clone(f.data), nil
	}
	return err
}

func (f *memFile) Size() (int64, error) {
	if f.fs.left == 0 {
		return 0, errCrash
	}
	return int64(len(f.data)), nil
}

func (f *memFile) Close() error { return nil }

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b[:len(b):len(b)], make([]byte, size-int64(len(b)))...)
}

func write(dst, b []byte, at int64) []byte {
	dst = bytes.Clone(dst)
	if end := at + int64(len(b)); end > int64(len(dst)) {
		dst = resize(dst, end)
	}
	copy(dst[at:], b)
	return dst
}
