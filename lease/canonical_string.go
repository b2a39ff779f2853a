package lease

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// text writes the next string, and returns what it says.
func (c *canonicalizer) text() ([]byte, error) {
	from := c.at
	for c.at++; ; c.at++ {
		switch b := c.in[c.at]; {
		case b == '"':
			c.at++
			c.out = append(c.out, c.in[from:c.at]...)
			return c.in[from+1 : c.at-1], nil
		case b == '\\' || b >= utf8.RuneSelf:
			return c.escaped(from)
		}
	}
}

// escaped is text for a string that begins at from and may be spelled in more
// than one way.
func (c *canonicalizer) escaped(from int) ([]byte, error) {
	for ; c.in[c.at] != '"'; c.at++ {
		if c.in[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
	var s string
	if err := json.Unmarshal(c.in[from:c.at], &s); err != nil {
		return nil, err
	}
	if c.out = appendString(c.out, s); c.out == nil {
		return nil, fmt.Errorf("JSON before byte %d: string %.40q holds U+FFFD: broken UTF-8 or half a surrogate pair", c.at, s)
	}
	return []byte(s), nil
}

// compareUTF16 orders strings by their UTF-16 code units, as RFC 8785 wants.
// That is the order of their runes, except that the surrogates of runes above
// U+FFFF come before U+E000.
func compareUTF16(x, y []byte) int {
	if i := firstDifference(x, y); i < len(x) && i < len(y) && x[i] < utf8.RuneSelf && y[i] < utf8.RuneSelf {
		return cmp.Compare(x[i], y[i])
	}
	return slices.Compare(utf16.Encode([]rune(string(x))), utf16.Encode([]rune(string(y))))
}

func firstDifference(x, y []byte) int {
	n := min(len(x), len(y))
	for i := range n {
		if x[i] != y[i] {
			return i
		}
	}
	return n
}

// appendString escapes just what RFC 8785 wants escaped. It returns nil for a
// string that holds U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case utf8.RuneError:
			return nil
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if r < 0x20 {
				b = fmt.Appendf(b, `\u%04x`, r)
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return append(b, '"')
}
