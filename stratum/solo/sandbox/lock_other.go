//go:build !(darwin || freebsd || linux || netbsd || openbsd)

package sandbox

import (
	"os"
	"path/filepath"
)

// lockDir opens the lock file only: on these systems the cache's own lock
// keeps a second process out, and open files cannot be deleted.
func lockDir(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
}
