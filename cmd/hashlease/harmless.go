package main

import (
	"strings"
	"unicode"
)

// harmless takes the characters out of a line with which words of a foreign
// file could steer the terminal or begin lines of their own.
func harmless(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}
