package main

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// mistaken is a data directory whose books hold a prepayment of acme's and
// what its lease L-0001 used of it, and a block's reward. L-0002 is bob's.
func mistaken(t *testing.T) (dir string) {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e, _, _ := testEnv()
	cfg := defaultConfig()
	p, err := openProvider(ctx, dir, true)
	ok(err)
	defer p.close()
	terms, err := p.newestTerms(ctx, e, &cfg)
	ok(err)
	for i, name := range []string{"acme", "bob"} {
		ok(p.store.AddTenant(ctx, lease.Tenant{ID: name, Key: p.public()}))
		l := lease.Lease{Tenant: name, Model: lease.Leased, ContractedHps: 1000, StartMs: 1, ProofMs: lease.DefaultProofMs, Terms: terms}
		_, err = p.store.AddLease(ctx, l, 1_000_000, func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{byte(i)}, nil, nil })
		ok(err)
	}
	acme := ledger.Party{Tenant: "acme", Lease: "L-0001"}
	prepaid, err := ledger.Prepayment(acme, "wire 7", 1000, 1)
	ok(err)
	used, err := ledger.Usage(acme, 0, 300, 2)
	ok(err)
	found, err := ledger.Found(lease.Block{}, ledger.Reward{Fee: 5}, 3)
	ok(err)
	ok(p.store.PostAll(ctx, []lease.Transaction{prepaid, used, found}))
	return dir
}

func TestLedgerCorrect(t *testing.T) {
	dir := mistaken(t)
	const usage = "usage:L-0001:1970-01-01T00Z"
	const why = "--reason=the price was wrong"
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // in what is printed
	}{
		{"no reason", []string{usage, "--none"}, exitUsage, "--reason: want 1 to 500 bytes"},
		{"two lines of reason", []string{usage, "--none", "--reason=a\nb"}, exitUsage, "--reason: want"},
		{"neither", []string{usage, why}, exitUsage, "either --posting"},
		{"both", []string{usage, why, "--none", "--posting=revenue:lease=-1"}, exitUsage, "either --posting"},
		{"unknown", []string{"usage:L-0009", why, "--none"}, exitUsage, `no transaction has the key "usage:L-0009"`},
		{"no amount", []string{usage, why, "--posting=revenue:lease"}, exitUsage, "want ACCOUNT=SAT"},
		{"zero", []string{usage, why, "--posting=revenue:lease=0"}, exitUsage, "want ACCOUNT=SAT"},
		{"overflow", []string{usage, why, "--posting=revenue:lease=9223372036854775808"}, exitUsage, "want ACCOUNT=SAT"},
		{"more than there is", []string{usage, why, "--posting=revenue:lease=-2100000000000001"}, exitUsage, "want ACCOUNT=SAT"},
		{"which lease", []string{usage, why, "--posting=liab:acme:available=5"}, exitUsage, "for which lease?"},
		{"no such lease", []string{usage, why, "--posting=liab:acme:prepaid@L-0009=5"}, exitUsage, `no lease is called "L-0009"`},
		{"another tenant's lease", []string{usage, why, "--posting=liab:acme:prepaid@L-0002=5"}, exitUsage, "who is bob"},
		{"unbalanced", []string{usage, why, "--posting=liab:acme:prepaid=250,revenue:lease=-249"}, exitUsage, "do not sum to zero"},
		{"as it is", []string{usage, why, "--posting=liab:acme:prepaid=300,revenue:lease=-300"}, exitUsage, "booked like that already"},
		{"another account", []string{usage, why, "--posting=liab:acme:prepaid=300,revenue:power@L-0001=-300"}, exitUsage, "does not credit revenue:power"},
		{"about another lease", []string{usage, why, "--posting=liab:bob:prepaid@L-0002=300,revenue:lease@L-0002=-300"}, exitUsage, "but is about L-0001"},
		{"a block", []string{"found:" + strings.Repeat("0", 64) + ":1", why, "--none"}, exitUsage, "a found cannot be corrected"},
		{"of what was used", []string{"prepay:wire 7", why, "--none"}, exitFailed, "part of it was used"},

		{"preview", []string{usage, why, "--posting=liab:acme:prepaid=250,revenue:lease=-250", "--dry-run"}, exitOK, "\n-  20"},
		{"preview for programs", []string{usage, why, "--none", "--dry-run", "--json"}, exitOK, `"dry_run": true`},
		{"right", []string{usage, why, "--posting=liab:acme:prepaid=250,revenue:lease=-250sat"}, exitOK, "\n5  "},
		{"again", []string{usage, why, "--none"}, exitUsage, "was taken back already"},
		{"the right one", []string{usage + "#2", why, "--none", "--json"}, exitOK, `"key": "reversal:` + usage + "#2"},
		{"to another lease", []string{"prepay:wire 7", why, "--posting=assets:wallet=1000,liab:bob:prepaid@L-0002=-1000"}, exitOK, "prepay:wire 7#2"},
	} {
		e, out, errs := testEnv()
		code := run(t.Context(), e, append([]string{"ledger", "correct", "--data", dir}, tt.args...))
		text := out.String() + errs.String()
		if code != tt.code || !strings.Contains(text, tt.want) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", tt.name, code, tt.code, tt.want, text)
		}
	}

	p, err := openProvider(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
	balances, err := p.store.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		want := map[string]int64{"assets:wallet": 1000, "liab:bob:prepaid": -1000, "assets:coinbase:immature": 5, "revenue:fee:pending": -5}[b.Account]
		if b.Sat != want {
			t.Errorf("%s of %q is %d sat, want %d", b.Account, b.Lease, b.Sat, want)
		}
	}
	reasons := 0
	for event, err := range p.store.Events(t.Context(), lease.EventFilter{Lease: "L-0001", Kinds: []lease.EventKind{lease.EventCorrected}}) {
		if err != nil {
			t.Fatal(err)
		}
		if reasons++; event.Tenant != "acme" || !strings.Contains(string(event.Body), `"reason":"the price was wrong"`) {
			t.Errorf("%+v with %s", event, event.Body)
		}
	}
	if reasons != 3 {
		t.Errorf("%d corrections with a reason, want 3", reasons)
	}
}
