package translog

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// NextKey is the public part of a leaf of KindKey: the verifier key that signs
// beside the former one in the first checkpoint that has the leaf, and alone
// after it. The former key's signature on that checkpoint is what makes
// whoever knows the former one trust the next.
type NextKey struct {
	Key string `json:"key"`
}

// Rotate returns the identity with the next key added, given a checkpoint that a
// known key has signed and the proof that it has the leaf of the next key. It
// fails with the errors of Open, with ErrProof, and with ErrMalformed for a leaf
// that is no other or names no key of the log.
func (id *Identity) Rotate(checkpoint []byte, index int64, body []byte, proof tlog.RecordProof) (Identity, error) {
	s, err := id.Open(checkpoint)
	if err != nil {
		return Identity{}, err
	}
	if err := s.CheckLeaf(index, body, proof); err != nil {
		return Identity{}, err
	}
	next, err := KeyOf(body)
	if err != nil {
		return Identity{}, fmt.Errorf("leaf %d of log %s: %w", index, id.Origin, err)
	}
	v, err := ParseVerifier(next)
	if err != nil {
		return Identity{}, fmt.Errorf("leaf %d of log %s: %w", index, id.Origin, err)
	}
	if IsWitness(v) || v.Name() != id.Origin {
		return Identity{}, fmt.Errorf("leaf %d of log %s: %w: %.80q is no key of the log", index, id.Origin, ErrMalformed, next)
	}
	return Identity{Origin: id.Origin, Keys: append(slices.Clone(id.Keys), v)}, nil
}
