package statement

import (
	"context"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// pricedMemory is a node whose first hour is settled: 20 of the 40 receipts of
// L-0001, of 25 hashes each, at a satoshi a hash. It was prepaid twice.
func pricedMemory(t *testing.T) *memory {
	t.Helper()
	m := newMemoryOf(t, func(terms *lease.Terms) {
		sla := lease.DefaultSLA()
		terms.Prices = &lease.Prices{Work: &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(1))}, EarlyExitPPM: 100_000}
		terms.SLA = &sla
	})
	n := 0
	for i := range m.all {
		if m.all[i].Lease == m.lease.ID {
			if n++; n > 20 {
				m.all[i].CommitMs += lease.MsPerHour
			}
		}
	}
	m.hour = m.all[0].CommitMs / lease.MsPerHour
	m.beat = (m.hour+2)*lease.MsPerHour - 1
	for i := range m.all {
		m.beat = max(m.beat, m.all[i].CommitMs)
	}
	m.settled = []lease.SettledHour{
		{Lease: "L-0002", Hour: m.hour, DueSat: 3, ChargedSat: 3, Window: lease.WindowDown},
		{Lease: m.lease.ID, Hour: m.hour, Billable: lease.Quantity(miner.Hashes(500)), DueSat: 500, ChargedSat: 450, Window: lease.WindowDown},
		{Lease: m.lease.ID, Hour: m.hour + 1, Billable: lease.Quantity(miner.Hashes(9)), DueSat: 9, ChargedSat: 9, Window: lease.WindowUp},
	}
	for ref, sat := range map[string]int64{"a": 400, "b": 100} {
		m.post(must(ledger.Prepayment(m.party(), ref, sat, startMs)))
		m.event(t, lease.EventPrepaid, "prepay:"+ref, lease.Prepaid{Sat: sat, Ref: ref})
	}
	m.post(must(ledger.Usage(m.party(), m.hour*lease.MsPerHour, 450, m.beat)))
	return m
}

func (m *memory) party() ledger.Party { return ledger.Party{Tenant: "anna", Lease: m.lease.ID} }

func (m *memory) event(t *testing.T, kind lease.EventKind, key string, body any) {
	t.Helper()
	e, err := lease.NewEvent(kind, startMs, key, body)
	if err != nil {
		t.Fatal(err)
	}
	m.events = append(m.events, e.Of(&m.lease))
}

func must(t lease.Transaction, err error) lease.Transaction {
	if err != nil {
		panic(err)
	}
	return t
}

