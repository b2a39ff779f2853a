package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hashlease": main, "trial": trial})
}

// TestScript runs the stories in testdata/script.
func TestScript(t *testing.T) {
	pools := &scriptPools{t: t}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"until":    until,
			"capture":  capture,
			"edit":     edit,
			"large":    large,
			"pool":     pools.start,
			"accepted": pools.check,

			"certificate": certificate,
			"port":        port,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HASHLEASE_NODE_THREADS", "1") // stories run side by side
			env.Setenv("HASHLEASE_STRATUM_LISTEN", "127.0.0.1:0")
			env.Setenv("HASHLEASE_PORTAL_LISTEN", "127.0.0.1:0")
			env.Setenv("CPU", strconv.Itoa(miner.Processors()[0])) // that of the node's first thread
			return makeHome(env)
		},
	})
}

// makeHome gives a story a home of its own, where kernels.json goes.
func makeHome(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	for _, name := range []string{"XDG_CACHE_HOME", "LocalAppData", "HOME"} { // by system
		env.Setenv(name, home)
	}
	return os.MkdirAll(filepath.Join(home, "Library"), 0o700)
}

// exits runs a program and wants it to end with a certain exit code:
//
//	exits 3 hashlease verify damaged.json
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("exit code %q: %v", args[0], err)
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", args[1], got, want)
	}
}

// until runs a program again and again until its output matches:
//
//	until '"receipts": [1-9]' hashlease lease show --json L-0001
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP PROGRAM [ARGS...]")
	}
	want := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(2 * time.Minute); ; { // hashing yields to whatever else runs
		err := ts.Exec(args[1], args[2:]...)
		switch out := ts.ReadFile("stdout"); {
		case err == nil && want.MatchString(out):
			return
		case time.Now().After(end):
			ts.Fatalf("no output matched %q, the last was:\n%s", args[0], out)
		}
	}
}

// capture sets a variable to the first group of a match in the last output:
//
//	capture KEY '--key ([0-9a-f]+)'
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("no match of %q", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// edit writes a copy of a file in which the first match of a regular
// expression is replaced:
//
//	edit bundle.json forged.json '"receipts":[0-9]+' '"receipts":1'
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: edit FILE COPY REGEXP REPLACEMENT")
	}
	text := ts.ReadFile(args[0])
	at := regexp.MustCompile(args[2]).FindStringIndex(text)
	if at == nil || text[at[0]:at[1]] == args[3] {
		ts.Fatalf("nothing to replace")
	}
	copied := strings.Join([]string{text[:at[0]], args[3], text[at[1]:]}, "")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(copied), 0o600))
}

// large makes a file of 4 GiB that takes no room on the disk:
//
//	large huge.bundle
func large(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: large FILE")
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(name, nil, 0o600))
	ts.Check(os.Truncate(name, 4<<30))
}
