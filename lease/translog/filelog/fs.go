package filelog

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// fileSystem is what the package wants of a directory. Tests lose power with
// another one.
type fileSystem interface {
	// Open opens a file for reading and writing, and creates it.
	Open(name string) (file, error)
	// ReadFile returns nil for a file that is not there.
	ReadFile(name string) ([]byte, error)
	Rename(from, to string) error
	// Sync makes durable which names there are.
	Sync() error
}

// file is what the package wants of a file.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Size() (int64, error)
	Close() error
}

// osDir is a directory of the operating system.
type osDir string

// Open implements fileSystem.
func (d osDir) Open(name string) (file, error) {
	f, err := os.OpenFile(filepath.Join(string(d), name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// ReadFile implements fileSystem.
func (d osDir) ReadFile(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(string(d), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Rename implements fileSystem.
func (d osDir) Rename(from, to string) error {
	return os.Rename(filepath.Join(string(d), from), filepath.Join(string(d), to))
}

// Sync implements fileSystem. Windows makes names durable by itself and does
// not sync directories.
func (d osDir) Sync() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type osFile struct{ *os.File }

// Size implements file.
func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
