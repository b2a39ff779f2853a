package receipt

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// honestHousePool makes the bundle of a lease that worked on the house's own
// template and for two pools of the house's, whose payments it has parts of.
func honestHousePool(tb testing.TB, receipts int) *Bundle {
	tb.Helper()
	b := honestPool(tb, 0)
	own := honest(tb, 0)
	b.Templates = append(b.Templates, own.Templates[0])
	b.Jobs = append(b.Jobs, own.Jobs[0])
	b.Jobs[2].Template = 2
	b.Receipts = nil
	for i := range b.Jobs {
		extranonce := []byte{0, byte(i), 1, 2, 3, 4}
		mine(tb, b, i, extranonce[:b.Templates[i].Extranonce1Size+b.Templates[i].Extranonce2Size], receipts)
	}
	hours := func(n int64) int64 { return (testFromMs/lease.MsPerHour + n) * lease.MsPerHour }
	n := int64(receipts)
	all := lease.Quantity(miner.Hashes(uint64(10 * n * testWork)))
	part := lease.Quantity(miner.Hashes(uint64(n * testWork)))
	fee := int64(101) * b.Terms.FeePPM / 1_000_000
	s := &b.Statement
	s.Pool = nil
	s.HousePool = &HousePool{
		URLs: []string{poolBackup, poolURL}, Sent: 3, Accepted: 2, Stale: 1, SentWork: hps(3 * poolWork), AcceptedWork: hps(2 * poolWork),
		Incomes: []Income{
			{Ref: "ab:0", FromMs: hours(0), ToMs: hours(1), Sat: 1005, Work: all, First: 0, Receipts: n, OwnWork: part, GrossSat: 101, FeeSat: fee},
			{Ref: "ab:1", FromMs: hours(2), ToMs: hours(3), Sat: 10, Work: all, First: n, Receipts: 2 * n, OwnWork: part, GrossSat: 1},
		},
	}
	s.Balances = Balances{Available: 101 - fee + 1 + 7, Other: 7}
	s.Format = s.FormatOf()
	s.CountedHashes = lease.Quantity(miner.Hashes(uint64(receipts) * 3 * testWork))
	sign(tb, b)
	return b
}

// A lease's work for the house's pool holds as that for its own, and its parts
// of what the pool paid follow from its receipts.
func TestHousePoolBundle(t *testing.T) {
	b := honestHousePool(t, 10)
	data := encode(t, b)
	r := Verify(data, Options{Key: public(provider), TenantKey: public(tenant), Strict: true})
	if !r.OK() {
		t.Fatalf("failed %v: %+v", failed(r), r.Checks)
	}
	if !bytes.Contains(data, []byte(HousePoolBundleFormat)) || !bytes.Contains(data, []byte(HousePoolStatementFormat)) {
		t.Error("the formats are others")
	}
	if text := strings.Join(r.Unchecked, "\n"); !strings.Contains(text, "all that it paid is shared") || !strings.Contains(text, "2 bytes there") {
		t.Errorf("unchecked:\n%s", text)
	}
	back, err := DecodeBundle(data, 0)
	if err != nil || !bytes.Equal(encode(t, back), data) {
		t.Errorf("decoded and encoded again: %v", err)
	}
	// A figure of the tenant's own has no place here.
	if r := Verify(data, Options{PoolWork: &miner.Work{}}); !slices.Equal(failed(r), []string{"pool-work"}) {
		t.Errorf("failed %v", failed(r))
	}
}

// TestGoldenHousePoolBundle pins the format.
func TestGoldenHousePoolBundle(t *testing.T) {
	const golden = "testdata/house_pool_bundle.json"
	data := encode(t, honestHousePool(t, 2))
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) {
		t.Errorf("have:\n%s\nwant:\n%s", data, want)
	}
}

