package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLoadKey(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	if _, err := loadKey(name, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a key: %v", err)
	}
	// Of several processes that begin at once, all end up with the same key.
	keys := make([]ed25519.PrivateKey, 8)
	var makers sync.WaitGroup
	for i := range keys {
		makers.Go(func() {
			var err error
			if keys[i], err = loadKey(name, true); err != nil {
				t.Error(err)
			}
		})
	}
	makers.Wait()
	for _, k := range keys {
		if !bytes.Equal(k, keys[0]) {
			t.Error("two keys were made for one directory")
		}
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = loadKey(name, true)
	var out bytes.Buffer
	report(&out, err)
	if err == nil || !strings.Contains(out.String(), "chmod 600 "+name) {
		t.Errorf("a key that the group can read: %s", &out)
	}
}

func TestParseKey(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	want := ed25519.NewKeyFromSeed(seed)
	text, err := encodeKey(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{string(text), hex.EncodeToString(seed), hex.EncodeToString(seed) + "\n"} {
		if got, err := parseKey([]byte(form)); err != nil || !got.Equal(want) {
			t.Errorf("parseKey(%q): %v", form, err)
		}
	}
	for _, bad := range []string{"", "00", hex.EncodeToString(seed) + "00", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if _, err := parseKey([]byte(bad)); err == nil {
			t.Errorf("parseKey(%q) gives a key", bad)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	text, err := encodeKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(strings.Repeat("00", ed25519.SeedSize)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := parseKey(b); err == nil && len(key) != ed25519.PrivateKeySize {
			t.Errorf("a key of %d bytes", len(key))
		}
	})
}

func TestCreateFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := createFile(name, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := createFile(name, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the second file: %v", err)
	}
	if err := writeFile(name, []byte("three"), 0o644); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "three" {
		t.Errorf("%q, %v", b, err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
