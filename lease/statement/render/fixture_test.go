package render

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

const peta = 1_000_000_000_000_000

func ms(text string) int64 {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func fill32(b byte) (out receipt.B32) {
	for i := range out {
		out[i] = b + byte(i*7)
	}
	return out
}

// world makes statements as a node would: hours with luck, and their lines in
// the books.
type world struct {
	s     *bundle.Statement
	rand  *rand.Rand
	leaf  int64
	price int64 // satoshi per PH·s
	unit  int64 // work of a receipt in hashes
	total map[string]int64
}

func newWorld(from, to string, seed uint64) *world {
	fromMs, toMs := ms(from), ms(to)
	w := &world{rand: rand.New(rand.NewPCG(seed, 6)), leaf: 88_120, price: 2, unit: 5 * peta, total: map[string]int64{}}
	var tag, nonce receipt.B16
	copy(tag[:], "\x51\xab\x77\x00tagtagtagtag")
	copy(nonce[:], "noncenoncenoncen")
	w.s = &bundle.Statement{
		Format: bundle.StatementFormat, State: bundle.Final, Number: 1,
		Origin: "hashlease.example/log", Provider: fill32(3), Tenant: "acme-ltd", TenantKey: fill32(90), Lease: "L-0042", Model: lease.Leased,
		ContractedHps: lease.Quantity(miner.Hashes(peta)), ProofMs: 5000, StartMs: fromMs, Terms: fill32(0x9f), Tag: tag, Nonce: nonce,
		Period: bundle.Period{FromMs: fromMs, ToMs: toMs, RunningMs: toMs - fromMs - 90_000, SettledMs: toMs},
		Hours:  []bundle.Hour{}, Rewards: []bundle.Reward{},
		Charges: &bundle.Charges{}, SLA: &bundle.Service{Closed: []bundle.Month{}},
		Books:    bundle.Books{Lines: []bundle.Line{}, Accounts: []bundle.Account{}},
		Delivery: bundle.Delivery{Rejected: 1571, Stale: 1118, Verdicts: map[string]uint64{"stale": 1118, "low-difficulty": 1460, "duplicate": 111}},
	}
	return w
}

func (w *world) opening(account string, sat int64) {
	w.s.Books.Accounts = append(w.s.Books.Accounts, bundle.Account{Name: account, Opening: sat, Closing: sat})
	w.total[account] = sat
}

// book adds a line; postings are account and amount in turn.
func (w *world) book(atMs int64, kind, key, ref string, postings ...any) *bundle.Line {
	w.leaf += 3
	l := bundle.Line{Leaf: w.leaf, AtMs: atMs, Kind: kind, Key: key, Ref: ref}
	for i := 0; i < len(postings); i += 2 {
		account, sat := postings[i].(string), postings[i+1].(int64)
		l.Postings = append(l.Postings, bundle.Posting{Account: account, Sat: sat})
		if !owed(account) {
			continue
		}
		w.total[account] -= sat
	}
	w.s.Books.Lines = append(w.s.Books.Lines, l)
	return &w.s.Books.Lines[len(w.s.Books.Lines)-1]
}

// hour settles one hour with so much of the contracted rate, in per cent, and
// books it.
func (w *world) hour(hourMs int64, rate int64, window lease.WindowKind, excludedMs int64) {
	s := w.s
	contracted := s.ContractedHps.Work().Mul(3600)
	mean := float64(rate) / 100 * 720
	n := max(0, int64(mean+w.rand.NormFloat64()*26.8*float64(rate)/100+0.5))
	proven := miner.Hashes(uint64(w.unit)).Mul(uint64(n))
	counted := miner.Hashes(uint64(w.unit / 1000)).Mul(uint64(mean*1000 + 0.5))
	e := lease.Evidence{}
	e.AddN(miner.Hashes(uint64(w.unit)), uint64(n))
	_, upper := e.Interval(miner.Hashes(uint64(w.unit)))
	billable := proven
	if contracted.Cmp(billable) < 0 {
		billable = contracted
	}
	due := new(big.Int).Mul(billable.Big(), big.NewInt(w.price))
	sat := due.Quo(due, big.NewInt(peta)).Int64()
	s.Hours = append(s.Hours, bundle.Hour{Hour: hourMs / lease.MsPerHour, OwedMs: lease.MsPerHour, ExcludedMs: excludedMs, RunningMs: lease.MsPerHour,
		Contracted: lease.Quantity(contracted), Counted: lease.Quantity(counted), Proven: lease.Quantity(proven), Receipts: n,
		Billable: lease.Quantity(billable), Upper: lease.Quantity(upper), Window: window, DueSat: sat, ChargedSat: sat})
	w.deliver(proven, counted, n)
	s.Charges.Billable = lease.Quantity(s.Charges.Billable.Work().Add(billable))
	s.Charges.Due += sat
	s.Charges.Charged += sat
	switch window {
	case lease.WindowUp:
		s.SLA.Up++
	case lease.WindowDown:
		s.SLA.Down++
	case lease.WindowExcluded:
		s.SLA.Excluded++
	case lease.WindowIdle:
		s.SLA.Idle++
	}
	if sat > 0 {
		w.book(hourMs+lease.MsPerHour, ledger.KindUsage, ledger.UsageKey(s.Lease, hourMs), s.Lease, ledger.Prepaid(s.Tenant), sat, ledger.LeaseRevenue, -sat)
	}
}

func (w *world) deliver(proven, counted miner.Work, n int64) {
	d := &w.s.Delivery
	d.ProvenWork = lease.Quantity(d.ProvenWork.Work().Add(proven))
	d.CountedHashes = lease.Quantity(d.CountedHashes.Work().Add(counted))
	d.Receipts += n
	d.Batches += 12
	if d.FirstLeaf == 0 {
		d.FirstLeaf = w.leaf
	}
	w.leaf += 12
	d.LastLeaf = w.leaf
}

// done closes the books and derives the figures.
func (w *world) done() (*bundle.Statement, *bundle.Derived) {
	s := w.s
	s.Books.Accounts = s.Books.Accounts[:0]
	names := map[string]int64{}
	for name, sat := range w.total {
		names[name] = sat
	}
	sums := map[string]int64{}
	for _, l := range s.Books.Lines {
		for _, p := range l.Postings {
			sums[p.Account] -= p.Sat
		}
	}
	for name, closing := range names {
		if opening := closing - sums[name]; opening != 0 || closing != 0 {
			s.Books.Accounts = append(s.Books.Accounts, bundle.Account{Name: name, Opening: opening, Closing: closing})
		}
	}
	slices.SortFunc(s.Books.Accounts, func(a, b bundle.Account) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	e := lease.Evidence{}
	each := miner.Hashes(uint64(w.unit))
	e.AddN(each, uint64(s.Delivery.Receipts))
	lo, hi := e.Interval(each)
	length := s.Period.ToMs - s.Period.FromMs
	mid, _ := lease.Rate(s.Delivery.ProvenWork.Work(), length)
	low, _ := lease.Rate(lo, length)
	_, high := lease.Rate(hi, length)
	q := func(n uint64) lease.Quantity { return lease.Quantity(miner.Hashes(n)) }
	return s, &bundle.Derived{DeliveredHps: q(mid), IntervalHps: [2]lease.Quantity{q(low), q(high)}}
}

func block32(n byte) receipt.U256 {
	b := fill32(n)
	b[31], b[30], b[29] = 0, 0, 0
	return receipt.U256(b)
}

func found(n byte) string { return miner.Hash(block32(n)).String() }

// month is a final statement of a month with a bad day, an excluded evening,
// blocks, an SLA credit and a payout.
func month() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-01 00:00", "2026-12-01 00:00", 1)
	s := w.s
	prepaid, pending, available, inflight := ledger.Prepaid(s.Tenant), ledger.Pending(s.Tenant), ledger.Available(s.Tenant), ledger.Inflight(s.Tenant)
	w.opening(prepaid, 1_204_551)
	w.opening(available, 310_000)
	s.Books.FirstLine = 1510
	w.s.StartMs = ms("2026-09-01 00:00")
	w.book(ms("2026-11-01 08:12"), ledger.KindPrepay, "prepay:7c1f", "7c1fb4a0c9", prepaid, int64(-6_000_000))
	for at := s.Period.FromMs; at < s.Period.ToMs; at += lease.MsPerHour {
		rate, kind, excluded := int64(99), lease.WindowUp, int64(0)
		switch t := utc(at); {
		case t.Day() == 12 && t.Hour() >= 3 && t.Hour() < 20:
			rate, kind = 31, lease.WindowDown
		case t.Day() == 21 && t.Hour() >= 18:
			rate, kind, excluded = 0, lease.WindowExcluded, lease.MsPerHour
		}
		w.hour(at, rate, kind, excluded)
		switch at {
		case ms("2026-11-04 16:00"):
			w.book(at, ledger.KindFound, "found:"+found(1)+":1", found(1), pending, int64(-412_006))
		case ms("2026-11-05 13:00"):
			w.book(at, ledger.KindMatured, "matured:"+found(1)+":1", found(1), pending, int64(412_006), available, int64(-412_006))
		case ms("2026-11-16 02:00"):
			w.book(at, ledger.KindIntent, "payout-intent:9", "ee01", available, int64(722_006), inflight, int64(-722_006))
			w.book(at+9*lease.MsPerHour, ledger.KindConfirmed, "payout-confirmed:9", "ee01", inflight, int64(722_006))
		case ms("2026-11-19 22:00"):
			w.book(at, ledger.KindFound, "found:"+found(2)+":1", found(2), pending, int64(-398_771))
			w.book(at+lease.MsPerHour/2, ledger.KindOrphaned, "orphaned:"+found(2)+":1", found(2), pending, int64(398_771))
		case ms("2026-11-30 21:00"):
			w.book(at, ledger.KindFound, "found:"+found(3)+":1", found(3), pending, int64(-405_120))
		}
	}
	w.book(s.Period.ToMs, ledger.KindSLA, "sla:L-0042:2026-11", s.Lease, ledger.SLAExpense, int64(253_000), prepaid, int64(-253_000))
	s.SLA.Closed = append(s.SLA.Closed, bundle.Month{FromMs: s.Period.FromMs, ToMs: s.Period.ToMs, FeesSat: 5_060_000, CreditSat: 253_000, Leaf: w.leaf,
		Judged: lease.SLACredit{AvailabilityPPM: 976_223, DeliveredPPM: 981_120, InputPPM: 976_223, CreditPPM: 50_000}})
	for i, state := range []lease.BlockState{lease.Mature, lease.Orphaned, lease.Adopted} {
		s.Rewards = append(s.Rewards, bundle.Reward{Block: block32(byte(i + 1)), Height: 921_344 + 2160*int64(i), State: state, Sat: []int64{412_006, 398_771, 405_120}[i], Job: 90_000, Leaf: 91_000 + 4000*int64(i)})
	}
	st, d := w.done()
	return st, d, context()
}

// empty is a period in which nothing happened.
func empty() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-20 00:00", "2026-11-21 00:00", 2)
	w.s.Charges, w.s.SLA, w.s.Period.RunningMs = nil, nil, 0
	w.s.Delivery = bundle.Delivery{Verdicts: map[string]uint64{}}
	w.unit = 5 * peta
	s, d := w.done()
	d.IntervalHps[1] = lease.Quantity(miner.Hashes(213_478_009_260))
	return s, d, Context{}
}

