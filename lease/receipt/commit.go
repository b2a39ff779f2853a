package receipt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// commitPrefix keeps the hash of a document from being taken for that of
// anything else.
const commitPrefix = "hashlease template v2\n"

// pushCommitment is the opcode that pushes a commitment, 32 bytes.
const pushCommitment = sha256.Size

// commitment hashes the document without the commitment in it. What the
// document says, a coinbase with this hash in it was made for, and for nothing
// else: neither another split nor other terms can be claimed of its hashes.
func (t *Template) commitment() ([sha256.Size]byte, error) {
	if len(t.Tail) < 1+sha256.Size || t.Tail[0] != pushCommitment {
		return [sha256.Size]byte{}, fmt.Errorf("no push of %d bytes after the tag, with which its coinbase would commit to the document", pushCommitment)
	}
	bare := *t
	bare.Tail = t.Tail[1+sha256.Size:]
	document, err := lease.Canonical(&bare)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(append([]byte(commitPrefix), document...)), nil
}

// commit puts the commitment into its place.
func (t *Template) commit() error {
	sum, err := t.commitment()
	if err == nil {
		copy(t.Tail[1:], sum[:])
	}
	return err
}

// checkCommitment compares the commitment with the document. A document of
// TemplateFormat1 has none, and must not describe a coinbase that has one:
// then there would be two documents of one coinbase.
func (t *Template) checkCommitment() error {
	if t.Format == TemplateFormat1 {
		if len(t.Tail) == 0 || t.Tail[0] == pushCommitment {
			return fmt.Errorf("its coinbase may commit to another document: the byte after the tag must be no push of %d bytes in format %s", pushCommitment, TemplateFormat1)
		}
		return nil
	}
	sum, err := t.commitment()
	if err != nil {
		return err
	}
	if !bytes.Equal(t.Tail[1:1+sha256.Size], sum[:]) {
		return errors.New("its coinbase commits to another document: what this one says is not what was worked on")
	}
	return nil
}
