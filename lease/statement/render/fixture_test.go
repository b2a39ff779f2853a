package render

import (
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