// preliminary is a running day, corrected once.
func preliminary() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-19 18:00", "2026-11-20 15:20", 3)
	s := w.s
	s.State, s.Number = bundle.Preliminary, 2
	former := fill32(0x77)
	s.Supersedes = &former
	s.Period.SettledMs = ms("2026-11-20 14:00")
	prepaid := ledger.Prepaid(s.Tenant)
	w.opening(prepaid, 400_000)
	for at := s.Period.FromMs; at < s.Period.SettledMs; at += lease.MsPerHour {
		rate, kind := int64(100), lease.WindowUp
		if utc(at).Hour() == 3 {
			rate, kind = 40, lease.WindowDown
		}
		w.hour(at, rate, kind, 0)
	}
	at := int64(len(s.Books.Lines) - 2)
	l := w.book(ms("2026-11-20 14:05"), ledger.KindReversal, "reversal:"+s.Books.Lines[at].Key, s.Lease, prepaid, -s.Books.Lines[at].Postings[0].Sat, ledger.LeaseRevenue, s.Books.Lines[at].Postings[0].Sat)
	leaf := l.Leaf
	s.Books.Lines[at].ReversedBy = &leaf
	w.deliver(miner.Hashes(uint64(w.unit)).Mul(961), miner.Hashes(uint64(w.unit)).Mul(960), 961)
	st, d := w.done()
	return st, d, context()
}

