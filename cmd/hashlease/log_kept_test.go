package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/tlog"
)

// TestLogCheckMends damages hashes in a provider's own store that no checkpoint
// has, only proofs: the check makes them anew, and says so.
func TestLogCheckMends(t *testing.T) {
	ctx := t.Context()
	p := newProvider(t)
	add(t, p, 40)
	e, _, _ := testEnv()
	check := func() string {
		t.Helper()
		log, err := p.auditedLog(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.audit(ctx, log, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Checks {
			if c.Name == "tree" {
				return string(c.State) + " " + c.What
			}
		}
		return ""
	}
	if got := check(); !strings.HasPrefix(got, "passed 40 leaves, root ") || strings.Contains(got, "damaged") {
		t.Errorf("%q of an undamaged store", got)
	}
	s, err := p.logStorage()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutHashes(ctx, 5, []tlog.Hash{{1}, {2}}); err != nil {
		t.Fatal(err)
	}
	if got := check(); !strings.Contains(got, "; 2 hashes that proofs are made of had been damaged") {
		t.Errorf("%q of a damaged store", got)
	}
	if got := check(); strings.Contains(got, "damaged") {
		t.Errorf("%q of a mended store", got)
	}
}

// TestPrivatePartsKept compares what is kept of leaves with what they commit to.
func TestPrivatePartsKept(t *testing.T) {
	e, err := translog.NewEntry(translog.KindTerms, map[string]int{"a": 1}, map[string]int{"b": 2}, translog.NewSalt())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		e    translog.Entry
		want string // "" is nothing
	}{
		{"whole", e, ""},
		{"public", translogtest.Entry(t, 1), ""},
		{"another", translog.Entry{Body: e.Body, Secret: bytes.Replace(e.Secret, []byte("2"), []byte("3"), 1)}, "leaf 7: "},
		{"cut off", translog.Entry{Body: e.Body, Secret: e.Secret[:20]}, "leaf 7: "},
		{"lost", translog.Entry{Body: e.Body}, "leaf 7: "},
		{"of nothing", translog.Entry{Body: translogtest.Entry(t, 1).Body, Secret: e.Secret}, "leaf 7: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p privateParts
			p.check(7, &tt.e)
			if (p.damaged == 0) != (tt.want == "") || p.first != nil && !strings.HasPrefix(p.first.Error(), tt.want) {
				t.Errorf("%d damaged, %v; want %q", p.damaged, p.first, tt.want)
			}
		})
	}
}
