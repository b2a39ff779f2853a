package bench

import (
	"context"
	"os"
	"runtime"
	"time"

	"github.com/hashlease/hashlease/lease/bundle"
)

// VerifyFile checks the bundle in a file and tells what it took. The memory is
// that of the whole process, so it should do nothing else.
func VerifyFile(ctx context.Context, name string) (VerifyRun, error) {
	f, err := os.Open(name)
	if err != nil {
		return VerifyRun{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return VerifyRun{}, err
	}
	start, cpu := time.Now(), processTime()
	r := bundle.Verify(ctx, f, info.Size(), bundle.Options{})
	run := VerifyRun{
		Receipts: r.Receipts, Checks: len(r.Checks), WallNs: time.Since(start).Nanoseconds(), CPUNs: (processTime() - cpu).Nanoseconds(),
		PeakBytes: peakBytes(),
	}
	for _, c := range r.Checks {
		if !c.OK && run.Failed == "" {
			run.Failed = c.Name + ": " + c.Detail
		}
	}
	runtime.KeepAlive(r)
	return run, ctx.Err()
}
