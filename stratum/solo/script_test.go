package solo

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"
)

func TestPushHeight(t *testing.T) {
	for height, want := range map[int64]string{
		0: "00", 1: "51", 16: "60", 17: "0111", 127: "017f", 128: "028000", 255: "02ff00", 256: "020001",
		32767: "02ff7f", 32768: "03008000", 840_000: "0340d10c", 8_388_608: "0400008000", 1<<31 - 1: "04ffffff7f",
	} {
		if got := hex.EncodeToString(pushHeight(height)); got != want {
			t.Errorf("height %d: %s, want %s", height, got, want)
		}
		if got, rest, err := parseHeight(pushHeight(height)); got != height || len(rest) != 0 || err != nil {
			t.Errorf("height %d parses as %d, %v", height, got, err)
		}
	}
}

func TestParseScriptSigRefusesOtherSpellings(t *testing.T) {
	before, after := scriptSig(300, [16]byte{1})
	good := slices.Concat(before, []byte("012345"), after)
	if _, _, _, err := ParseScriptSig(good); err != nil {
		t.Fatal(err)
	}
	committed := slices.Clone(good)
	copy(committed[21:53], "this is what it commits to, whole")
	if _, tag, en, err := ParseScriptSig(committed); err != nil || tag != [16]byte{1} || string(en) != "012345" {
		t.Errorf("with a commitment: tag %x, extranonce %q, %v", tag, en, err)
	}
	bad := map[string][]byte{
		"empty":            {},
		"cut":              good[:len(good)-1],
		"longer":           append(slices.Clone(good), 0),
		"longer height":    slices.Concat([]byte{3, 0x2c, 1, 0}, good[3:]),
		"no height":        good[3:],
		"no commitment":    slices.Concat(good[:20], good[53:]),
		"other commitment": slices.Concat(good[:20], []byte{31}, good[22:]),
		"two tags":         slices.Concat(before, before[3:], after),
		"other tag length": bytes.Replace(good, []byte{16, 1}, []byte{15, 1}, 1),
		"other mark":       bytes.Replace(good, []byte("/hash"), []byte("/cash"), 1),
	}
	for name, script := range bad {
		if _, _, _, err := ParseScriptSig(script); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseScriptSig(f *testing.F) {
	for _, height := range []int64{0, 1, 16, 17, 128, 840_000, maxHeight} {
		before, after := scriptSig(height, [16]byte{7})
		f.Add(slices.Concat(before, []byte("012345"), after))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		height, tag, en, err := ParseScriptSig(script)
		if err != nil {
			return
		}
		before, after := scriptSig(height, tag)
		commit := len(pushHeight(height)) + 1 + TagSize + 1
		copy(before[commit:], script[commit:commit+CommitSize])
		if !bytes.Equal(slices.Concat(before, en, after), script) {
			t.Fatalf("%x has a second spelling", script)
		}
	})
}