// What was charged and credited is stated, and a verifier agrees.
func TestBuildCharges(t *testing.T) {
	m := pricedMemory(t)
	want := receipt.Charges{ThroughMs: (m.hour + 1) * lease.MsPerHour, Receipts: 20, Billable: lease.Quantity(miner.Hashes(500)),
		Due: 500, Charged: 450, Down: 1, Prepaid: 500, Left: 50}
	state := func(lines ...string) {
		t.Helper()
		s, text := textOf(t, m)
		if s.Format != receipt.ChargedStatementFormat || s.Charges == nil || *s.Charges != want {
			t.Errorf("%s: charges %+v, want %+v", s.Format, s.Charges, want)
		}
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("no %q in:\n%s", line, text)
			}
		}
	}
	state("work 500 hashes, proven and contracted by the day", "due 500 sat by the terms' prices  charged 450 sat",
		"the rest found nothing prepaid: you do not owe it", "hours up 0  down 1  excluded 0",
		"paid in 500  credited 0  charged 450  refunded 0 sat", "left 50 sat")

	// A month ends with a credit, which the lease can still use.
	m.post(must(ledger.SLACredit(m.party(), "2026-11", false, 90, m.beat)))
	m.event(t, lease.EventPeriodClosed, "period-closed:L-0001:2026-11", lease.PeriodClosed{FeesSat: 450, CreditPPM: 200_000, CreditSat: 90})
	want.Credited, want.Left = 90, 140
	state("credited 90 sat", "left 140 sat")

	// Somebody corrects a prepayment.
	m.post(ledger.Reverse(m.txs[ledger.PrepayKey("b")], "reversal:prepay:b", ledger.KindReversal, m.beat))
	want.Corrected, want.Left = -100, 40
	state("corrections -100 sat")

	// The tenant leaves early; something came too late for it.
	m.post(must(ledger.SLACredit(m.party(), "2026-12", true, 7, m.beat)))
	m.post(must(ledger.ExitFee(m.party(), 4, m.beat)))
	m.post(must(ledger.Refund(m.party(), "close", 36, m.beat)))
	m.event(t, lease.EventPeriodClosed, "period-closed:L-0001:2026-12", lease.PeriodClosed{CreditSat: 7, ExitFeeSat: 4, RefundSat: 36})
	m.post(must(ledger.Prepayment(m.party(), "late", 11, m.beat)))
	m.event(t, lease.EventPrepaid, "prepay:late", lease.Prepaid{Sat: 11, Ref: "late"})
	m.post(must(ledger.Refund(m.party(), "late", 11, m.beat)))
	want.PaidBack, want.ExitFee, want.Prepaid, want.Refunded, want.Left = 7, 4, 511, 47, 0
	state("credited 97 sat", "credited when the lease was over, for payout: 7 sat", "for leaving early 4 sat", "refunded 47 sat", "left 0 sat")

	m = pricedMemory(t)
	m.hour, m.settled = m.lease.StartMs/lease.MsPerHour-1, nil
	m.post(ledger.Reverse(m.txs[ledger.UsageKey(m.lease.ID, m.all[0].CommitMs/lease.MsPerHour*lease.MsPerHour)], "reversal:usage", ledger.KindReversal, m.beat))
	if _, text := textOf(t, m); !strings.Contains(text, "none yet: hours are settled when they are over") || strings.Contains(text, "SLA") || !strings.Contains(text, "left 500 sat") {
		t.Errorf("before anything is settled:\n%s", text)
	}
	m.hour = 0
	b, err := Build(context.Background(), Source{Store: m, Key: testKey("provider")}, "L-0001")
	if err != nil || b.Statement.Charges.ThroughMs != 0 || b.Statement.Charges.Receipts != 0 || b.Statement.Charges.Due != 0 {
		t.Errorf("before anything is settled: %v, %+v", err, b)
	}
}

// What comes when the lease is over, but was charged for, is in the bundle.
func TestBuildChargesLateReceipts(t *testing.T) {
	m := pricedMemory(t)
	m.lease.ClosedMs = m.all[0].CommitMs + 19_500
	m.settled[1].Billable, m.settled[1].DueSat = lease.Quantity(miner.Hashes(475)), 475
	b := build(t, m)
	if s := b.Statement; s.Period.ToMs != m.lease.ClosedMs || s.Receipts != 40 || s.Charges.Receipts != 20 {
		t.Errorf("%d receipts until %d, %+v", s.Receipts, s.Period.ToMs, s.Charges)
	}
}

// An hour that is settled while the statement is made is in all of it or in
// nothing; books that never rest make none.
func TestBuildChargesOfOneMoment(t *testing.T) {
	m := pricedMemory(t)
	later := m.settled[2]
	later.Billable, later.DueSat, later.ChargedSat = lease.Quantity(miner.Hashes(500)), 500, 50
	m.settled[2] = later
	m.onCall = func(method string, n int) {
		if method == "Balances" && n == 2 {
			m.hour++
			m.post(must(ledger.Usage(m.party(), m.hour*lease.MsPerHour, 50, m.beat)))
		}
	}
	if c := build(t, m).Statement.Charges; c.Receipts != 40 || c.Charged != 500 || c.Due != 1000 || c.Corrected != 0 || c.Left != 0 {
		t.Errorf("charges %+v", c)
	}
	m = pricedMemory(t)
	n := int64(0)
	m.onCall = func(method string, _ int) {
		if n++; method == "Balances" {
			m.credit(ledger.Prepaid("anna"), n)
		}
	}
	if _, err := Build(context.Background(), Source{Store: m, Key: testKey("provider")}, "L-0001"); err == nil || !strings.Contains(err.Error(), "keep changing") {
		t.Errorf("error %v", err)
	}
}
