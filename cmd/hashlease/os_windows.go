package main

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// screenSize knows no terminals here: output is plain lines.
func screenSize(*os.File) (columns, lines int) { return 0, 0 }

// lockFile takes the lock on f, which ends with the process; held reports
// that another process has it.
func lockFile(f *os.File) (held bool, err error) {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, new(windows.Overlapped))
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION), err
}

// syncDir has nothing to do: directories cannot be synced here.
func syncDir(string) error { return nil }

// tooOpen cannot be told from a mode here.
func tooOpen(os.FileMode) bool { return false }
