package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// loadKey reads an Ed25519 key, such as the provider's. If there is none and create is
// set, it makes one, which is durable before loadKey returns.
func loadKey(name string, create bool) (ed25519.PrivateKey, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := createKey(name); err != nil {
			return nil, err
		}
		info, err = os.Stat(name)
	}
	if err != nil {
		return nil, err
	}
	if tooOpen(info.Mode()) {
		return nil, withHint(fmt.Errorf("%s can be read by others (mode %04o): whoever has it can sign in its owner's name", name, info.Mode().Perm()),
			"to mend it: chmod 600 %s", name)
	}
	b, err := readBounded(name, 1<<16)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// errNoKey says that a file holds no key that can sign.
var errNoKey = errors.New("no key in it")

// parseKey reads a PKCS #8 PEM block or the 64 hexadecimal digits of a seed.
func parseKey(b []byte) (ed25519.PrivateKey, error) {
	if block, _ := pem.Decode(b); block != nil {
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoKey, err)
		}
		if k, ok := key.(ed25519.PrivateKey); ok {
			return k, nil
		}
		return nil, fmt.Errorf("%w: it is of type %T, want an Ed25519 key", errNoKey, key)
	}
	seed, err := hex.DecodeString(string(bytes.TrimSpace(b)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%w: want an Ed25519 key as PKCS #8 PEM, or a seed of %d hexadecimal digits", errNoKey, 2*ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// createKey writes a fresh key, unless another process was quicker.
func createKey(name string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	text, err := encodeKey(key)
	if err != nil {
		return err
	}
	if err := createFile(name, text, 0o600); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// encodeKey writes a key as PKCS #8 PEM.
func encodeKey(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// createFile is writeFile for a name that must not exist yet: it never
// replaces anything, and nobody sees a part of the content.
func createFile(name string, content []byte, mode os.FileMode) error {
	temp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text())
	if err := writeFile(temp, content, mode); err != nil {
		return nameFile(err, name)
	}
	defer os.Remove(temp)
	if err := os.Link(temp, name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// parsePublicKey reads the 64 hexadecimal digits of an Ed25519 public key.
func parsePublicKey(s string) (ed25519.PublicKey, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, usage("public key %.70q: want the %d hexadecimal digits of an Ed25519 key", s, 2*ed25519.PublicKeySize)
	}
	return b, nil
}

// keyScript is an output script, in hexadecimal, for the sandbox's rewards:
// it pays to the first 20 bytes of the hash of the provider's key. The coin
// is worth nothing, so nobody needs to be able to spend it.
func keyScript(key ed25519.PublicKey) string {
	hash := sha256.Sum256(key)
	return fmt.Sprintf("76a914%x88ac", hash[:20])
}
