package main

import (
	"slices"
	"strings"
)

// fitted is a table for a screen of so many columns. While it is too wide,
// what less names is left out, the first of it first, and a line below says
// so. A file or a pipe is as wide as it takes: see terminal.columns.
func fitted(columns int, rows [][]string, less []string, right ...string) string {
	var out []string
	for {
		text := table(rows, right...)
		if width(text) <= columns || len(less) == 0 {
			if len(out) > 0 {
				text += "not shown for want of room: " + strings.Join(out, ", ") + " (--json has all)\n"
			}
			return text
		}
		title := less[0]
		less = less[1:]
		if i := slices.Index(rows[0], title); i >= 0 {
			out = append(out, title)
			rows = without(rows, i)
		}
	}
}

// width is that of the longest line.
func width(text string) int {
	longest := 0
	for line := range strings.Lines(text) {
		longest = max(longest, len([]rune(strings.TrimSuffix(line, "\n"))))
	}
	return longest
}

// without is rows less their cell i.
func without(rows [][]string, i int) [][]string {
	less := make([][]string, len(rows))
	for n, row := range rows {
		less[n] = slices.Delete(slices.Clone(row), i, i+1)
	}
	return less
}
