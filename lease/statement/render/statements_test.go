package render

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

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

// hosted is a month of the tenant's rigs, paid by the share, of which some work
// went to the house's pool, with a block that paid directly and a correction.
func hosted() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-10 00:00", "2026-11-13 00:00", 8)
	s := w.s
	s.Model, s.ProofMs, s.StopMs = lease.Hosted, 1000, s.Period.ToMs
	prepaid, pending, available := ledger.Prepaid(s.Tenant), ledger.Pending(s.Tenant), ledger.Available(s.Tenant)
	w.opening(prepaid, 900_000)
	for at := s.Period.FromMs; at < s.Period.ToMs; at += lease.MsPerHour {
		w.hour(at, 97, lease.WindowUp, 0)
		h := &s.Hours[len(s.Hours)-1]
		h.EarnedSat, h.Counted = 5_120, lease.Quantity{}
		w.book(at+lease.MsPerHour, ledger.KindPPS, ledger.PPSKey(s.Lease, at), s.Lease, ledger.PPSExpense, int64(5_120), available, int64(-5_120))
	}
	s.Delivery.CountedHashes = lease.Quantity{}
	w.book(s.Period.FromMs+5, ledger.KindFound, "found:"+found(4)+":1", found(4), pending, int64(-77_000))
	w.book(s.Period.ToMs-5, ledger.KindMatured, "matured:"+found(4)+":1", found(4), pending, int64(77_000))
	s.Rewards = []bundle.Reward{{Block: block32(4), Height: 921_344, State: lease.Mature, Sat: 77_000, Direct: 77_000, Job: 90_000, Leaf: 91_000}}
	w.book(s.Period.ToMs-4, ledger.KindIncome, "income:pool-2026-11-11", "pool-2026-11-11", available, int64(-9_310))
	s.HousePool = &bundle.HousePool{URLs: []string{"stratum+tcp://pool.example:3333"}, Counts: bundle.PoolCounts{Sent: 910, Accepted: 907, Rejected: 1, Stale: 2, SentWork: lease.Quantity(miner.Hashes(9_100 * peta)), AcceptedWork: lease.Quantity(miner.Hashes(9_070 * peta))},
		Incomes: []bundle.Income{{Ref: "pool-2026-11-11", FromMs: ms("2026-11-11 00:00"), ToMs: ms("2026-11-12 00:00"), Sat: 31_000, Work: lease.Quantity(miner.Hashes(9_000 * peta)), OwnWork: lease.Quantity(miner.Hashes(2_758 * peta)), GrossSat: 9_500, FeeSat: 190, Leaf: 93_300}}}
	s.Energy = &bundle.Energy{Used: lease.EnergyOf(s.Delivery.ProvenWork.Work(), 17_500), Quality: bundle.QualityNameplate}
	st, d := w.done()
	x := context()
	x.Terms.Scheme = lease.SchemePPS
	x.Terms.Prices = &lease.Prices{Power: &lease.Power{SatPerMWh: 85_000, PUEPPM: 1_080_000}, RigFee: &lease.RigFee{SatPerRigDay: 300}}
	return st, d, x
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
		Verify:     "hashlease verify L-0042.bundle"}
}

// named are all fixtures.
func named() map[string]func() (*bundle.Statement, *bundle.Derived, Context) {
	return map[string]func() (*bundle.Statement, *bundle.Derived, Context){
		"month": month, "empty": empty, "preliminary": preliminary, "own_pool": ownPool, "hosted": hosted, "huge": huge,
	}
}
