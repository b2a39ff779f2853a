package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// commitPrefix keeps the hash of a document from being taken for that of
// anything else.
const commitPrefix = "hashlease template v2\n"

// pushCommitment is the opcode that pushes a commitment, 32 bytes.
const pushCommitment = sha256.Size

// tailKey is what stands before the tail in a document. No string in canonical
// JSON can hold these quotes without a backslash.
const tailKey = `"tail":"`

// commitment hashes the document without the commitment in it, and returns
// where the commitment's digits begin. What the document says, a coinbase with
// this hash in it was made for, and for nothing else: neither another split
// nor other terms can be claimed of its hashes.
func commitment(document []byte) (sum [sha256.Size]byte, at int, err error) {
	const digits = 2 * (1 + sha256.Size)
	at = bytes.Index(document, []byte(tailKey)) + len(tailKey)
	if end := at + digits; at < len(tailKey) || end > len(document) || document[at] != '2' || document[at+1] != '0' || bytes.IndexByte(document[at:end], '"') >= 0 {
		return sum, 0, fmt.Errorf("no push of %d bytes after the tag, with which its coinbase would commit to the document", pushCommitment)
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(commitPrefix), document[:at], document[at+digits:]} {
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum, at + 2, nil
}

// commit puts the commitment into its place, and returns the document.
func (t *Template) commit() ([]byte, error) {
	document, err := t.Encode()
	if err != nil {
		return nil, err
	}
	sum, at, err := commitment(document)
	if err != nil {
		return nil, err
	}
	copy(t.Tail[1:], sum[:])
	hex.Encode(document[at:], sum[:])
	return document, nil
}

// checkCommitment compares the commitment with the document, which is nil when
// it is not at hand. One of TemplateFormat1 has no commitment, and must not
// describe a coinbase that has one: then there would be two documents of one
// coinbase.
func (t *Template) checkCommitment(document []byte) error {
	if t.Format == TemplateFormat1 {
		if len(t.Tail) == 0 || t.Tail[0] == pushCommitment {
			return fmt.Errorf("its coinbase may commit to another document: the byte after the tag must be no push of %d bytes in format %s", pushCommitment, TemplateFormat1)
		}
		return nil
	}
	if document == nil {
		var err error
		if document, err = t.Encode(); err != nil {
			return err
		}
	}
	sum, _, err := commitment(document)
	if err != nil {
		return err
	}
	if !bytes.Equal(t.Tail[1:1+sha256.Size], sum[:]) {
		return errors.New("its coinbase commits to another document: what this one says is not what was worked on")
	}
	return nil
}
