package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestClockSetBack runs a node, sets the clock back by an hour and runs it
// again: it says so, and the statement still verifies.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	var errs bytes.Buffer
	back := time.Duration(0)
	e := &env{
		program: "hashlease",
		stdout:  &bytes.Buffer{},
		stderr:  &errs,
		lookup:  func(string) string { return "" },
		vars:    func() []string { return nil },
		now:     func() time.Time { return time.Now().Add(-back) },
	}
	try := func(args ...string) {
		t.Helper()
		if code := run(t.Context(), e, args); code != exitOK {
			t.Fatalf("%v ended with %d: %s", args, code, &errs)
		}
	}
	const warning = "the clock is behind"
	try("node", "--data", dir, "--threads", "1", "--run-for", "1s")
	if strings.Contains(errs.String(), warning) {
		t.Errorf("a first run warns of the clock: %s", &errs)
	}
	back = time.Hour
	try("node", "--data", dir, "--threads", "1", "--run-for", "1s")
	if !strings.Contains(errs.String(), warning) {
		t.Errorf("no warning of the clock: %s", &errs)
	}
	try("statement", "L-0001", "--data", dir, "--format", "bundle", "-o", dir+"/bundle")
	try("verify", dir+"/bundle")
}
