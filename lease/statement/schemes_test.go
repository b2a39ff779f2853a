package statement

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// textOf is the statement for people, after a verifier had no objection.
func textOf(t *testing.T, m *memory) (*receipt.Statement, string) {
	t.Helper()
	b := build(t, m)
	var out bytes.Buffer
	if err := Text(&out, &b.Statement); err != nil {
		t.Fatal(err)
	}
	return &b.Statement, out.String()
}

// What coinbases pay is stated, and is in no balance once a block is mature.
func TestBuildDirect(t *testing.T) {
	m := newMemoryOf(t, func(terms *lease.Terms) { terms.Direct = &lease.Direct{MaxOutputs: 20} })
	s, text := textOf(t, m)
	if len(s.Rewards) != 2 || s.Rewards[0].Direct != 1000 || s.Rewards[1].Direct != 2000 || s.Balances != (receipt.Balances{Pending: 2000}) {
		t.Errorf("rewards %+v, balances %+v", s.Rewards, s.Balances)
	}
	for _, want := range []string{"1 000 sat  ", "  direct\n", "direct: the block itself pays you", "pending 2 000 sat  available 0 sat"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// A mature block was paid out, is orphaned, returns and matures again: the
// lease keeps what it had, and gets it once.
func TestBuildKept(t *testing.T) {
	m := newMemory(t)
	b := &m.blocks[0]
	state := func(want receipt.Balances, kept int64, note string) {
		t.Helper()
		s, text := textOf(t, m)
		if s.Balances != want || s.Rewards[0].Kept != kept || s.Rewards[0].State != b.State {
			t.Errorf("%s: balances %+v, want %+v; %+v", b.State, s.Balances, want, s.Rewards[0])
		}
		if !strings.Contains(text, note) {
			t.Errorf("%s: no %q in:\n%s", b.State, note, text)
		}
	}
	state(receipt.Balances{Pending: 2000, Available: 1000}, 0, "available 1 000 sat")

	dues, err := ledger.Dues(m.books, "anna", 600)
	if err != nil {
		t.Fatal(err)
	}
	intent, err := ledger.PayoutIntent(1, "txid", dues, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.post(intent)
	state(receipt.Balances{Pending: 2000, Available: 400, Other: -600}, 0, "of the available, -600 sat are not of blocks")

	key := func(kind string) lease.Transaction { return m.txs[ledger.Key(kind, b.Hash, b.Appearances)] }
	matured := key(ledger.KindMatured)
	loss, ok := ledger.Loss(*b, matured, m.books, 2)
	if !ok {
		t.Fatal("no loss")
	}
	m.post(loss)
	for _, tx := range ledger.Orphaned(*b, key(ledger.KindFound), &matured, 2) {
		m.post(tx)
	}
	b.State = lease.Orphaned
	state(receipt.Balances{Pending: 2000, Available: 0, Other: -600}, 600, "kept 600")

	b.State = lease.Adopted
	m.book(t, b)
	state(receipt.Balances{Pending: 2400, Available: 0, Other: -600}, 600, "kept 600")

	b.State = lease.Mature
	m.post(ledger.Matured(*b, key(ledger.KindFound), 3))
	state(receipt.Balances{Pending: 2000, Available: 400, Other: -600}, 600, "kept 600")
}

// Under PPS the statement says what was earned up to the hour that is settled,
// and a verifier agrees to the satoshi.
func TestBuildEarned(t *testing.T) {
	m := newMemoryOf(t, func(terms *lease.Terms) {
		terms.Scheme, terms.Reserve = lease.SchemePPS, &lease.Reserve{Sat: 1_000_000_000_000, RuinPPM: 1000}
	})
	first := m.all[0].CommitMs / lease.MsPerHour
	// Two leases share the receipts: those of the first hours are settled.
	for i := range m.all {
		m.all[i].CommitMs += int64(i) * lease.MsPerHour / 8
	}
	m.beat = m.all[len(m.all)-1].CommitMs + 1
	m.hour = first + 3
	var earned lease.SettledHour
	var n int64
	work := new(lease.Evidence)
	for _, r := range m.all {
		if r.Lease == m.lease.ID && r.CommitMs/lease.MsPerHour <= m.hour {
			n++
			work.Add(r.Work)
		}
	}
	// A hash is worth reward/2 here, less a hundredth.
	earned = lease.SettledHour{Lease: m.lease.ID, Hour: m.hour, EarnedSat: int64(work.Sum.Lo) * reward / 2 / 100 * 99}
	m.settled = []lease.SettledHour{{Lease: "L-0002", Hour: m.hour, EarnedSat: 7}, earned,
		{Lease: m.lease.ID, Hour: m.hour + 1, EarnedSat: 9}}
	m.credit(ledger.Available("anna"), earned.EarnedSat)
	m.meter.Counted = miner.Hashes(40 * 25)
	s, text := textOf(t, m)
	if n == 0 || n == 40 || s.Earned == nil || *s.Earned != (receipt.Earned{Receipts: n, Sat: earned.EarnedSat}) ||
		s.Balances != (receipt.Balances{Available: earned.EarnedSat, Other: earned.EarnedSat}) || len(s.Rewards) != 0 {
		t.Errorf("%d receipts: earned %+v, balances %+v, rewards %+v", n, s.Earned, s.Balances, s.Rewards)
	}
	if !strings.Contains(text, "EARNED") || !strings.Contains(text, "whether blocks were found or not") {
		t.Errorf("nothing is said of what was earned:\n%s", text)
	}
}
