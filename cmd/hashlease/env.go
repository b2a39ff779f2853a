package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// env is everything a command takes from its process.
type env struct {
	program string // how it was called, for commands that are suggested
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	term    terminal            // of standard error
	page    terminal            // of standard output
	lookup  func(string) string // an environment variable, "" when unset
	vars    func() []string     // all of them, as KEY=VALUE
	now     func() time.Time

	self     func(ctx context.Context, args ...string) *exec.Cmd // this program once more; nil: not to be had
	cacheDir func() (string, error)                              // where programs keep what they can find out again; nil: nowhere
}

func osEnv() *env {
	program := "hashlease"
	if strings.ContainsRune(os.Args[0], filepath.Separator) {
		program = os.Args[0]
	}
	return &env{
		program: program,
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		term:    openTerminal(os.Stderr, os.Getenv),
		page:    openTerminal(os.Stdout, os.Getenv),
		lookup:  os.Getenv,
		vars:    os.Environ,
		now:     time.Now,

		self:     runSelf,
		cacheDir: os.UserCacheDir,
	}
}

// runSelf prepares a run of this very program, under the name it was called.
func runSelf(ctx context.Context, args ...string) *exec.Cmd {
	const proc = "/proc/self/exe" // is there even when the file has been replaced
	file := proc
	if _, err := os.Stat(proc); err != nil {
		file = os.Args[0]
		if name, err := os.Executable(); err == nil {
			file = name
		}
	}
	cmd := exec.CommandContext(ctx, file, args...)
	cmd.Args[0] = os.Args[0]
	return cmd
}

// nowMs is the wall clock in Unix milliseconds.
func (e *env) nowMs() int64 { return e.now().UnixMilli() }

// logger writes to w what is at least as important as level, in the format
// text or json.
func logger(w io.Writer, format string, level slog.Level) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: shortTime}))
}

// shortTime leaves the time of day to the second: a line is for people.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.String(slog.TimeKey, a.Value.Time().UTC().Format("15:04:05Z"))
	}
	return a
}
