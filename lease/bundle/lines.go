package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// maxIndex bounds the index of a leaf: the largest integer of canonical JSON.
const maxIndex = 1 << 53

// cutIndex reads INDEX SP TEXT.
func cutIndex(line []byte) (index int64, text []byte, err error) {
	digits, text, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(text) == 0 {
		return 0, nil, errors.New("want an index, a space and a text")
	}
	if len(digits) == 0 || len(digits) > 16 || len(digits) > 1 && digits[0] == '0' {
		return 0, nil, fmt.Errorf("index %.40q: want a decimal number of at most 2^53, without zeros before it", digits)
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, nil, fmt.Errorf("index %.40q: want decimal digits only", digits)
		}
	}
	if index, err = strconv.ParseInt(string(digits), 10, 64); err != nil || index > maxIndex {
		return 0, nil, fmt.Errorf("index %.40q: want a number of at most 2^53", digits)
	}
	return index, text, nil
}

// ascending checks that an index comes after the last one.
func ascending(last *int64, index int64) error {
	if index <= *last {
		return fmt.Errorf("leaf %d after leaf %d: want each once, in order", index, *last)
	}
	*last = index
	return nil
}

// readHashes divides bytes into hashes.
func readHashes(name string, b []byte) ([]tlog.Hash, error) {
	if len(b)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("%w: file %q has %d bytes, which are no whole hashes", ErrForm, name, len(b))
	}
	hashes := make([]tlog.Hash, len(b)/tlog.HashSize)
	for i := range hashes {
		hashes[i] = tlog.Hash(b[i*tlog.HashSize:])
	}
	return hashes, nil
}

// maxObjects bounds the objects in a document of JSON, which may take much more
// memory than their text: a year and a half of hours in a statement.
const maxObjects = 1 << 16

// fewObjects fails when a document has more objects than maxObjects.
func fewObjects(text []byte) error {
	if n := bytes.Count(text, []byte{'{'}); n > maxObjects {
		return fmt.Errorf("%d objects of JSON, at most %d: ask for a shorter period", n, maxObjects)
	}
	return nil
}
