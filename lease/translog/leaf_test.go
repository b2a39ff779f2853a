package translog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLeaf(t *testing.T) {
	salt := Salt{0: 0x51, 15: 0xb3}
	e, err := NewEntry(KindTransaction, map[string]any{"key": "k"}, map[string]any{"sat": 5, "account": "liab:acme"}, salt)
	if err != nil {
		t.Fatal(err)
	}
	// The commitment, spelled out.
	sum := sha256.Sum256([]byte("hashlease leaf private v1\n" + string(salt[:]) + `{"account":"liab:acme","sat":5}`))
	want := `{"commitment":"` + B32(sum).String() + `","format":"hashlease-leaf/1","kind":"transaction","public":{"key":"k"}}`
	if string(e.Body) != want {
		t.Errorf("leaf\n%s, want\n%s", e.Body, want)
	}
	if want := `{"private":{"account":"liab:acme","sat":5},"salt":"510000000000000000000000000000b3"}`; string(e.Secret) != want {
		t.Errorf("private part\n%s, want\n%s", e.Secret, want)
	}
	l, err := DecodeLeaf(e.Body)
	if err != nil {
		t.Fatal(err)
	}
	o, err := DecodeOpening(e.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(&o); err != nil {
		t.Error(err)
	}
	o.Salt[3]++
	if err := l.Check(&o); !errors.Is(err, ErrCommitment) {
		t.Errorf("another salt: %v", err)
	}
	o.Salt[3]--
	o.Private = json.RawMessage(`{"account":"liab:acme","sat":6}`)
	if err := l.Check(&o); !errors.Is(err, ErrCommitment) {
		t.Errorf("another amount: %v", err)
	}
	l.Commitment = nil
	if err := l.Check(&o); !errors.Is(err, ErrCommitment) {
		t.Errorf("no commitment: %v", err)
	}
}

func TestLeafRefuses(t *testing.T) {
	good := `{"format":"hashlease-leaf/1","kind":"batch","public":{"n":1}}`
	if _, err := DecodeLeaf([]byte(good)); err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("0", 64)
	for name, b := range map[string]string{
		"nothing":                  ``,
		"space":                    ` ` + good,
		"newline after":            good + "\n",
		"two":                      good + good,
		"unknown kind":             strings.Replace(good, "batch", "bath", 1),
		"no kind":                  `{"format":"hashlease-leaf/1","public":{}}`,
		"other format":             strings.Replace(good, "/1", "/2", 1),
		"unknown key":              strings.Replace(good, `"kind"`, `"key":1,"kind"`, 1),
		"key in another case":      strings.Replace(good, `"kind"`, `"Kind"`, 1),
		"keys in another order":    `{"kind":"batch","format":"hashlease-leaf/1","public":{"n":1}}`,
		"public keys out of order": strings.Replace(good, `"n":1`, `"n":1,"a":1`, 1),
		"key twice":                strings.Replace(good, `"n":1`, `"n":1,"n":1`, 1),
		"fraction":                 strings.Replace(good, `1}`, `1.5}`, 1),
		"not a number":             strings.Replace(good, `1}`, `NaN}`, 1),
		"giant number":             strings.Replace(good, `1}`, `1`+strings.Repeat("0", 400)+`}`, 1),
		"array":                    strings.Replace(good, `{"n":1}`, `[1]`, 1),
		"public null":              strings.Replace(good, `{"n":1}`, `null`, 1),
		"commitment null":          `{"commitment":null,` + good[1:],
		"commitment short":         `{"commitment":"00",` + good[1:],
		"commitment in upper case": `{"commitment":"` + strings.Replace(zeros, "0", "A", 1) + `",` + good[1:],
		"broken UTF-8":             strings.Replace(good, `"n"`, "\"\xff\"", 1),
		"deep":                     strings.Replace(good, `1}`, strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`, 1),
	} {
		if l, err := DecodeLeaf([]byte(b)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, %v, want %v", name, l, err, ErrMalformed)
		}
	}
	if _, err := DecodeLeaf([]byte(`{"commitment":"` + zeros + `",` + good[1:])); err != nil {
		t.Errorf("commitment: %v", err)
	}
	long := strings.Repeat("x", MaxLeaf)
	if _, err := NewEntry(KindJob, map[string]string{"a": long}, nil, Salt{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
	if _, err := DecodeLeaf([]byte(strings.Replace(good, "1}", `"`+long+`"}`, 1))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
	if _, err := NewEntry("other", map[string]int{}, nil, Salt{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("unknown kind: %v", err)
	}
}

// TestSaltHides: with another salt the same private part cannot be recognised.
func TestSaltHides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		private := map[string]int64{"sat": rapid.Int64Range(-1<<53, 1<<53).Draw(t, "sat")}
		a, err := NewEntry(KindTransaction, struct{}{}, private, NewSalt())
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewEntry(KindTransaction, struct{}{}, private, NewSalt())
		if err != nil || bytes.Equal(a.Body, b.Body) {
			t.Fatalf("the same leaf twice: %s, %v", a.Body, err)
		}
	})
}

func FuzzDecodeLeaf(f *testing.F) {
	e, err := NewEntry(KindKey, map[string]any{"key": "a"}, map[string]any{"b": 1}, Salt{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(e.Body)
	f.Add([]byte(`{"format":"hashlease-leaf/1","kind":"batch","public":{"n":[1,"\u00e9",null,{}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := DecodeLeaf(b)
		if err != nil {
			return
		}
		if again, err := l.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%s reads as %s, %v", b, again, err)
		}
	})
}

func FuzzDecodeOpening(f *testing.F) {
	f.Add([]byte(`{"private":{"a":1},"salt":"510000000000000000000000000000b3"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := DecodeOpening(b)
		if err != nil {
			return
		}
		if again, err := o.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%s reads as %s, %v", b, again, err)
		}
	})
}
