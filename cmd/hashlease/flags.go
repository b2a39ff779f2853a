package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// flags is a flag set whose flags may stand before, between and after the
// positional arguments.
type flags struct {
	*flag.FlagSet
	e        *env
	synopsis string // after the name: "LEASE [flags]"
	about    string
}

// newFlags begins the command line of a command, such as "lease add".
func newFlags(e *env, name, synopsis, about string) *flags {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return &flags{FlagSet: fs, e: e, synopsis: synopsis, about: about}
}

// parse reads the command line and returns the positional arguments, at
// least least and at most most of them. On --help it prints the help and
// returns flag.ErrHelp.
func (f *flags) parse(args []string, least, most int) ([]string, error) {
	var positional, after []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, after = args[:i], args[i+1:]
	}
	for {
		if err := f.Parse(args); err != nil {
			return nil, f.explain(err)
		}
		if args = f.Args(); len(args) == 0 {
			break
		}
		positional, args = append(positional, args[0]), args[1:]
	}
	positional = append(positional, after...)
	switch n := len(positional); {
	case n < least:
		return nil, f.usage("too few arguments")
	case n > most:
		return nil, f.usage("unexpected argument %q", positional[most])
	}
	return positional, nil
}

// usage is a mistake in the command line; its hint is the synopsis.
func (f *flags) usage(format string, args ...any) error {
	return withHint(usage(format, args...), "usage: hashlease %s %s", f.Name(), f.synopsis)
}

// explain makes the flag package's errors ours.
func (f *flags) explain(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		f.help(f.e.stdout)
		return flag.ErrHelp
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		if name[0] >= '0' && name[0] <= '9' {
			return f.usage("-%s is no flag, and nothing here is negative", name)
		}
		var names []string
		f.VisitAll(func(fl *flag.Flag) { names = append(names, fl.Name) })
		if near := nearest(strings.TrimLeft(name, "-"), names); near != "" {
			return withHint(usage("unknown flag %s", dashed(name)), "did you mean %s?", dashed(near))
		}
		return withHint(usage("unknown flag %s", dashed(name)), "%q lists the flags", "hashlease "+f.Name()+" --help")
	}
	if text, ok := strings.CutSuffix(err.Error(), ": parse error"); ok {
		if value, name, ok := strings.Cut(text, " for flag -"); ok && f.Lookup(name) != nil {
			value = strings.TrimPrefix(value, "invalid value ")
			return f.usage("%s %s: want %s", dashed(name), value, f.form(name))
		}
	}
	return f.usage("%w", err)
}

// form says what the value of a flag has to be.
func (f *flags) form(name string) string {
	if value, ok := f.Lookup(name).Value.(flag.Getter); ok {
		switch value.Get().(type) {
		case time.Duration:
			return "a duration with its unit, such as 20s or 5m"
		case int:
			return "a whole number"
		}
	}
	return "another value"
}

func (f *flags) help(w io.Writer) {
	fmt.Fprintf(w, "Usage: hashlease %s %s\n\n%s\n", f.Name(), f.synopsis, f.about)
	any := false
	f.VisitAll(func(fl *flag.Flag) {
		if !any {
			fmt.Fprintf(w, "\nFlags:\n")
			any = true
		}
		value, text := flag.UnquoteUsage(fl)
		fmt.Fprintf(w, "  %s\n      %s", strings.TrimSpace(dashed(fl.Name)+" "+value), text)
		if d := fl.DefValue; d != "" && d != "false" && d != "0" && d != "0s" {
			fmt.Fprintf(w, " (default %s)", d)
		}
		fmt.Fprintln(w)
	})
}

// dashed writes a flag the way it is usually typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// given tells which flags were on the command line.
func (f *flags) given(name string) bool {
	found := false
	f.Visit(func(fl *flag.Flag) { found = found || fl.Name == name })
	return found
}

// list is a flag that may be given several times, or once with commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}
