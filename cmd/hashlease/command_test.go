package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// testEnv is an env without a terminal or variables, and what it printed.
func testEnv() (e *env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &env{
		program: "hashlease",
		stdout:  stdout, stderr: stderr,
		lookup: func(string) string { return "" },
		vars:   func() []string { return nil },
		now:    time.Now,
	}, stdout, stderr
}

func TestFlagsAnywhere(t *testing.T) {
	for _, line := range []string{
		"A B -n 3 --yes", "-n 3 A B --yes", "A -n=3 B -yes", "--yes A -n 3 -- B", "-n 3 --yes -- A B",
	} {
		e, _, _ := testEnv()
		f := newFlags(e, "test", "X Y", "")
		n, yes := f.Int("n", 0, ""), f.Bool("yes", false, "")
		pos, err := f.parse(strings.Fields(line), 2, 2)
		if err != nil || *n != 3 || !*yes || !slices.Equal(pos, []string{"A", "B"}) {
			t.Errorf("%q: n=%d yes=%v %q, %v", line, *n, *yes, pos, err)
		}
	}
	e, _, _ := testEnv()
	f := newFlags(e, "test", "X", "")
	if pos, err := f.parse([]string{"--", "-x"}, 1, 1); err != nil || pos[0] != "-x" {
		t.Errorf("after --: %q, %v", pos, err)
	}
}

func TestFlagErrors(t *testing.T) {
	for line, want := range map[string]string{
		"A --thread 3":    "did you mean --threads?",
		"A --zzzzzzz":     `"hashlease test --help" lists the flags`,
		"A --threads x":   "usage: hashlease test X",
		"A --threads":     "usage: hashlease test X",
		"":                "too few arguments",
		"A B":             `unexpected argument "B"`,
		"A --threads 1 B": `unexpected argument "B"`,
	} {
		e, _, stderr := testEnv()
		f := newFlags(e, "test", "X", "")
		f.Int("threads", 0, "")
		_, err := f.parse(strings.Fields(line), 1, 1)
		if exitCode(err) != exitUsage {
			t.Errorf("%q: exit code %d of %v", line, exitCode(err), err)
			continue
		}
		report(stderr, err)
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q prints %q, want %q in it", line, stderr, want)
		}
	}
}

func TestHelp(t *testing.T) {
	var walk func(path []string, from []command)
	walk = func(path []string, from []command) {
		for _, c := range from {
			words := append(slices.Clone(path), c.name)
			e, stdout, stderr := testEnv()
			if code := run(t.Context(), e, append(slices.Clone(words), "--help")); code != exitOK || stderr.Len() > 0 {
				t.Errorf("%q --help: exit code %d, stderr %q", words, code, stderr)
			}
			if !strings.HasPrefix(stdout.String(), "Usage: hashlease "+strings.Join(words, " ")+" ") {
				t.Errorf("%q --help prints %q", words, stdout)
			}
			e, help, _ := testEnv()
			run(t.Context(), e, append([]string{"help"}, words...))
			if help.String() != stdout.String() {
				t.Errorf("help %q differs from --help: %q", words, help)
			}
			walk(words, c.verbs)
		}
	}
	walk(nil, commands())
}

func TestUnknownCommand(t *testing.T) {
	for line, want := range map[string]string{
		"mien":       `did you mean "hashlease mine"?`,
		"lease lsit": `did you mean "hashlease lease list"?`,
		"xyzzy":      `"hashlease help" lists the commands`,
		"":           "Usage: hashlease COMMAND",
		"tenant":     "Usage: hashlease tenant COMMAND",
	} {
		e, stdout, stderr := testEnv()
		if code := run(t.Context(), e, strings.Fields(line)); code != exitUsage {
			t.Errorf("%q: exit code %d", line, code)
		}
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q prints %q and %q, want %q", line, stdout, stderr, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{fmt.Errorf("any"), 1},
		{fmt.Errorf("wrapped: %w", usage("bad")), 2},
		{withHint(&coded{code: exitSelfTest, err: fmt.Errorf("broken")}, "hint"), 4},
		{whyEnded(ctx, ctx.Err()), 130},
		{whyEnded(ctx, fmt.Errorf("dialling: %w", context.Canceled)), 130},
		{whyEnded(ctx, flag.ErrHelp), 1},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"node", "mine", "bench", "tenant", "lease", "statement", "verify"}
	for word, want := range map[string]string{
		"nodes": "node", "mien": "mine", "statment": "statement", "verfiy": "verify", "x": "", "banana": "", "": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
