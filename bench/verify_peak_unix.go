//go:build unix

package bench

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// peakBytes is the most memory that this process had in use, or 0 where that
// cannot be told. What the system says of its resources counts its parent's too,
// from before it was started, so Linux is asked in another way.
func peakBytes() int64 {
	if runtime.GOOS == "linux" {
		b, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return 0
		}
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
			if f := bytes.Fields(s.Bytes()); len(f) == 3 && string(f[0]) == "VmHWM:" {
				kb, _ := strconv.ParseInt(string(f[1]), 10, 64)
				return kb << 10
			}
		}
		return 0
	}
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