func TestHousePoolLies(t *testing.T) {
	income := func(change func(i *Income)) func(b *Bundle) {
		return func(b *Bundle) { change(&b.Statement.HousePool.Incomes[0]) }
	}
	house := func(change func(p *HousePool)) func(b *Bundle) {
		return func(b *Bundle) { change(b.Statement.HousePool) }
	}
	for _, c := range []struct {
		name   string
		change func(b *Bundle)
		want   string // the checks that fail
	}{
		{"work that no receipt proves", income(func(i *Income) { i.OwnWork = hps(testWork * 11) }), "incomes"},
		{"receipts of another time", income(func(i *Income) { i.Receipts-- }), "incomes"},
		{"receipts beyond all", income(func(i *Income) { i.Receipts = 1 << 52 }), "incomes"},
		{"receipts twice", func(b *Bundle) { b.Statement.HousePool.Incomes[1].First = 9 }, "incomes"},
		{"a part too small", income(func(i *Income) { i.GrossSat = 99 }), "incomes balances"},
		{"a part too large", func(b *Bundle) {
			b.Statement.HousePool.Incomes[0].GrossSat = 102
			b.Statement.Balances.Available++
		}, "incomes"},
		{"a fee that was not agreed on", func(b *Bundle) {
			b.Statement.HousePool.Incomes[0].FeeSat++
			b.Statement.Balances.Available--
		}, "incomes"},
		{"less work of all than the lease's", income(func(i *Income) { i.Work = hps(1) }), "incomes"},
		{"no full hour", income(func(i *Income) { i.FromMs++ }), "incomes"},
		{"hours shared twice", func(b *Bundle) { b.Statement.HousePool.Incomes[1].FromMs = b.Statement.HousePool.Incomes[0].FromMs }, "incomes"},
		{"no reference", income(func(i *Income) { i.Ref = "" }), "incomes"},
		{"no payment", income(func(i *Income) { i.Sat = 0 }), "incomes"},
		{"a part that is nowhere", func(b *Bundle) { b.Statement.Balances.Available-- }, "balances"},
		{"an address of no job", house(func(p *HousePool) { p.URLs = append(p.URLs, "stratum+tcp://x:1") }), "house-pool"},
		{"addresses twice", house(func(p *HousePool) { p.URLs = append(p.URLs, poolURL) }), "house-pool"},
		{"more accepted than sent", house(func(p *HousePool) { p.Accepted = 4 }), "house-pool"},
		{"a job of another pool", house(func(p *HousePool) { p.URLs = p.URLs[:1] }), "jobs receipts figures incomes derived"},
		{"no word of it", func(b *Bundle) {
			b.Statement.HousePool, b.Statement.Format = nil, StatementFormat
			b.Statement.Balances = Balances{}
		}, "jobs receipts figures derived"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := honestHousePool(t, 10)
			c.change(b)
			sign(t, b)
			r := Verify(encode(t, b), Options{})
			got := failed(r)
			got = slices.DeleteFunc(got, func(name string) bool { return name == "counted" }) // too little is left to tell
			if strings.Join(got, " ") != c.want {
				t.Errorf("failed %v, want %s: %+v", got, c.want, r.Checks)
			}
		})
	}
}

// Shares that are paid by themselves are paid by what a pool's job says.
func TestHousePoolPaysShares(t *testing.T) {
	b := honestHousePool(t, 10)
	terms := b.Terms
	terms.Format, terms.Scheme, terms.FeePPM, terms.Reserve = lease.TermsFormat, lease.SchemePPS, 10_000, &lease.Reserve{Sat: 1 << 40, RuinPPM: 1000}
	hash := termsHash(&terms)
	tag := tagOf(testLease, hash)
	b.Terms, b.Jobs, b.Receipts = terms, b.Jobs[:2], nil
	b.Templates = []Template{poolTemplate(t, someCoinbase(8), hash), poolTemplate(t, someCoinbase(12), hash)}
	for i := range b.Templates {
		b.Templates[i].Bits = 0x1f00ffff // easy enough to be worth something
		b.Jobs[i].Tag = B16(tag)
		mine(t, b, i, []byte{0, byte(i), 1, 2, 3, 4}, 10)
	}
	v, err := b.Templates[0].Value()
	if err != nil || v.Sat != testReward {
		t.Fatalf("a job is worth %+v, %v", v, err)
	}
	earned := int64(20*testWork) * testReward / int64(v.Network.Lo) * 99 / 100
	s := &b.Statement
	s.Tag, s.CountedHashes = B16(tag), hps(20*testWork)
	s.HousePool.URLs, s.HousePool.Incomes = []string{poolURL}, []Income{}
	s.Earned = &Earned{Receipts: 20, Sat: earned}
	s.Balances = Balances{Available: earned, Other: earned}
	sign(t, b)
	r := Verify(encode(t, b), Options{})
	if !r.OK() || earned == 0 {
		t.Fatalf("earned %d: failed %v: %+v", earned, failed(r), r.Checks)
	}
	s.Earned.Sat += 2
	s.Balances = Balances{Available: earned + 2, Other: earned + 2}
	sign(t, b)
	if r := Verify(encode(t, b), Options{}); !slices.Equal(failed(r), []string{"earned"}) {
		t.Errorf("failed %v", failed(r))
	}
}
