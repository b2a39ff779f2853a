package stratum

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// maxDepth bounds the nesting of a value in a message; the protocol itself
// needs four.
const maxDepth = 16

var (
	errJSONEnd    = errors.New("ends early")
	errJSONDepth  = fmt.Errorf("nested more than %d deep", maxDepth)
	errJSONSyntax = errors.New("not JSON")
)

// scanner walks the JSON of one line and cuts values out of it without
// copying them.
type scanner struct {
	b []byte
	i int
}

// peek skips white space and returns the next byte; 0 may also mean the end.
func (s *scanner) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// accept consumes c when it is the next byte.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.i++
	return true
}

func (s *scanner) expect(c byte) error {
	if s.accept(c) {
		return nil
	}
	return s.bad()
}

// finish returns an error unless nothing but white space is left.
func (s *scanner) finish() error {
	if s.peek(); s.i < len(s.b) {
		return s.bad()
	}
	return nil
}

func (s *scanner) bad() error {
	if s.peek(); s.i >= len(s.b) {
		return errJSONEnd
	}
	return fmt.Errorf("%w at byte %d", errJSONSyntax, s.i)
}

// value consumes one value of any kind and returns its text.
func (s *scanner) value(depth int) ([]byte, error) {
	if depth <= 0 {
		return nil, errJSONDepth
	}
	c := s.peek()
	start := s.i
	var err error
	switch {
	case c == '{':
		err = s.object(depth, nil)
	case c == '[':
		err = s.array(depth, nil)
	case c == '"':
		err = s.str()
	case c == 't':
		err = s.word("true")
	case c == 'f':
		err = s.word("false")
	case c == 'n':
		err = s.word("null")
	default:
		err = s.number()
	}
	return s.b[start:s.i], err
}

// object consumes an object and calls each, if given, with every key and
// value.
func (s *scanner) object(depth int, each func(key, value []byte) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.accept('}') {
		return nil
	}
	for {
		s.peek()
		start := s.i
		if err := s.str(); err != nil {
			return err
		}
		key := s.b[start:s.i]
		if err := s.expect(':'); err != nil {
			return err
		}
		v, err := s.value(depth - 1)
		if err != nil {
			return err
		}
		if each != nil {
			if err := each(key, v); err != nil {
				return err
			}
		}
		if s.accept('}') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// array consumes an array and calls each, if given, with every element.
func (s *scanner) array(depth int, each func(value []byte) error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.accept(']') {
		return nil
	}
	for {
		v, err := s.value(depth - 1)
		if err != nil {
			return err
		}
		if each != nil {
			if err := each(v); err != nil {
				return err
			}
		}
		if s.accept(']') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
		return s.bad()
	}
	s.i += len(w)
	return nil
}

// str consumes a string with its quotes.
func (s *scanner) str() error {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return s.bad()
	}
	for s.i++; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return nil
		case c < 0x20:
			return s.bad()
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return errJSONEnd
}

// escape stands on a backslash and moves to the last byte of the escape.
func (s *scanner) escape() error {
	s.i++
	if s.i >= len(s.b) {
		return errJSONEnd
	}
	switch s.b[s.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			s.i++
			if s.i >= len(s.b) {
				return errJSONEnd
			}
			if _, ok := unhex(s.b[s.i]); !ok {
				return s.bad()
			}
		}
		return nil
	}
	return s.bad()
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

func (s *scanner) next(set string) bool {
	if s.i < len(s.b) && strings.IndexByte(set, s.b[s.i]) >= 0 {
		s.i++
		return true
	}
	return false
}

func (s *scanner) number() error {
	s.next("-")
	if !s.next("0") && !s.digits() {
		return s.bad()
	}
	if s.next(".") && !s.digits() {
		return s.bad()
	}
	if s.next("eE") {
		s.next("+-")
		if !s.digits() {
			return s.bad()
		}
	}
	return nil
}

// elements appends the elements of the array raw to dst. More than limit of
// them are an error.
func elements(dst [][]byte, raw []byte, limit int) ([][]byte, error) {
	s := scanner{b: raw}
	err := s.array(maxDepth, func(v []byte) error {
		if len(dst) == limit {
			return fmt.Errorf("more than %d elements", limit)
		}
		dst = append(dst, v)
		return nil
	})
	if err == nil {
		err = s.finish()
	}
	return dst, err
}
