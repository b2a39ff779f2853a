//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSignals stops a running node by each signal: both leave the books in
// order and print the summary, and the exit code tells which it was.
func TestSignals(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "hashlease")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, binary); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		signal os.Signal
		want   int
	}{{syscall.SIGINT, exitInterrupted}, {syscall.SIGTERM, exitOK}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), binary, "node", "--threads", "1", "--stratum", "127.0.0.1:0", "--data", t.TempDir(), "--json")
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			log := bufio.NewScanner(stderr)
			for log.Scan() && !strings.Contains(log.Text(), "state=adopted") { // it hashes
			}
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			for log.Scan() {
			}
			err = cmd.Wait()
			got := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				got = exit.ExitCode()
			}
			if got != c.want {
				t.Errorf("exit code %d (%v), want %d", got, err, c.want)
			}
			if !strings.Contains(stdout.String(), `"lease": "L-0001"`) {
				t.Errorf("the summary is %q", &stdout)
			}
		})
	}
}
