//go:build !unix

package bench

import "time"

// processTime is not known here.
func processTime() time.Duration { return 0 }

// residentBytes is not known here.
func residentBytes() int64 { return 0 }

// maxFiles is how many connections are tried where there is no limit that can
// be asked for.
func maxFiles() int { return 10_000 + filesKept }
