package translog

import (
	"bytes"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"golang.org/x/mod/sumdb/tlog"
)

// Rotation shows that the key of a log has named the next one: the first
// checkpoint that has the leaf of the next key, signed by both, and the proof
// that it has it. Its encoding is canonical JSON.
type Rotation struct {
	Checkpoint string           `json:"checkpoint"` // signed note
	Index      int64            `json:"index"`      // of the leaf
	Proof      tlog.RecordProof `json:"proof"`
}

// Bounds of a list of rotations.
const (
	maxRotations    = 1000
	maxRotation     = 2*MaxCheckpoint + 63*64 // bytes of one line
	MaxRotationList = 1 << 22                 // bytes of all lines
)

// EncodeRotations writes rotations in their order, one a line.
func EncodeRotations(all []Rotation) ([]byte, error) {
	var b bytes.Buffer
	for i := range all {
		line, err := lease.Canonical(&all[i])
		if err != nil {
			return nil, fmt.Errorf("rotation %d: %w", i, err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// DecodeRotations reads what EncodeRotations writes, and nothing else. It fails
// with ErrMalformed and ErrTooLarge.
func DecodeRotations(b []byte) ([]Rotation, error) {
	if len(b) > MaxRotationList {
		return nil, fmt.Errorf("rotations: %w: %d bytes, at most %d", ErrTooLarge, len(b), MaxRotationList)
	}
	var all []Rotation
	for len(b) > 0 {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		switch {
		case !ok:
			return nil, fmt.Errorf("rotation %d: %w: its line does not end", len(all), ErrMalformed)
		case len(line) > maxRotation || len(all) == maxRotations:
			return nil, fmt.Errorf("rotation %d: %w: at most %d, of %d bytes", len(all), ErrTooLarge, maxRotations, maxRotation)
		}
		var r Rotation
		if err := decodeStrict(line, &r); err != nil {
			return nil, fmt.Errorf("rotation %d: %w", len(all), err)
		}
		all, b = append(all, r), rest
	}
	return all, nil
}

// Follow takes up the keys of rotations in their order, as Rotate does. leaf
// returns the leaf of one, which need not be checked.
func (id *Identity) Follow(all []Rotation, leaf func(r *Rotation, s *Signed) ([]byte, error)) (Identity, error) {
	now := *id
	for i := range all {
		r := &all[i]
		s, err := now.Open([]byte(r.Checkpoint))
		if err != nil {
			return Identity{}, fmt.Errorf("rotation %d: %w", i, err)
		}
		body, err := leaf(r, &s)
		if err != nil {
			return Identity{}, fmt.Errorf("rotation %d: %w", i, err)
		}
		if now, err = now.Rotate(s.Note, r.Index, body, r.Proof); err != nil {
			return Identity{}, fmt.Errorf("rotation %d: %w", i, err)
		}
	}
	return now, nil
}

// KeyOf returns the verifier key that a leaf of KindKey names.
func KeyOf(body []byte) (string, error) {
	l, err := DecodeLeaf(body)
	if err != nil {
		return "", err
	}
	if l.Kind != KindKey {
		return "", fmt.Errorf("%w: it is a %s leaf, want a %s leaf", ErrMalformed, l.Kind, KindKey)
	}
	var next NextKey
	if err := decodeStrict(l.Public, &next); err != nil {
		return "", err
	}
	return next.Key, nil
}
