package bundle

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
)

func TestParseKey(t *testing.T) {
	for seed := range byte(64) { // some keys have a plus in base64
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
		text, err := translog.VerifierKey("log.example", key)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{text, fmt.Sprintf("%x", key)} {
			if got, err := ParseKey(text); err != nil || !got.Equal(key) {
				t.Errorf("%s: %x, %v, want %x", text, got, err, key)
			}
		}
	}
	for _, text := range []string{"", "00", "zz", "log.example+00000000+AAAA", "+", "++"} {
		if key, err := ParseKey(text); err == nil {
			t.Errorf("%q was taken for key %x", text, key)
		}
	}
}
