//go:build emulated

package miner

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// emulated are processors other than this machine's, as qemu emulates them for
// one program, with kernels that must run there and kernels that must not,
// which is to be known without trying: the try would end the process. tests is
// a regular expression, where not all of this package's tests are worth it.
var emulated = []struct {
	name, arch, tags string
	qemu             []string
	run, not         []string
	tests            string
}{
	{"arm64 with SHA2", "arm64", "", []string{"qemu-aarch64", "-cpu", "neoverse-n1"},
		[]string{"armv8-sha2"}, nil, ""},
	{"arm64 without assembly", "arm64", "purego", []string{"qemu-aarch64", "-cpu", "neoverse-n1"},
		nil, []string{"armv8-sha2"}, "Engine|Kernels|MultiBuffer|SelfTest"},
	{"x86 without AVX", "amd64", "", []string{"qemu-x86_64", "-cpu", "Nehalem"},
		nil, []string{"avx2", "sha-ni", "avx512", "avx512-roll"}, ""},
	{"x86 with AVX2", "amd64", "", []string{"qemu-x86_64", "-cpu", "Haswell-noTSX"},
		[]string{"avx2"}, []string{"sha-ni", "avx512", "avx512-roll"}, ""},
	// The processor has AVX2, but the system does not keep its registers.
	{"x86 with AVX2 switched off", "amd64", "", []string{"qemu-x86_64", "-cpu", "Haswell-noTSX,-xsave"},
		nil, []string{"avx2", "sha-ni", "avx512", "avx512-roll"}, "Kernels|MultiBuffer|SelfTest"},
}

// TestOnOtherProcessors runs the tests of this package on each of them.
func TestOnOtherProcessors(t *testing.T) {
	for _, m := range emulated {
		t.Run(m.name, func(t *testing.T) {
			if _, err := exec.LookPath(m.qemu[0]); err != nil {
				t.Fatalf("%v; make emulated says how to get it", err)
			}
			program := filepath.Join(t.TempDir(), "miner.test")
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", m.tags, "-o", program)
			build.Env = append(os.Environ(), "GOARCH="+m.arch, "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			args := append(m.qemu[1:], program, "-test.shuffle=on", "-test.v", "-test.run", m.tests)
			out, err := exec.CommandContext(t.Context(), m.qemu[0], args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			ran := passed(string(out), "TestKernelsFindWhatTheOracleFinds/")
			for _, name := range append(m.run, "generic", "stdlib") {
				if !slices.Contains(ran, name) {
					t.Errorf("kernel %s did not run, only %q", name, ran)
				}
			}
			for _, name := range m.not {
				if slices.Contains(ran, name) {
					t.Errorf("kernel %s ran", name)
				}
			}
		})
	}
}

// passed returns the names of subtests in the output of a test.
func passed(out, test string) (names []string) {
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(line, "    --- PASS: "+test); ok {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
	}
	return names
}
