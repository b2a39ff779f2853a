package bundle

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/hashlease/hashlease/lease/translog"
)

// errKey says what a key looks like.
var errKey = errors.New("want 64 hexadecimal digits, or a log's verifier key NAME+HASH+BASE64")

// ParseKey reads an Ed25519 public key as people pass it on: in hexadecimal, or
// as the verifier key of a log.
func ParseKey(text string) (ed25519.PublicKey, error) {
	if !strings.Contains(text, "+") {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, errKey
		}
		return b, nil
	}
	v, err := translog.ParseVerifier(text)
	if err != nil {
		return nil, err
	}
	if translog.IsWitness(v) {
		return nil, errors.New("this is the key of a witness, which signs no statements")
	}
	// A name has no plus, and the key may: it is what follows the second.
	key, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", 3)[2])
	if err != nil {
		return nil, err
	}
	return key[1:], nil // without its type
}
