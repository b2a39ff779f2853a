package filelog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease/translog"
)

// Heads is a translog.Heads in a file of its own, to be kept apart from the
// log: as its anchor, or as a tenant's or a witness's last checkpoint.
type Heads struct {
	fs   fileSystem
	name string
}

var _ translog.Heads = (*Heads)(nil)

// NewHeads names the file; it need not be there, its folder must.
func NewHeads(path string) *Heads {
	return &Heads{osDir(filepath.Dir(path)), filepath.Base(path)}
}

// Checkpoint implements translog.Heads.
func (h *Heads) Checkpoint(context.Context) ([]byte, error) {
	b, err := h.fs.ReadFile(h.name)
	switch {
	case err != nil:
		return nil, err
	case len(b) > translog.MaxCheckpoint || b != nil && len(b) == 0:
		return nil, fmt.Errorf("%s: %w: %d bytes are no checkpoint", h.name, translog.ErrCorrupt, len(b))
	}
	return b, nil
}

// PutCheckpoint implements translog.Heads.
func (h *Heads) PutCheckpoint(_ context.Context, signed []byte) error {
	return replace(h.fs, h.name, signed)
}

// WriteFile replaces a file as a whole: after a kill or a power loss it is the
// former or the new one.
func WriteFile(path string, b []byte) error {
	return replace(osDir(filepath.Dir(path)), filepath.Base(path), b)
}

// replace writes beside the file, and then gives it the file's name.
func replace(d fileSystem, name string, b []byte) error {
	beside := name + ".new"
	f, err := d.Open(beside)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.Rename(beside, name); err != nil {
		return err
	}
	return d.Sync()
}

// Create makes the directory of a log, if need be.
func Create(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return osDir(filepath.Dir(dir)).Sync()
}
