package translog_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

func TestRotations(t *testing.T) {
	all := []translog.Rotation{{Checkpoint: "a\n", Index: 3, Proof: tlog.RecordProof{{1}, {2}}}, {Checkpoint: "b", Proof: tlog.RecordProof{}}}
	text, err := translog.EncodeRotations(all)
	if err != nil {
		t.Fatal(err)
	}
	again, err := translog.DecodeRotations(text)
	if err != nil || len(again) != 2 || again[0].Proof[1] != all[0].Proof[1] || again[1].Checkpoint != "b" {
		t.Errorf("%v, %v", again, err)
	}
	if none, err := translog.DecodeRotations(nil); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
	for _, bad := range []string{"\n", "{}\n", string(text[:len(text)-1]), string(text) + " ", strings.Replace(string(text), `"index":3`, `"index":3,"more":1`, 1),
		strings.Replace(string(text), `"index":3`, `"index": 3`, 1)} {
		if _, err := translog.DecodeRotations([]byte(bad)); !errors.Is(err, translog.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := translog.DecodeRotations(bytes.Repeat([]byte(`{"checkpoint":"","index":0,"proof":[]}`+"\n"), 1001)); !errors.Is(err, translog.ErrTooLarge) {
		t.Error(err)
	}
}

func FuzzDecodeRotations(f *testing.F) {
	f.Add([]byte(`{"checkpoint":"a","index":1,"proof":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}` + "\n"))
	f.Add([]byte("{}\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := translog.DecodeRotations(b)
		if err != nil {
			return
		}
		again, err := translog.EncodeRotations(all)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is read, and written as %q, %v", b, again, err)
		}
	})
}