// ownPool is a week for a pool of the tenant's.
func ownPool() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-02 00:00", "2026-11-09 00:00", 4)
	s := w.s
	w.opening(ledger.Prepaid(s.Tenant), 9_000_000)
	for at := s.Period.FromMs; at < s.Period.ToMs; at += lease.MsPerHour {
		w.hour(at, 101, lease.WindowUp, 0)
	}
	s.Pool = &bundle.Pool{URLs: []string{"stratum+ssl://eu.pool.example:3334", "stratum+tcp://us.pool.example:3333"}, User: "acme.worker1",
		Counts: bundle.PoolCounts{Sent: 10_422, Accepted: 10_388, Rejected: 12, Stale: 21, SentWork: w.s.Delivery.ProvenWork, AcceptedWork: w.s.Delivery.ProvenWork},
		Former: []bundle.PoolAccount{{URLs: []string{"stratum+tcp://old.example:3333"}, User: "acme", UntilMs: ms("2026-11-03 10:00")}}}
	st, d := w.done()
	z := int64(-1234)
	d.PoolZMilli = &z
	return st, d, context()
}

// huge has the largest numbers, and names that want to be something else.
func huge() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-10-01 00:00", "2026-12-01 00:00", 5)
	s := w.s
	s.ContractedHps = lease.Quantity(miner.Hashes(1_000_000_000_000_000_000))
	s.Origin = `<script>alert(1)</script>"'&`
	s.Pool = &bundle.Pool{URLs: []string{`javascript:alert("x")`, "stratum+tcp://日本.example:1/\u202eevil"}, User: `</style><img src=x onerror=alert(1)>=cmd|' /C calc'!A0`, Former: []bundle.PoolAccount{}}
	s.Pool.Counts = bundle.PoolCounts{Sent: 1<<64 - 1, Accepted: 1<<64 - 1, SentWork: lease.Quantity(miner.MaxWork), AcceptedWork: lease.Quantity(miner.MaxWork)}
	s.Delivery.Verdicts = map[string]uint64{"<b>odd</b>\x00\xff": 18446744073709551615, "stale": 3}
	s.Delivery.Rejected, s.Delivery.Receipts = 1<<64-1, 1<<63-1
	s.Delivery.ProvenWork, s.Delivery.CountedHashes = lease.Quantity(miner.MaxWork), lease.Quantity(miner.MaxWork)
	const most = lease.MaxSat
	prepaid := ledger.Prepaid(s.Tenant)
	for i := range 70 {
		w.book(s.Period.FromMs+int64(i)*lease.MsPerHour, "=1+1", fmt.Sprintf("key\n%d", i), "@SUM(A1)\x1b[31m", prepaid, int64(-most), ledger.LeaseRevenue, int64(most))
	}
	s.Hours = append(s.Hours, bundle.Hour{Hour: s.Period.FromMs / lease.MsPerHour, OwedMs: lease.MsPerHour, Contracted: lease.Quantity(miner.MaxWork), Proven: lease.Quantity(miner.MaxWork), Receipts: 1<<62 + 1, Window: "<i>", ChargedSat: most, EarnedSat: most},
		bundle.Hour{Hour: 1 << 62}, bundle.Hour{Hour: -5})
	s.Charges.Billable, s.Charges.Due, s.Charges.Charged = lease.Quantity(miner.MaxWork), most, most-1
	w.leaf = 1<<63 - 1000
	st, d := w.done()
	d.IntervalHps[1] = lease.Quantity(miner.MaxWork)
	return st, d, context()
}

func context() Context {
	terms := lease.Terms{Coin: "bitcoin", Scheme: lease.SchemeTides, FeePPM: 20_000, Prices: &lease.Prices{Work: &lease.Price{Sat: 2, Hashes: lease.Quantity(miner.Hashes(peta))}}}
	sla := lease.DefaultSLA()
	terms.SLA = &sla
	return Context{Unit: "BTC", Terms: &terms, Hash: fill32(0x33), Leaf: 1_204_560,
		Checkpoint: bundle.Head{Origin: "hashlease.example/log", Size: 1_204_562, Root: fill32(0xc0)},
		Verify:     "hashlease verify L-0042-2026-11.bundle --key provider.pub",
		Prints:     []string{"✓ receipts  506690 hashed, all below their target", "VERIFIED: all 31 checks hold"}}
}

// named are all fixtures.
func named() map[string]func() (*bundle.Statement, *bundle.Derived, Context) {
	return map[string]func() (*bundle.Statement, *bundle.Derived, Context){
		"month": month, "empty": empty, "preliminary": preliminary, "own_pool": ownPool, "huge": huge,
	}
}
