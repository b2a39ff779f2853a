package lease

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxExact is the largest integer that every JSON reader holds exactly.
const maxExact = 1 << 53

// maxDepth bounds the nesting of a document.
const maxDepth = 64

// Canonical writes v as canonical JSON (RFC 8785), so that equal values give
// equal bytes. Everything signed passes through it, therefore numbers must be
// integers of at most 2^53 in size: anything larger is a string (Quantity
// does that), and anything fractional is an error.
func Canonical(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonicalize(plain)
}

// Canonicalize rewrites one JSON value in canonical form. Two texts that some
// reader could take for one another are refused: an object with a key twice,
// and the character U+FFFD, which readers put in place of broken UTF-8 and of
// half a surrogate pair.
func Canonicalize(plain []byte) ([]byte, error) {
	if !json.Valid(plain) {
		// Unmarshal knows where.
		var tree any
		if err := json.Unmarshal(plain, &tree); err != nil {
			return nil, fmt.Errorf("JSON: %w", err)
		}
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	return appendValue(make([]byte, 0, len(plain)), d, 0)
}

// appendValue appends the next value of d, which holds valid JSON.
func appendValue(b []byte, d *json.Decoder, depth int) ([]byte, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, fmt.Errorf("JSON at byte %d: nested deeper than %d", d.InputOffset(), maxDepth)
		}
		if v == '[' {
			return appendArray(b, d, depth+1)
		}
		return appendObject(b, d, depth+1)
	case string:
		return appendString(b, d, v)
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || n > maxExact || n < -maxExact {
			return nil, fmt.Errorf("JSON at byte %d: number %.40s, want an integer within ±2^53", d.InputOffset(), v)
		}
		return strconv.AppendInt(b, n, 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	}
	return append(b, "null"...), nil
}

func appendArray(b []byte, d *json.Decoder, depth int) ([]byte, error) {
	var err error
	b = append(b, '[')
	for first := true; d.More(); first = false {
		if !first {
			b = append(b, ',')
		}
		if b, err = appendValue(b, d, depth); err != nil {
			return nil, err
		}
	}
	_, err = d.Token() // the closing bracket
	return append(b, ']'), err
}

// appendObject writes the members as they come and puts them in order if they
// were not.
func appendObject(b []byte, d *json.Decoder, depth int) ([]byte, error) {
	type member struct {
		key        string
		start, end int // of "key":value, from base
	}
	var members []member
	b = append(b, '{')
	base := len(b)
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		if len(members) > 0 {
			b = append(b, ',')
		}
		m := member{start: len(b) - base}
		m.key, _ = token.(string)
		if b, err = appendString(b, d, m.key); err != nil {
			return nil, err
		}
		if b, err = appendValue(append(b, ':'), d, depth); err != nil {
			return nil, err
		}
		m.end = len(b) - base
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, err
	}
	byKey := func(x, y member) int { return compareUTF16(x.key, y.key) }
	if !slices.IsSortedFunc(members, byKey) {
		slices.SortFunc(members, byKey)
		written := slices.Clone(b[base:])
		b = b[:base]
		for i, m := range members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, written[m.start:m.end]...)
		}
	}
	for i := 1; i < len(members); i++ {
		if members[i].key == members[i-1].key {
			return nil, fmt.Errorf("JSON before byte %d: key %.40q twice in one object", d.InputOffset(), members[i].key)
		}
	}
	return append(b, '}'), nil
}

// compareUTF16 orders strings by their UTF-16 code units, as RFC 8785 wants.
// That is the order of their runes, except that the surrogates of runes above
// U+FFFF come before U+E000.
func compareUTF16(x, y string) int {
	if i := firstDifference(x, y); i < len(x) && i < len(y) && x[i] < utf8.RuneSelf && y[i] < utf8.RuneSelf {
		return cmp.Compare(x[i], y[i])
	}
	return slices.Compare(utf16.Encode([]rune(x)), utf16.Encode([]rune(y)))
}

func firstDifference(x, y string) int {
	n := min(len(x), len(y))
	for i := range n {
		if x[i] != y[i] {
			return i
		}
	}
	return n
}

// appendString escapes just what RFC 8785 wants escaped.
func appendString(b []byte, d *json.Decoder, s string) ([]byte, error) {
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case utf8.RuneError:
			return nil, fmt.Errorf("JSON before byte %d: string %.40q holds U+FFFD: broken UTF-8 or half a surrogate pair", d.InputOffset(), s)
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
	return append(b, '"'), nil
}
