//go:build unix

package main

import (
	"cmp"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// screenSize is the size of the terminal f, zero when f is none. A terminal
// that does not know its size has 80 columns and 24 lines.
func screenSize(f *os.File) (columns, lines int) {
	ws, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return cmp.Or(int(ws.Col), 80), cmp.Or(int(ws.Row), 24)
}

// lockFile takes the lock on f, which ends with the process; held reports
// that another process has it.
func lockFile(f *os.File) (held bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	return errors.Is(err, unix.EWOULDBLOCK), err
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// tooOpen reports whether others than the owner may read a file of this
// mode.
func tooOpen(mode os.FileMode) bool { return mode.Perm()&0o077 != 0 }
