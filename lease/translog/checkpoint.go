package translog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxCheckpoint bounds a signed checkpoint, in bytes: a head, and more than a
// hundred signatures.
const MaxCheckpoint = 1 << 16

// Checkpoint is the head of a log: it stands for its first N leaves (C2SP
// tlog-checkpoint).
type Checkpoint struct {
	Origin     string   // which log
	tlog.Tree           // how many leaves, and their root
	Extensions []string // lines that others added; ours have none
}

// Signed is a checkpoint with its signatures.
type Signed struct {
	Checkpoint
	Note []byte // as it was signed, to be kept and shown
}

// Text returns the text that is signed. It fails with ErrMalformed.
func (c *Checkpoint) Text() (string, error) {
	lines := append([]string{c.Origin, strconv.FormatInt(c.N, 10), c.Hash.String()}, c.Extensions...)
	if c.N < 0 {
		return "", fmt.Errorf("checkpoint: %w: size %d", ErrMalformed, c.N)
	}
	for _, line := range lines {
		if line == "" || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 }) {
			return "", fmt.Errorf("checkpoint: %w: line %.40q is empty or has control characters", ErrMalformed, line)
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// parseText reads what Text writes.
func parseText(text string) (Checkpoint, error) {
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 || slices.Contains(lines, "") {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w: want the lines origin, size, root", ErrMalformed)
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("checkpoint of %.60q: %w: size %.40q", lines[0], ErrMalformed, lines[1])
	}
	c := Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: n}}
	if c.Hash, err = parseHash(lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint of %.60q: root %w", lines[0], err)
	}
	if len(lines) > 3 {
		c.Extensions = lines[3:]
	}
	return c, nil
}

// parseHash reads a hash in base64, in the one spelling there is.
func parseHash(s string) (tlog.Hash, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || base64.StdEncoding.EncodeToString(b) != s {
		return tlog.Hash{}, fmt.Errorf("%w: %.50q, want %d bytes in base64", ErrMalformed, s, tlog.HashSize)
	}
	return tlog.Hash(b), nil
}

// Sign signs a checkpoint with every key of the log that is in force.
func (c *Checkpoint) Sign(signers ...note.Signer) (Signed, error) {
	text, err := c.Text()
	if err != nil {
		return Signed{}, err
	}
	if len(signers) == 0 {
		return Signed{}, fmt.Errorf("checkpoint of %s: no key to sign it with", c.Origin)
	}
	msg, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return Signed{}, fmt.Errorf("checkpoint of %s: %w", c.Origin, err)
	}
	return Signed{Checkpoint: *c, Note: msg}, nil
}

// Identity is how a log is known to others.
type Identity struct {
	Origin string
	Keys   []note.Verifier // one of which must have signed
}

// Open reads a signed checkpoint of the log. It fails with ErrMalformed,
// ErrOtherKey, ErrForged and ErrOrigin.
func (id *Identity) Open(msg []byte) (Signed, error) {
	if len(msg) > MaxCheckpoint {
		return Signed{}, fmt.Errorf("checkpoint of %s: %w: %d bytes, at most %d", id.Origin, ErrMalformed, len(msg), MaxCheckpoint)
	}
	n, err := note.Open(msg, note.VerifierList(id.Keys...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return Signed{}, fmt.Errorf("checkpoint of %s: %w: it is signed by %s, known is %s",
			id.Origin, ErrOtherKey, signatureNames(unverified.Note.UnverifiedSigs), id.keyNames())
	case errors.As(err, &invalid):
		return Signed{}, fmt.Errorf("checkpoint of %s: %w: it claims the key %s+%08x", id.Origin, ErrForged, invalid.Name, invalid.Hash)
	case err != nil:
		return Signed{}, fmt.Errorf("checkpoint of %s: %w: %w", id.Origin, ErrMalformed, err)
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Signed{}, err
	}
	if c.Origin != id.Origin {
		return Signed{}, fmt.Errorf("checkpoint of %.60q: %w: want %s", c.Origin, ErrOrigin, id.Origin)
	}
	return Signed{Checkpoint: c, Note: slices.Clone(msg)}, nil
}

func (id *Identity) keyNames() string {
	names := make([]string, len(id.Keys))
	for i, k := range id.Keys {
		names[i] = fmt.Sprintf("%s+%08x", k.Name(), k.KeyHash())
	}
	return strings.Join(names, ", ")
}

// signatureNames lists the keys of at most five signatures.
func signatureNames(sigs []note.Signature) string {
	var names []string
	for _, s := range sigs {
		if len(names) == 5 {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprintf("%.60s+%08x", s.Name, s.Hash))
	}
	return strings.Join(names, ", ")
}
