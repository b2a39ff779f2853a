//go:build emulated

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// emulated are processors other than this machine's: an arm64, and x86 with
// none, with some of what the kernels in assembly need. miner has a test for
// each kernel on them.
var emulated = []struct{ name, arch, qemu, cpu string }{
	{"arm64", "arm64", "qemu-aarch64", "neoverse-n1"},
	{"x86 without AVX", "amd64", "qemu-x86_64", "Nehalem"},
	// Without what qemu warns that it does not have.
	{"x86 with AVX2", "amd64", "qemu-x86_64", "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid"},
}

// TestScriptOnOtherProcessors runs stories with the program on each of them.
func TestScriptOnOtherProcessors(t *testing.T) {
	for _, m := range emulated {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(m.qemu); err != nil {
				t.Fatalf("%v; make emulated says how to get it", err)
			}
			dir := t.TempDir()
			program := filepath.Join(dir, m.arch)
			build := exec.CommandContext(t.Context(), "go", "build", "-o", program)
			build.Env = append(os.Environ(), "GOARCH="+m.arch, "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			script := fmt.Sprintf("#!/bin/sh\nexec %s -0 hashlease -cpu %s '%s' \"$@\"\n", m.qemu, m.cpu, program)
			if err := os.WriteFile(filepath.Join(dir, "hashlease"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			testscript.Run(t, testscript.Params{
				Files: []string{
					"testdata/script/bench.txtar",
					"testdata/script/kernels.txtar",
					"testdata/script/node.txtar",
					"testdata/script/version.txtar",
				},
				RequireExplicitExec: true,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"exits": exits, "until": until, "capture": capture, "edit": edit, "large": large,
				},
				Setup: func(env *testscript.Env) error {
					env.Setenv("PATH", dir+string(os.PathListSeparator)+env.Getenv("PATH"))
					env.Setenv("HASHLEASE_NODE_THREADS", "1")
					env.Setenv("HASHLEASE_STRATUM_LISTEN", "127.0.0.1:0")
					env.Setenv("HASHLEASE_KERNEL_TRIAL", "off") // now and then qemu does not come back from a fork
					return makeHome(env)
				},
			})
		})
	}
}
