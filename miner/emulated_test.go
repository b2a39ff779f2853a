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
// one program, and the kernels in assembly that must run there. All others must
// say what they need, rather than end the process with an illegal instruction.
var emulated = []struct {
	name, arch, tags string
	qemu             []string
	runs             []string
}{
	{"arm64 with SHA2", "arm64", "", []string{"qemu-aarch64", "-cpu", "neoverse-n1"}, []string{"armv8-sha2"}},
	{"arm64 without assembly", "arm64", "purego", []string{"qemu-aarch64", "-cpu", "neoverse-n1"}, nil},
	{"x86 without AVX", "amd64", "", []string{"qemu-x86_64", "-cpu", "Nehalem"}, nil},
	{"x86 with AVX2", "amd64", "", []string{"qemu-x86_64", "-cpu", "Haswell-noTSX"}, nil},
	// The processor says AVX2, but the system does not keep the registers.
	{"x86 with AVX2 switched off", "amd64", "", []string{"qemu-x86_64", "-cpu", "Haswell-noTSX,-xsave"}, nil},
}

// TestOnOtherProcessors runs all other tests of this package on each of them.
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
			tests := exec.CommandContext(t.Context(), m.qemu[0], append(m.qemu[1:], program, "-test.shuffle=on", "-test.v")...)
			out, err := tests.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			ran := passed(string(out), "TestKernelsFindWhatTheOracleFinds/")
			want := append([]string{"generic", "stdlib"}, m.runs...)
			if !slices.Equal(ran, want) {
				t.Errorf("kernels %q ran, want %q", ran, want)
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
