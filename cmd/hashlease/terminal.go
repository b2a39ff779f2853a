package main

import (
	"cmp"
	"math"
	"os"
)

// terminal is what is known about the screen behind a stream.
type terminal struct {
	file   *os.File // nil: no terminal
	color  bool
	redraw bool // the cursor can be moved
}

// openTerminal looks whether f is a terminal and what it can do.
func openTerminal(f *os.File, getenv func(string) string) terminal {
	if columns, _ := screenSize(f); columns == 0 {
		return terminal{}
	}
	able := getenv("TERM") != "dumb" && getenv("TERM") != ""
	return terminal{file: f, redraw: able, color: able && getenv("NO_COLOR") == ""}
}

// size is the number of columns and lines now; 80 and 24 where nobody knows.
func (t terminal) size() (columns, lines int) {
	if t.file != nil {
		columns, lines = screenSize(t.file)
	}
	return cmp.Or(columns, 80), cmp.Or(lines, 24)
}

// style wraps s in an SGR code, such as "1" for bold, if the terminal has
// colours.
func (t terminal) style(code, s string) string {
	if !t.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// columns is how wide a text may be: the terminal's columns, or any number
// where there is none.
func (t terminal) columns() int {
	if t.file == nil {
		return math.MaxInt
	}
	columns, _ := t.size()
	return columns
}
