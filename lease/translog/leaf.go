package translog

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// LeafFormat is the version of the document's layout.
const LeafFormat = "hashlease-leaf/1"

// MaxLeaf is the length of the longest leaf in bytes: entry bundles give it two
// bytes (C2SP tlog-tiles).
const MaxLeaf = 1<<16 - 1

// Leaf is one record of the log. Its encoding is canonical JSON (RFC 8785) with
// exactly these keys.
type Leaf struct {
	// Commitment is to the private part; nil without one.
	Commitment *B32   `json:"commitment,omitempty"`
	Format     string `json:"format"` // LeafFormat
	Kind       Kind   `json:"kind"`
	// Public is a JSON object, what everybody may read.
	Public json.RawMessage `json:"public"`
}

// Entry is a leaf as it is stored.
type Entry struct {
	Body   []byte // the encoded leaf, public
	Secret []byte // the encoded Opening, never served; nil without a private part
}

// NewEntry makes the leaf of an object that everybody may read and, unless it is
// nil, one that only holders of the salt may. The salt must be new (NewSalt)
// and stay with the entry: without it nobody can ever show what was committed
// to.
func NewEntry(kind Kind, public, private any, salt Salt) (Entry, error) {
	l := Leaf{Format: LeafFormat, Kind: kind}
	var err error
	if l.Public, err = lease.Canonical(public); err != nil {
		return Entry{}, fmt.Errorf("%s leaf, public part: %w", kind, err)
	}
	var e Entry
	if private != nil {
		o := Opening{Salt: salt}
		if o.Private, err = lease.Canonical(private); err != nil {
			return Entry{}, fmt.Errorf("%s leaf, private part: %w", kind, err)
		}
		if err := o.check(); err != nil {
			return Entry{}, fmt.Errorf("%s leaf: %w", kind, err)
		}
		if e.Secret, err = o.frame(o.Private); err != nil {
			return Entry{}, fmt.Errorf("%s leaf: %w", kind, err)
		}
		sum := o.Commitment()
		l.Commitment = &sum
	}
	if err := l.check(); err != nil {
		return Entry{}, err
	}
	e.Body, err = l.frame(l.Public)
	return e, err
}

// Check fails unless the body is a leaf, and the secret what it commits to.
func (e *Entry) Check() error {
	l, err := DecodeLeaf(e.Body)
	if err != nil {
		return err
	}
	if (l.Commitment == nil) != (e.Secret == nil) {
		return fmt.Errorf("%s leaf: %w: a commitment and a private part belong together", l.Kind, ErrCommitment)
	}
	if e.Secret == nil {
		return nil
	}
	o, err := DecodeOpening(e.Secret)
	if err != nil {
		return err
	}
	return l.Check(&o)
}

// Encode returns the canonical JSON of a leaf, after checking it. It fails with
// ErrMalformed and ErrTooLarge.
func (l *Leaf) Encode() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	public, err := lease.Canonicalize(l.Public)
	if err != nil {
		return nil, fmt.Errorf("%s leaf: %w: %w", l.Kind, ErrMalformed, err)
	}
	return l.frame(public)
}

// frame writes the leaf around its public part, which is canonical: nothing
// there needs sorting or escapes.
func (l *Leaf) frame(public []byte) ([]byte, error) {
	b := make([]byte, 0, len(public)+160)
	b = append(b, '{')
	if l.Commitment != nil {
		b = append(b, `"commitment":"`...)
		b = append(hex.AppendEncode(b, l.Commitment[:]), `",`...)
	}
	b = append(b, `"format":"`+LeafFormat+`","kind":"`+string(l.Kind)+`","public":`...)
	b = append(append(b, public...), '}')
	if len(b) > MaxLeaf {
		return nil, fmt.Errorf("%s leaf: %w: %d bytes, at most %d: divide it into several", l.Kind, ErrTooLarge, len(b), MaxLeaf)
	}
	return b, nil
}

// check looks at what the types do not say.
func (l *Leaf) check() error {
	switch {
	case l.Format != LeafFormat:
		return fmt.Errorf("leaf: %w: format %.40q, want %q", ErrMalformed, l.Format, LeafFormat)
	case !l.Kind.known():
		return fmt.Errorf("leaf: %w: kind %.40q, want one of %v", ErrMalformed, l.Kind, Kinds())
	case len(l.Public) == 0 || l.Public[0] != '{':
		return fmt.Errorf("%s leaf: %w: the public part is no JSON object", l.Kind, ErrMalformed)
	}
	return nil
}

// DecodeLeaf reads what Encode writes, and nothing else: another spelling of
// the same leaf, an unknown key or an unknown kind is ErrMalformed.
func DecodeLeaf(b []byte) (Leaf, error) {
	if len(b) > MaxLeaf {
		return Leaf{}, fmt.Errorf("leaf: %w: %d bytes, at most %d", ErrTooLarge, len(b), MaxLeaf)
	}
	var l Leaf
	if err := decode(b, &l); err != nil {
		return Leaf{}, fmt.Errorf("leaf: %w", err)
	}
	again, err := l.Encode()
	if err != nil {
		return Leaf{}, err
	}
	if err := sameBytes(again, b); err != nil {
		return Leaf{}, fmt.Errorf("leaf: %w", err)
	}
	return l, nil
}

// Check fails with ErrCommitment unless o is what l commits to.
func (l *Leaf) Check(o *Opening) error {
	switch sum := o.Commitment(); {
	case l.Commitment == nil:
		return fmt.Errorf("%s leaf: %w: it has no private part", l.Kind, ErrCommitment)
	case sum != *l.Commitment:
		return fmt.Errorf("%s leaf: %w: salt and private part give %v, the leaf has %v", l.Kind, ErrCommitment, sum, l.Commitment)
	}
	return nil
}

// decodeStrict reads canonical JSON into v, and refuses every text that v is
// not written as.
func decodeStrict(b []byte, v any) error {
	if err := decode(b, v); err != nil {
		return err
	}
	again, err := lease.Canonical(v)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return sameBytes(again, b)
}

// decode reads one JSON value without unknown keys.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if d.InputOffset() != int64(len(b)) {
		return fmt.Errorf("%w: something follows after byte %d", ErrMalformed, d.InputOffset())
	}
	return nil
}

// sameBytes catches what a reader of JSON lets pass: keys in another case or
// order, digits in upper case, nulls, spaces.
func sameBytes(again, b []byte) error {
	if !bytes.Equal(again, b) {
		return fmt.Errorf("%w: not the canonical JSON of what it says", ErrMalformed)
	}
	return nil
}
