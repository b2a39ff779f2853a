package translog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Types of signatures in notes (C2SP signed-note).
const (
	algEd25519   = 1 // a note
	algCosigning = 4 // a checkpoint, with the time of signing
)

// key is an Ed25519 key with the name it has in notes.
type key struct {
	name string
	hash uint32
}

// Name returns the key's name.
func (k key) Name() string { return k.name }

// KeyHash returns the number that tells keys of one name apart.
func (k key) KeyHash() uint32 { return k.hash }

// newKey names a public key: the hash is over the name and the encoded key.
func newKey(name string, alg byte, public ed25519.PublicKey) (key, error) {
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsSpace) || strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, "+") {
		return key{}, fmt.Errorf("key name %.60q: %w: want a name without spaces and +, such as example.com/log", name, ErrMalformed)
	}
	if len(public) != ed25519.PublicKeySize {
		return key{}, fmt.Errorf("key %s: %w: %d bytes, want %d", name, ErrMalformed, len(public), ed25519.PublicKeySize)
	}
	sum := sha256.Sum256(encodeKey([]byte(name+"\n"), alg, public))
	return key{name, binary.BigEndian.Uint32(sum[:])}, nil
}

// encodeKey joins a prefix, the type of a key and its bytes.
func encodeKey(prefix []byte, alg byte, public []byte) []byte {
	return append(append(prefix, alg), public...)
}

// encode writes a verifier key: name+hash+base64(type, key).
func (k key) encode(alg byte, public ed25519.PublicKey) string {
	return fmt.Sprintf("%s+%08x+%s", k.name, k.hash, base64.StdEncoding.EncodeToString(encodeKey(nil, alg, public)))
}

// signer signs notes.
type signer struct {
	key
	private ed25519.PrivateKey
}

// NewSigner makes the signer of a log's checkpoints; the name should be the
// log's origin.
func NewSigner(name string, private ed25519.PrivateKey) (note.Signer, error) {
	public, err := publicOf(private)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	k, err := newKey(name, algEd25519, public)
	return &signer{k, private}, err
}

// Sign implements note.Signer.
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.private, msg), nil }

func publicOf(private ed25519.PrivateKey) (ed25519.PublicKey, error) {
	if len(private) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("%w: %d bytes, want an Ed25519 key of %d", ErrMalformed, len(private), ed25519.PrivateKeySize)
	}
	return private.Public().(ed25519.PublicKey), nil
}

// verifier verifies notes, or cosignatures of checkpoints.
type verifier struct {
	key
	alg    byte
	public ed25519.PublicKey
}

// NewVerifier makes the verifier of a log's public key, known under the name.
func NewVerifier(name string, public ed25519.PublicKey) (note.Verifier, error) {
	k, err := newKey(name, algEd25519, public)
	return &verifier{k, algEd25519, public}, err
}

// VerifierKey writes a log's public key as it is given to others.
func VerifierKey(name string, public ed25519.PublicKey) (string, error) {
	k, err := newKey(name, algEd25519, public)
	return k.encode(algEd25519, public), err
}

// ParseVerifier reads a verifier key: a log's, or a witness's.
func ParseVerifier(text string) (note.Verifier, error) {
	bad := func(what string) error {
		return fmt.Errorf("verifier key %.80q: %w: %s", text, ErrMalformed, what)
	}
	name, rest, _ := strings.Cut(text, "+")
	digits, b64, ok := strings.Cut(rest, "+")
	hash, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil || len(digits) != 8 {
		return nil, bad("want NAME+HASH+KEY, HASH being 8 hexadecimal digits")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(b64)
	if err != nil || len(b) != 1+ed25519.PublicKeySize || b[0] != algEd25519 && b[0] != algCosigning {
		return nil, bad("the key is no Ed25519 key for notes (type 1) or cosignatures (type 4)")
	}
	k, err := newKey(name, b[0], b[1:])
	if err != nil {
		return nil, err
	}
	if k.hash != uint32(hash) || k.encode(b[0], b[1:]) != text {
		return nil, bad(fmt.Sprintf("its hash should be %08x: it was not copied whole", k.hash))
	}
	return &verifier{k, b[0], b[1:]}, nil
}

// Verify implements note.Verifier.
func (v *verifier) Verify(msg, sig []byte) bool {
	if v.alg == algCosigning {
		return verifyCosignature(v.public, msg, sig)
	}
	return ed25519.Verify(v.public, msg, sig)
}

// IsWitness tells whether v verifies cosignatures.
func IsWitness(v note.Verifier) bool {
	k, ok := v.(*verifier)
	return ok && k.alg == algCosigning
}
