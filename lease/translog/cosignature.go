package translog

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// cosignatureSize is 8 bytes of Unix seconds and an Ed25519 signature.
const cosignatureSize = 8 + ed25519.SignatureSize

// cosigner signs checkpoints with the time of signing (C2SP tlog-cosignature,
// cosignature/v1).
type cosigner struct {
	key
	private ed25519.PrivateKey
	now     func() time.Time
}

// NewCosigner makes a witness's signer. What it signs says: at this time, this
// is the largest tree of the log that I have seen, and it begins with every
// tree of it that I saw before. The key must not be used for anything else.
func NewCosigner(name string, private ed25519.PrivateKey, now func() time.Time) (note.Signer, error) {
	public, err := publicOf(private)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	k, err := newKey(name, algCosigning, public)
	return &cosigner{k, private, now}, err
}

// NewWitness makes the verifier of a witness's public key.
func NewWitness(name string, public ed25519.PublicKey) (note.Verifier, error) {
	k, err := newKey(name, algCosigning, public)
	return &verifier{k, algCosigning, public}, err
}

// WitnessKey writes a witness's public key as it is given to others.
func WitnessKey(name string, public ed25519.PublicKey) (string, error) {
	k, err := newKey(name, algCosigning, public)
	return k.encode(algCosigning, public), err
}

// Sign implements note.Signer.
func (c *cosigner) Sign(msg []byte) ([]byte, error) {
	at := c.now().Unix()
	if at < 0 {
		return nil, fmt.Errorf("cosignature: the clock shows %d s before 1970", -at)
	}
	sig := binary.BigEndian.AppendUint64(nil, uint64(at))
	return append(sig, ed25519.Sign(c.private, cosigned(uint64(at), msg))...), nil
}

// cosigned is what a witness signs.
func cosigned(at uint64, msg []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), msg...)
}

func verifyCosignature(public ed25519.PublicKey, msg, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at < 1<<63 && ed25519.Verify(public, cosigned(at, msg), sig[8:])
}

// Cosignature is a witness's word on a checkpoint.
type Cosignature struct {
	Witness string
	At      time.Time
}

// Cosignatures verifies and lists what the witnesses say beneath the
// checkpoint, in the order of the signatures. Signatures of others are ignored;
// one that claims a witness's key and does not hold is ErrForged.
func (s *Signed) Cosignatures(witnesses []note.Verifier) ([]Cosignature, error) {
	n, err := openCosigned(s.Origin, s.Note, witnesses)
	if err != nil {
		return nil, err
	}
	var all []Cosignature
	for _, sig := range n.Sigs {
		b, err := base64.StdEncoding.DecodeString(sig.Base64)
		if err != nil || len(b) != 4+cosignatureSize {
			continue // a key for notes among the witnesses: it gives no time
		}
		all = append(all, Cosignature{sig.Name, time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0).UTC()})
	}
	return all, nil
}

// Merge adds those of the signature lines that a witness has made to the
// checkpoint, in place of its former ones. It fails with ErrOtherKey when there
// is none, and with ErrForged.
func (s *Signed) Merge(lines []byte, witnesses []note.Verifier) (Signed, error) {
	text, err := s.Text()
	if err != nil {
		return Signed{}, err
	}
	if len(lines) > MaxCheckpoint {
		return Signed{}, fmt.Errorf("cosignature of %s: %w: %d bytes of signatures", s.Origin, ErrMalformed, len(lines))
	}
	ours, err := openCosigned(s.Origin, s.Note, witnesses)
	if err != nil {
		return Signed{}, err
	}
	theirs, err := openCosigned(s.Origin, slices.Concat([]byte(text+"\n"), lines), witnesses)
	if err != nil {
		return Signed{}, err
	}
	if len(theirs.Sigs) == 0 {
		return Signed{}, fmt.Errorf("cosignature of %s: %w: it is by %s", s.Origin, ErrOtherKey, signatureNames(theirs.UnverifiedSigs))
	}
	sigs := ours.UnverifiedSigs // the log's
	for _, sig := range ours.Sigs {
		if !slices.ContainsFunc(theirs.Sigs, func(t note.Signature) bool { return t.Name == sig.Name && t.Hash == sig.Hash }) {
			sigs = append(sigs, sig)
		}
	}
	msg := []byte(text + "\n")
	for _, sig := range append(sigs, theirs.Sigs...) {
		msg = fmt.Appendf(msg, "— %s %s\n", sig.Name, sig.Base64)
	}
	if len(msg) > MaxCheckpoint {
		return Signed{}, fmt.Errorf("checkpoint of %s: %w: %d bytes with all cosignatures", s.Origin, ErrTooLarge, len(msg))
	}
	return Signed{Checkpoint: s.Checkpoint, Note: msg}, nil
}

// openCosigned sorts signatures into the witnesses' and the others'.
func openCosigned(origin string, msg []byte, witnesses []note.Verifier) (*note.Note, error) {
	n, err := note.Open(msg, note.VerifierList(witnesses...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return unverified.Note, nil
	case errors.As(err, &invalid):
		return nil, fmt.Errorf("checkpoint of %s: %w: it claims the witness %s+%08x", origin, ErrForged, invalid.Name, invalid.Hash)
	case err != nil:
		return nil, fmt.Errorf("checkpoint of %s: %w: %w", origin, ErrMalformed, err)
	}
	return n, nil
}
