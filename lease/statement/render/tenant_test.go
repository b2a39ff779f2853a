package render

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/miner"
)

func tenant() (*bundle.TenantStatement, Context) {
	account := func(name string, opening, closing int64) bundle.Account {
		return bundle.Account{Name: "liab:acme-ltd:" + name, Opening: opening, Closing: closing}
	}
	t := &bundle.TenantStatement{Format: bundle.TenantFormat, Origin: "hashlease.example/log", Tenant: "acme-ltd", FromMs: ms("2026-11-01 00:00"), ToMs: ms("2026-12-01 00:00"), State: bundle.Preliminary,
		Accounts: []bundle.Account{account("available", 7, 9), account("prepaid", 300, 250)}}
	for i, id := range []string{"L-0042", "L-0043", `L-"<b>\` + "\x00日"} {
		l := bundle.TenantLease{Lease: id, Number: int64(i + 1), Statement: fill32(byte(i)), FromMs: t.FromMs, ToMs: t.ToMs, State: bundle.Final,
			ProvenWork: lease.Quantity(miner.Hashes(peta).Mul(uint64(i) * 1_000_000)), Receipts: int64(i) * 200_000, Charged: int64(i) * 1_000_000, Credited: int64(i) * 1000, Earned: int64(i) * 2_000_000}
		l.Accounts = []bundle.Account{account("prepaid", 100, 90), account("available", int64(i), int64(i)+1)}
		t.Leases = append(t.Leases, l)
	}
	t.Leases[1].State = bundle.Preliminary
	x := context()
	x.Verify = ""
	return t, x
}

func TestTenant(t *testing.T) {
	s, x := tenant()
	text, err := TenantText(s, x)
	if err != nil {
		t.Fatal(err)
	}
	page, err := TenantHTML(s, x)
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := TenantPDF(s, x)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"text": string(text), "html": readHTML(t, page).text, "pdf": readPDF(t, pdf).text} {
		text = strings.ReplaceAll(plain(text), "\n", " ")
		for _, want := range []string{"PRELIMINARY", "tenant acme-ltd", "600 000", "3 000 000", "6 000 000", "3.000 ZH", "hashlease verify acme-ltd.bundle", "No return is promised"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in:\n%s", form, want, text)
			}
		}
	}
	if _, err := TenantHTML(nil, x); err == nil {
		t.Error("a page of nothing")
	}
	if _, err := TenantPDF(&bundle.TenantStatement{}, Context{}); err != nil {
		t.Errorf("a statement of no lease: %v", err)
	}
	s.FromMs, s.ToMs = s.ToMs, s.FromMs
	if _, err := TenantText(s, x); err == nil {
		t.Error("a period that ends before it begins")
	}
}
