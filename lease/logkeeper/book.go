package logkeeper

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

// Book is what a provider must know of its own log besides the log: its name
// for ever, and the keys it has had.
type Book struct {
	Origin string `json:"origin"`
	Keys   []Key  `json:"keys"`           // at least one; the last one signs
	Next   *Next  `json:"next,omitempty"` // a change of the key that is under way
}

// Key is one that signs, or has signed.
type Key struct {
	Key   string             `json:"key"`             // verifier key
	File  string             `json:"file"`            // where the private key is
	Since *translog.Rotation `json:"since,omitempty"` // nil for the first
}

// Next is a key that has not taken over yet. Its leaf, if there is one, is not
// before the index From.
type Next struct {
	Key  string `json:"key"`
	File string `json:"file"`
	From int64  `json:"from"`
}

// Encode writes a book for its file.
func (b *Book) Encode() ([]byte, error) {
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

// DecodeBook reads what Encode writes. It fails with translog.ErrMalformed.
func DecodeBook(text []byte) (Book, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var b Book
	if err := d.Decode(&b); err != nil {
		return Book{}, fmt.Errorf("%w: %w", translog.ErrMalformed, err)
	}
	if b.Origin == "" || len(b.Keys) == 0 {
		return Book{}, fmt.Errorf("%w: it has no origin, or no key", translog.ErrMalformed)
	}
	for i := range b.Keys {
		if (i == 0) != (b.Keys[i].Since == nil) {
			return Book{}, fmt.Errorf("%w: key %d: each but the first needs the checkpoint that it begins with", translog.ErrMalformed, i)
		}
	}
	if _, err := b.Identity(); err != nil {
		return Book{}, err
	}
	return b, nil
}

// Identity has all the keys, the first one first; one that is to take over next
// is the last.
func (b *Book) Identity() (translog.Identity, error) {
	id := translog.Identity{Origin: b.Origin}
	texts := make([]string, 0, len(b.Keys)+1)
	for i := range b.Keys {
		texts = append(texts, b.Keys[i].Key)
	}
	if b.Next != nil {
		texts = append(texts, b.Next.Key)
	}
	for _, text := range texts {
		v, err := translog.ParseVerifier(text)
		if err != nil {
			return id, err
		}
		if v.Name() != b.Origin || translog.IsWitness(v) {
			return id, fmt.Errorf("verifier key %.80q: %w: it is none of the log %s", text, translog.ErrMalformed, b.Origin)
		}
		id.Keys = append(id.Keys, v)
	}
	return id, nil
}

// Rotations are the changes of the key, in order.
func (b *Book) Rotations() []translog.Rotation {
	var all []translog.Rotation
	for i := range b.Keys[1:] {
		all = append(all, *b.Keys[i+1].Since)
	}
	return all
}

// Current is the key that signs.
func (b *Book) Current() *Key { return &b.Keys[len(b.Keys)-1] }

// First is the verifier of the key that the log began with: who knows it can
// follow all that came later.
func (b *Book) First() (note.Verifier, error) { return translog.ParseVerifier(b.Keys[0].Key) }

// Finish makes the next key the current one.
func (b *Book) Finish(r translog.Rotation) {
	b.Keys = append(b.Keys, Key{Key: b.Next.Key, File: b.Next.File, Since: &r})
	b.Next = nil
}
