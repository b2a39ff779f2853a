package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// What no command books is found by the check, which says where it is.
func TestLedgerCheckFails(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, err := openProvider(t.Context(), data, true)
	if err != nil {
		t.Fatal(err)
	}
	gift := lease.Transaction{Key: "gift:1", Kind: "gift", Ref: "a\x1b[2Jb", Postings: []lease.Posting{
		{Account: "assets:wallet", Sat: 5}, {Account: "revenue:fee", Sat: -5},
	}}
	if err := p.store.Post(t.Context(), gift); err != nil {
		t.Fatal(err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"ledger", "check"}, exitFailed, `ledger entry 1: transaction gift:1: unknown kind "gift"`},
		{[]string{"ledger", "check", "--json"}, exitFailed, `"error": "ledger entry 1: transaction gift:1: unknown kind \"gift\""`},
		{[]string{"ledger", "show", "--transactions"}, exitOK, "ref a?[2Jb"},
		{[]string{"ledger", "show"}, exitOK, "total"},
	} {
		e, out, errs := testEnv()
		code := run(t.Context(), e, append(tt.args, "--data", data))
		if text := out.String() + errs.String(); code != tt.code || !strings.Contains(text, tt.want) {
			t.Errorf("%v: exit code %d\n%s", tt.args, code, text)
		}
	}
}
