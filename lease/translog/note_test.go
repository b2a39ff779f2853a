package translog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func testKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32))
}

func testLog(t testing.TB, b byte) (note.Signer, Identity) {
	t.Helper()
	s, err := NewSigner("example.com/log", testKey(b))
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier("example.com/log", testKey(b).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return s, Identity{Origin: "example.com/log", Keys: []note.Verifier{v}}
}

// TestKeysOfNote compares with the keys and notes of x/mod.
func TestKeysOfNote(t *testing.T) {
	public := testKey(1).Public().(ed25519.PublicKey)
	want, err := note.NewEd25519VerifierKey("example.com/log", public)
	if err != nil {
		t.Fatal(err)
	}
	got, err := VerifierKey("example.com/log", public)
	if err != nil || got != want {
		t.Fatalf("verifier key %s, %v, want %s", got, err, want)
	}
	theirs, err := note.NewVerifier(got)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := ParseVerifier(want)
	if err != nil {
		t.Fatal(err)
	}
	signer, _ := testLog(t, 1)
	msg, err := note.Sign(&note.Note{Text: "a\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []note.Verifier{theirs, ours} {
		if _, err := note.Open(msg, note.VerifierList(v)); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "a", "a+b+c", want[:len(want)-4], strings.Replace(want, "log", "lag", 1), " " + want, want + "\n",
		strings.Replace(want, "+AY", "+Ag", 1), "+" + want} {
		if _, err := ParseVerifier(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("verifier key %q: %v", bad, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "a\x00"} {
		if _, err := NewSigner(name, testKey(1)); !errors.Is(err, ErrMalformed) {
			t.Errorf("key name %q: %v", name, err)
		}
	}
}

func TestCheckpoint(t *testing.T) {
	signer, id := testLog(t, 1)
	// The example of C2SP tlog-checkpoint, with our own key.
	text := "example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	root, err := tlog.ParseHash("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{Origin: "example.com/log", Tree: tlog.Tree{N: 20852163, Hash: root}}
	s, err := c.Sign(signer)
	if err != nil || !strings.HasPrefix(string(s.Note), text+"\n— example.com/log ") {
		t.Fatalf("%s, %v", s.Note, err)
	}
	got, err := id.Open(s.Note)
	if err != nil || got.Tree != c.Tree {
		t.Fatalf("%v, %v", got, err)
	}
	_, other := testLog(t, 2)
	if _, err := other.Open(s.Note); !errors.Is(err, ErrOtherKey) {
		t.Errorf("other key: %v", err)
	}
	other = Identity{Origin: "example.com/other", Keys: id.Keys}
	if _, err := other.Open(s.Note); !errors.Is(err, ErrOrigin) {
		t.Errorf("other log: %v", err)
	}
	forged := bytes.Replace(s.Note, []byte("\n20852163\n"), []byte("\n20852164\n"), 1)
	if _, err := id.Open(forged); !errors.Is(err, ErrForged) {
		t.Errorf("size changed: %v", err)
	}
	for name, bad := range map[string]string{
		"two lines":        "example.com/log\n1\n",
		"leading zero":     strings.Replace(text, "2085", "02085", 1),
		"sign":             strings.Replace(text, "2085", "+2085", 1),
		"negative":         strings.Replace(text, "2085", "-2085", 1),
		"giant":            strings.Replace(text, "2085", "999999999992085", 1),
		"empty line":       text + "\n",
		"no origin":        text[len("example.com/log"):],
		"root short":       strings.Replace(text, "CsUY", "", 1),
		"root's last bits": strings.Replace(text, "q2I=", "q2J=", 1),
		"root without =":   strings.Replace(text, "q2I=", "q2I", 1),
	} {
		msg, err := note.Sign(&note.Note{Text: bad}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := id.Open(msg); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	if _, err := id.Open(make([]byte, MaxCheckpoint+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("too long: %v", err)
	}
}

// TestCosignature spells out C2SP tlog-cosignature.
func TestCosignature(t *testing.T) {
	signer, id := testLog(t, 1)
	c := Checkpoint{Origin: id.Origin, Tree: tlog.Tree{N: 5}}
	s, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	public := testKey(7).Public().(ed25519.PublicKey)
	at := time.Unix(1679315147, 0)
	w, err := NewCosigner("witness.example/w", testKey(7), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := note.Sign(&note.Note{Text: text}, w)
	if err != nil {
		t.Fatal(err)
	}
	lines := cosigned[len(text)+1:]
	fields := strings.Fields(string(lines))
	raw, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil || fields[1] != "witness.example/w" || len(raw) != 4+8+64 {
		t.Fatalf("%q, %v", lines, err)
	}
	if !bytes.Equal(raw[4:12], []byte{0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb}) { // as in the specification's example
		t.Errorf("time %x", raw[4:12])
	}
	if !ed25519.Verify(public, fmt.Appendf(nil, "cosignature/v1\ntime 1679315147\n%s", text), raw[12:]) {
		t.Error("it is not over what the specification says")
	}
	key, err := WitnessKey("witness.example/w", public)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParseVerifier(key)
	if err != nil || !IsWitness(v) || IsWitness(id.Keys[0]) {
		t.Fatal(key, err)
	}
	witnesses := []note.Verifier{v}
	both, err := s.Merge(lines, witnesses)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := id.Open(both.Note); err != nil {
		t.Error(err)
	}
	got, err := both.Cosignatures(witnesses)
	if err != nil || len(got) != 1 || !got[0].At.Equal(at) || got[0].Witness != "witness.example/w" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := s.Cosignatures(witnesses); err != nil || len(got) != 0 {
		t.Errorf("without: %v, %v", got, err)
	}
	// A later one of the same witness takes the place of the former.
	at = at.Add(time.Hour)
	if cosigned, err = note.Sign(&note.Note{Text: text}, w); err != nil {
		t.Fatal(err)
	}
	again, err := both.Merge(cosigned[len(text)+1:], witnesses)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Cosignatures(witnesses); err != nil || len(got) != 1 || !got[0].At.Equal(at) {
		t.Errorf("merged again: %v, %v", got, err)
	}
	if _, err := s.Merge(lines, nil); !errors.Is(err, ErrOtherKey) {
		t.Errorf("unknown witness: %v", err)
	}
	c.N = 6
	other, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Merge(lines, witnesses); !errors.Is(err, ErrForged) {
		t.Errorf("cosignature of another checkpoint: %v", err)
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	signer, id := testLog(f, 1)
	s, err := (&Checkpoint{Origin: id.Origin, Extensions: []string{"more"}}).Sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Note, "a\n1\n", s.Note)
	f.Fuzz(func(t *testing.T, msg []byte, text string, lines []byte) {
		if s, err := id.Open(msg); err == nil {
			_, _ = s.Merge(lines, id.Keys)
			_, _ = s.Cosignatures(id.Keys)
		}
		if c, err := parseText(text); err == nil {
			if again, err := c.Text(); err == nil && again != text {
				t.Fatalf("%q reads as %q", text, again)
			}
		}
		_, _ = ParseVerifier(text)
	})
}
