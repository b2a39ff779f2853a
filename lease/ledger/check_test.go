package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

var (
	anna  = Party{"acme", "L-0001"}
	bruno = Party{"bob", "L-0002"}
)

// tx is for builders that succeed.
func tx(t testing.TB, build func() (lease.Transaction, error)) lease.Transaction {
	t.Helper()
	made, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestCheckFindsMistakes(t *testing.T) {
	b := block(1)
	reward := func(sat int64) Reward {
		return Reward{Split: []lease.Part{{Lease: "L-0001", Sat: sat}}, Tenants: tenants}
	}
	found := tx(t, func() (lease.Transaction, error) { return Found(b, reward(100), 0) })
	other := tx(t, func() (lease.Transaction, error) { return Found(block(2), reward(100), 0) })
	b.Appearances = 1
	matured := Matured(b, found, 0)
	orphaned := Orphaned(b, found, &matured, 0)
	cheap := orphaned[1]
	cheap.Postings = []lease.Posting{{Account: Immature, Sat: -99}, {Account: Pending("acme"), Lease: "L-0001", Sat: 99}}
	stingy := matured
	stingy.Postings = slices.Clone(matured.Postings)
	stingy.Postings[3].Account = Available("bob")
	again := tx(t, func() (lease.Transaction, error) { return Found(b, reward(101), 0) })
	early := again
	early.Key = Key(KindFound, b.Hash, 3)
	uneven := lease.Transaction{Key: "x", Kind: "x", Postings: []lease.Posting{{Account: Wallet, Sat: 1}}}

	prepay := tx(t, func() (lease.Transaction, error) { return Prepayment(anna, "wire 1", 100, 0) })
	usage := tx(t, func() (lease.Transaction, error) { return Usage(anna, 0, 30, 0) })
	elsewhere := usage
	elsewhere.Postings = slices.Clone(usage.Postings)
	elsewhere.Postings[1].Lease = "L-0002"
	elsewhere.Key = UsageKey("L-0001", lease.MsPerHour)
	toFee := usage
	toFee.Postings = slices.Clone(usage.Postings)
	toFee.Postings[1].Account = Fee
	backwards := usage
	backwards.Postings = negate(usage.Postings)
	foreign := tx(t, func() (lease.Transaction, error) { return Usage(Party{"acme", "L-0003"}, 0, 30, 0) })
	renamed := usage
	renamed.Key = UsageKey("L-0002", 0)
	corrected, err := Correct(usage, &usage, 0)
	if err != nil {
		t.Fatal(err)
	}
	wrongly := corrected[0]
	wrongly.Postings = negate(backwards.Postings)
	skipped := corrected[1]
	skipped.Key = usage.Key + "#3"
	ofFound := lease.Transaction{Key: ReversalKey(found.Key), Kind: KindReversal, Ref: found.Key, Postings: negate(found.Postings)}
	odd := corrected[0]
	odd.Key = ReversalKey("another")

	pps := tx(t, func() (lease.Transaction, error) { return PPS(anna, 0, 500, 0) })
	intent := tx(t, func() (lease.Transaction, error) { return PayoutIntent(1, "tx", []Due{{anna, 60}}, 0) })
	confirmed := tx(t, func() (lease.Transaction, error) { return PayoutConfirmed(intent, "tx", 3, 0) })
	failed := tx(t, func() (lease.Transaction, error) { return PayoutFailed(intent, 0) })
	partly := confirmed
	partly.Postings = []lease.Posting{{Account: Inflight("acme"), Lease: "L-0001", Sat: 59}, {Account: Wallet, Sat: -59}}
	shifted := intent
	shifted.Postings = slices.Clone(intent.Postings)
	shifted.Postings[1].Account = Inflight("bob")
	half := failed
	half.Postings = []lease.Posting{{Account: Available("acme"), Lease: "L-0001", Sat: -59}, {Account: Inflight("acme"), Lease: "L-0001", Sat: 59}}

	loss := func(sat int64) lease.Transaction {
		l := event(KindLoss, b, 1, 0)
		l.Postings = []lease.Posting{{Account: OrphanLoss, Lease: "L-0001", Sat: sat}, {Account: Available("acme"), Lease: "L-0001", Sat: -sat}}
		return l
	}
	twice := again
	twice.Postings = []lease.Posting{{Account: Immature, Sat: 100}, {Account: Pending("acme"), Lease: "L-0001", Sat: -100}}
	rich := func(n int) lease.Transaction { // 2^62 satoshi
		ref := strconv.Itoa(n)
		many := lease.Transaction{Key: IncomeKey(ref), Kind: KindIncome, Ref: ref}
		for range 1 << 12 {
			many.Postings = append(many.Postings, lease.Posting{Account: Wallet, Sat: 1 << 50})
		}
		for range 1 << 12 {
			many.Postings = append(many.Postings, lease.Posting{Account: Mining, Sat: -1 << 50})
		}
		return many
	}
	paid := tx(t, func() (lease.Transaction, error) { return PayoutIntent(2, "tx", []Due{{anna, 100}}, 0) })

	for _, tt := range []struct {
		name string
		txs  []lease.Transaction
		want string
	}{
		{"more than can be", []lease.Transaction{rich(1), rich(2)}, "sum of assets:wallet is out of range"},
		{"sum", []lease.Transaction{uneven}, "do not sum to zero"},
		{"key twice", []lease.Transaction{found, found}, "booked already"},
		{"kind", []lease.Transaction{{Key: "gift:1", Kind: "gift"}}, "unknown kind"},
		{"key of another kind", []lease.Transaction{{Key: "pps:1", Kind: KindIncome}}, "not one of kind income"},
		{"key of another lease", []lease.Transaction{prepay, renamed}, "is not about"},
		{"wrong account", []lease.Transaction{prepay, toFee}, "does not credit revenue:fee"},
		{"wrong side", []lease.Transaction{backwards}, "does not credit liab:acme:prepaid"},
		{"another lease's posting", []lease.Transaction{prepay, elsewhere}, "is about L-0001"},
		{"another lease's money", []lease.Transaction{prepay, foreign}, "liab:acme:prepaid of lease L-0003 by 30 sat"},

		{"orphaned but mature", []lease.Transaction{found, matured, orphaned[1]}, "overdrawn"},
		{"orphaned but mature, with other money", []lease.Transaction{other, found, matured, orphaned[1]}, "still booked as mature"},
		{"not found", []lease.Transaction{other, matured}, "not booked as found"},
		{"found twice", []lease.Transaction{found, again}, "still booked as found:"},
		{"third after first", []lease.Transaction{found, orphaned[1], early}, "had to be found:"},
		{"another split", []lease.Transaction{found, orphaned[1], again}, "first appearance"},
		{"matured to another", []lease.Transaction{found, stingy}, "does not settle found:"},
		{"matured twice, with other money", []lease.Transaction{other, found, matured, matured}, "booked already"},
		{"not the exact reversal", []lease.Transaction{found, cheap}, "exact reversal"},
		{"reversed twice", []lease.Transaction{found, orphaned[1], orphaned[1]}, "booked already"},
		{"nothing to reverse", []lease.Transaction{{Key: Key(KindOrphaned, b.Hash, 1), Kind: KindOrphaned, Ref: b.Hash.String()}}, "no found:"},
		{"nothing to mature", []lease.Transaction{{Key: Key(KindMatured, b.Hash, 1), Kind: KindMatured, Ref: b.Hash.String()}}, "not booked as found"},
		{"loss before maturity", []lease.Transaction{found, loss(1)}, "no matured:"},
		{"loss above the part", []lease.Transaction{found, matured, loss(101)}, "more than the block paid"},
		{"loss without need", []lease.Transaction{found, matured, loss(1), orphaned[0]}, "more than was missing"},
		{"loss of a block that stays", []lease.Transaction{found, matured, paid, loss(100)}, "never reversed"},
		{"paid twice", []lease.Transaction{found, matured, paid, loss(100), orphaned[0], orphaned[1], twice}, "recovers 0 sat of lease L-0001, want the 100"},

		{"payout in part", []lease.Transaction{pps, intent, partly}, "does not pay what payout-intent:1"},
		{"payout to another", []lease.Transaction{pps, shifted}, "not what was available"},
		{"no intent", []lease.Transaction{pps, paid, confirmed}, "no such payout"},
		{"confirmed and failed", []lease.Transaction{pps, intent, paid, confirmed, failed}, "no such payout"},
		{"failed in part", []lease.Transaction{pps, intent, half}, "exact reversal of payout-intent:1"},

		{"correction of nothing", []lease.Transaction{prepay, corrected[0]}, "no usage:L-0001:1970-01-01T00Z to reverse"},
		{"correction without reversal", []lease.Transaction{prepay, usage, corrected[1]}, "never reversed"},
		{"reversal in part", []lease.Transaction{prepay, usage, wrongly}, "exact reversal"},
		{"reversal under another key", []lease.Transaction{prepay, usage, odd}, "to reverse"},
		{"version left out", []lease.Transaction{prepay, usage, corrected[0], skipped}, "no usage:L-0001:1970-01-01T00Z#2"},
		{"correction of a block", []lease.Transaction{found, ofFound}, "cannot be corrected"},
	} {
		m := memory{txs: tt.txs}
		if err := Check(t.Context(), &m); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	var m memory
	if err := m.post(found); err != nil {
		t.Fatal(err)
	}
	m.balances[entry{Immature, ""}]++
	if err := Check(t.Context(), &m); err == nil || !strings.Contains(err.Error(), "postings sum to 100") {
		t.Errorf("wrong balance: %v", err)
	}
	delete(m.balances, entry{Immature, ""})
	if err := Check(t.Context(), &m); err == nil || !strings.Contains(err.Error(), "missing from the balances") {
		t.Errorf("missing balance: %v", err)
	}
}

func TestAuditReports(t *testing.T) {
	m := story(t)
	r, err := Audit(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if r.Transactions != len(m.txs) || r.Postings == 0 {
		t.Errorf("%d transactions and %d postings", r.Transactions, r.Postings)
	}
	for _, i := range r.Invariants {
		if i.Checked <= 0 {
			t.Errorf("%s was not looked at by books that have everything", i.Name)
		}
		if n := r.Transactions; (i.Name == invSums || i.Name == invKeys) && i.Checked != n {
			t.Errorf("%s was looked at %d times in %d transactions", i.Name, i.Checked, n)
		}
	}
	kinds := make(map[string]bool)
	for _, x := range m.txs {
		kinds[x.Kind] = true
	}
	if len(kinds) != 18 {
		t.Errorf("the story has %d kinds of 18", len(kinds))
	}
}

// Postings that are told apart have other digests.
func TestDigest(t *testing.T) {
	seen := make(map[[32]byte]int)
	for i, p := range [][]lease.Posting{
		nil,
		{{Account: "a", Lease: "b", Sat: 1}},
		{{Account: "a", Lease: "b", Sat: 2}},
		{{Account: "a", Lease: "b", Sat: -1}},
		{{Account: "ab", Sat: 1}},
		{{Account: "a", Sat: 1}, {Account: "a", Sat: 1}},
		{{Account: "a", Lease: "\x00\x00\x00\x00\x00\x00\x00\x00\x01a\x00", Sat: 1}}, // the same, if zeros end the texts
	} {
		if j, ok := seen[digest(p)]; ok {
			t.Errorf("%d and %d have one digest", i, j)
		}
		seen[digest(p)] = i
	}
}

// A block that is shared by thousands of leases can be booked to its end.
func TestManyLeases(t *testing.T) {
	const n = 5000
	r := Reward{Tenants: make(map[string]string), Fee: 1, Carry: 1}
	for i := range n {
		id := fmt.Sprintf("L-%04d", i)
		r.Split = append(r.Split, lease.Part{Lease: id, Sat: int64(i) + 1})
		r.Tenants[id] = "acme"
	}
	b := block(9)
	found, err := Found(b, r, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.Appearances = 1
	matured := Matured(b, found, 0)
	if err := matured.Validate(); err != nil {
		t.Fatal(err)
	}
	m := new(memory)
	if err := m.post(append([]lease.Transaction{found, matured}, Orphaned(b, found, &matured, 0)...)...); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), m); err != nil || m.sum(Available("acme")) != 0 {
		t.Errorf("%v, %d sat left", err, m.sum(Available("acme")))
	}
}

// A version's number is read only as it is written.
func TestVersion(t *testing.T) {
	for key, want := range map[string]int{"a": 1, "a#2": 2, "a#10": 10} {
		if base, n, ok := version(key); base != "a" || n != want || !ok || versionKey(base, n) != key {
			t.Errorf("%s: %s, %d, %v", key, base, n, ok)
		}
	}
	for _, key := range []string{"a#", "a#1", "a#0", "a#02", "a#x", "a#2#3", "a#-2", "a#99999999999999999999"} {
		if _, _, ok := version(key); ok {
			t.Errorf("%s is taken", key)
		}
	}
	if got := UsageKey("L-0001", 490_000*lease.MsPerHour); got != "usage:L-0001:2025-11-24T16Z" {
		t.Error(got)
	}
	if got := Key(KindFound, miner.Hash{}, 2); got != "found:"+strings.Repeat("0", 64)+":2" {
		t.Error(got)
	}
}
