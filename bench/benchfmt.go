package bench

import (
	"fmt"
	"strings"
)

// Benchfmt writes the results in the format of Go's benchmarks, one line a
// round, for benchstat. MH/s are by the wall clock, cpu-MH/s by the threads'
// processor time; a line counts the hashes as its iterations.
func (r *KernelResults) Benchfmt() []byte {
	var b strings.Builder
	goos, goarch, _ := strings.Cut(r.Machine.Platform, "/")
	for _, line := range [][2]string{
		{"# program", r.Program.name()}, {"# seed", r.Seed}, // benchstat compares only what agrees in all lines without #
		{"goos", goos}, {"goarch", goarch}, {"cpu", r.Machine.CPU}, {"governor", r.Machine.Governor}, {"versions", fmt.Sprint(r.Versions)},
	} {
		if line[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", line[0], line[1])
		}
	}
	b.WriteString("\nUnit MH/s better=higher\nUnit cpu-MH/s better=higher\n\n")
	for i := range r.Kernels {
		k := &r.Kernels[i]
		for _, p := range k.phases() {
			threads := 1
			if p.name == allThreads {
				threads = r.Threads
			}
			for _, x := range p.Rounds {
				fmt.Fprintf(&b, "BenchmarkScan/kernel=%s/threads=%d %d %.4f ns/op %.4f MH/s %.4f cpu-MH/s", k.Name, threads,
					x.Hashes, float64(x.WallNs)/float64(max(1, x.Hashes)), megahashes(x.Hashes, x.WallNs), megahashes(x.Hashes, x.CPUNs)*float64(threads))
				if x.ClockHz > 0 {
					fmt.Fprintf(&b, " %.3f cycles/hash", float64(x.CPUNs)/1e9*float64(x.ClockHz)/float64(max(1, x.Hashes)))
				}
				if x.PackageUJ > 0 {
					fmt.Fprintf(&b, " %.2f J/TH", float64(x.PackageUJ)/float64(max(1, x.Hashes))*1e6)
				}
				b.WriteByte('\n')
			}
		}
	}
	return []byte(b.String())
}

// megahashes is a rate in MH/s.
func megahashes(hashes uint64, ns int64) float64 { return float64(hashes) / float64(max(1, ns)) * 1e3 }
