package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/hashlease/hashlease/lease"
)

// Exit codes, as the package comment lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnverified  = 3
	exitSelfTest    = 4
	exitInterrupted = 130
)

// coded is an error with an exit code of its own and, perhaps, a hint.
type coded struct {
	code int
	err  error // nil: everything has been said already
	hint string
}

func (e *coded) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *coded) Unwrap() error { return e.err }

// usage is a mistake in what the user typed or configured.
func usage(format string, args ...any) error {
	return &coded{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// withHint adds a line that says what to do.
func withHint(err error, format string, args ...any) error {
	return &coded{code: exitCode(err), err: err, hint: fmt.Sprintf(format, args...)}
}

// exitCode is what the process ends with after err.
func exitCode(err error) int {
	var e *coded
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	return exitFailed
}

// report prints an error and its hint.
func report(w io.Writer, err error) {
	var e *coded
	hinted := errors.As(err, &e)
	if hinted && e.err == nil {
		return
	}
	fmt.Fprintf(w, "hashlease: %v\n", err)
	if hinted && e.hint != "" {
		fmt.Fprintf(w, "hashlease: %s\n", e.hint)
	}
}

// whyEnded turns an error that only says that ctx is over into the reason
// why it is.
func whyEnded(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}

// unknownName is an error of usage about a name that nothing of the kind has;
// it says which was meant, or else gives the hint.
func unknownName(kind, name string, known []string, hint string) error {
	err := usage("no %s is called %q", kind, name)
	if near := nearest(name, known); near != "" {
		return withHint(err, "did you mean %s?", near)
	}
	return withHint(err, "%s", hint)
}

// findNamed returns what get has under a name; where that is nothing, an
// unknownName among those that list has.
func findNamed[T any](ctx context.Context, kind, name string, get func(context.Context, string) (T, error),
	list func(context.Context) ([]T, error), nameOf func(*T) string, hint string) (T, error) {
	found, err := get(ctx, name)
	if !errors.Is(err, lease.ErrNotFound) {
		return found, err
	}
	all, err := list(ctx)
	if err != nil {
		return found, err
	}
	known := make([]string, len(all))
	for i := range all {
		known[i] = nameOf(&all[i])
	}
	return found, unknownName(kind, name, known, hint)
}
