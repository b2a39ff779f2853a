package lease

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
	return canonicalize(plain)
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
	return canonicalize(plain)
}

// canonicalize is Canonicalize for valid JSON.
func canonicalize(plain []byte) ([]byte, error) {
	c := canonicalizer{in: plain, out: make([]byte, 0, len(plain))}
	if err := c.value(0); err != nil {
		return nil, err
	}
	return c.out, nil
}

// canonicalizer rewrites text that is known to be valid JSON.
type canonicalizer struct {
	in  []byte
	at  int // offset in in
	out []byte
}

// next is the next byte that is no white space.
func (c *canonicalizer) next() byte {
	for {
		switch b := c.in[c.at]; b {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return b
		}
	}
}

// value writes the next value.
func (c *canonicalizer) value(depth int) error {
	switch b := c.next(); b {
	case '[', '{':
		if depth == maxDepth {
			return fmt.Errorf("JSON at byte %d: nested deeper than %d", c.at, maxDepth)
		}
		c.at++
		if b == '[' {
			return c.array(depth + 1)
		}
		return c.object(depth + 1)
	case '"':
		_, err := c.text()
		return err
	case 't', 'n':
		c.copy(len("true")) // or null
	case 'f':
		c.copy(len("false"))
	default:
		from := c.at
		for c.at < len(c.in) && bytes.IndexByte([]byte("+-.0123456789Ee"), c.in[c.at]) >= 0 {
			c.at++
		}
		n, err := strconv.ParseInt(string(c.in[from:c.at]), 10, 64)
		if err != nil || n > maxExact || n < -maxExact {
			return fmt.Errorf("JSON at byte %d: number %.40s, want an integer within ±2^53", from, c.in[from:c.at])
		}
		c.out = strconv.AppendInt(c.out, n, 10)
	}
	return nil
}

func (c *canonicalizer) copy(n int) {
	c.out = append(c.out, c.in[c.at:c.at+n]...)
	c.at += n
}

func (c *canonicalizer) array(depth int) error {
	c.out = append(c.out, '[')
	for first := true; ; first = false {
		switch c.next() {
		case ']':
			c.at++
			c.out = append(c.out, ']')
			return nil
		case ',':
			c.at++
		}
		if !first {
			c.out = append(c.out, ',')
		}
		if err := c.value(depth); err != nil {
			return err
		}
	}
}

// member is one of an object.
type member struct {
	key        []byte // as it reads
	start, end int    // of "key":value in what is written, from the object's first
}

// object writes the members as they come and puts them in order if they were
// not.
func (c *canonicalizer) object(depth int) error {
	var room [32]member // of most objects
	members, sorted := room[:0], true
	c.out = append(c.out, '{')
	base := len(c.out)
	for c.next() != '}' {
		if len(members) > 0 {
			c.at++ // the comma
			c.next()
			c.out = append(c.out, ',')
		}
		m := member{start: len(c.out) - base}
		var err error
		if m.key, err = c.text(); err != nil {
			return err
		}
		c.next()
		c.at++ // the colon
		c.out = append(c.out, ':')
		if err := c.value(depth); err != nil {
			return err
		}
		m.end = len(c.out) - base
		sorted = sorted && (len(members) == 0 || compareUTF16(members[len(members)-1].key, m.key) < 0)
		members = append(members, m)
	}
	c.at++
	if !sorted {
		slices.SortFunc(members, func(x, y member) int { return compareUTF16(x.key, y.key) })
		written := slices.Clone(c.out[base:])
		c.out = c.out[:base]
		for i, m := range members {
			if i > 0 {
				if bytes.Equal(m.key, members[i-1].key) {
					return fmt.Errorf("JSON before byte %d: key %.40q twice in one object", c.at, m.key)
				}
				c.out = append(c.out, ',')
			}
			c.out = append(c.out, written[m.start:m.end]...)
		}
	}
	c.out = append(c.out, '}')
	return nil
}
