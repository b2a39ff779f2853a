package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"golang.org/x/mod/sumdb/note"
)

// ErrUnsigned says that no key of the provider's has signed a statement.
var ErrUnsigned = errors.New("not signed by a key of the log")

// Encode writes the statement as canonical JSON.
func (s *Statement) Encode() ([]byte, error) {
	if err := s.limits(); err != nil {
		return nil, err
	}
	return lease.Canonical(s)
}

// DecodeStatement reads what Encode writes, and nothing else.
func DecodeStatement(document []byte) (*Statement, error) {
	s := new(Statement)
	if err := decodeDocument("statement", document, MaxStatement, s); err != nil {
		return nil, err
	}
	return s, s.limits()
}

// Sign makes the statement a signed note (C2SP): its canonical JSON in one line,
// and the signature of the log's key.
func (s *Statement) Sign(signer note.Signer) ([]byte, error) { return signDocument(s, signer) }

// OpenStatement reads a signed statement. It fails with ErrUnsigned unless one of
// the keys has signed it; the statement is returned all the same if it can be
// read.
func OpenStatement(msg []byte, keys ...note.Verifier) (*Statement, error) {
	text, signed := openDocument("statement", msg, keys)
	if text == nil {
		return nil, signed
	}
	s, err := DecodeStatement(text)
	if err != nil {
		return nil, err
	}
	return s, signed
}

// StatementHash is what a leaf of kind statement says of a signed statement, and
// what another one that supersedes it names.
func StatementHash(msg []byte) receipt.B32 { return sha256.Sum256(msg) }

// maxSignature is room for the lines of signatures, in bytes.
const maxSignature = 1 << 12

// document is something that is signed as a note.
type document interface{ Encode() ([]byte, error) }

func signDocument(d document, signer note.Signer) ([]byte, error) {
	text, err := d.Encode()
	if err == nil {
		err = fewObjects(text) // or nobody could read it
	}
	if err != nil {
		return nil, err
	}
	if len(text) > MaxStatement-maxSignature {
		return nil, fmt.Errorf("statement of %d bytes, at most %d: ask for a shorter period", len(text), MaxStatement-maxSignature)
	}
	return note.Sign(&note.Note{Text: string(text) + "\n"}, signer)
}

// openDocument returns the JSON of a signed note, nil if it is none, and whether
// it is signed.
func openDocument(what string, msg []byte, keys []note.Verifier) (text []byte, err error) {
	if len(msg) > MaxStatement {
		return nil, fmt.Errorf("%s of %d bytes, at most %d", what, len(msg), MaxStatement)
	}
	n, err := note.Open(msg, note.VerifierList(keys...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		n = unverified.Note
		err = fmt.Errorf("%s: %w: signed by %s", what, ErrUnsigned, names(n.UnverifiedSigs))
	case errors.As(err, &invalid):
		// Somebody put a known name under another text: read it all the same.
		if n = unsigned(msg); n == nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		err = fmt.Errorf("%s: %w: the signature of %s+%08x does not hold for this text", what, ErrUnsigned, invalid.Name, invalid.Hash)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	line, ok := strings.CutSuffix(n.Text, "\n")
	if !ok || strings.Contains(line, "\n") {
		return nil, fmt.Errorf("%s: the signed text is not one line of JSON", what)
	}
	return []byte(line), err
}

// unsigned reads a note without looking at signatures.
func unsigned(msg []byte) *note.Note {
	_, err := note.Open(msg, nil)
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		return unverified.Note
	}
	return nil
}

// names lists at most three keys.
func names(sigs []note.Signature) string {
	var all []string
	for _, s := range sigs {
		if len(all) == 3 {
			all = append(all, "…")
			break
		}
		all = append(all, fmt.Sprintf("%.60s+%08x", s.Name, s.Hash))
	}
	return strings.Join(all, ", ")
}

// decodeDocument reads the canonical JSON of a document of at most so many bytes,
// and nothing else.
func decodeDocument(what string, text []byte, limit int, v any) error {
	if err := lease.DecodeCanonical(text, limit, v); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
