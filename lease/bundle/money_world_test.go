package bundle

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// moneyOptions choose what kind of lease is settled.
type moneyOptions struct {
	scheme string
	model  lease.Model
	pool   string // own, house or none
	direct bool   // coinbases pay the lease
	free   bool   // terms without prices and SLA
	other  *otherTerms
	exit   bool // the lease is left in its last hour, before its term is over
	thin   bool // receipts are thinned
	open   bool // the last hour is not over

	mined mined // of other worlds; nil: nothing

	// What the provider cheats with, from the beginning, so that all that follows
	// follows from that; nil: nothing.
	cheat struct {
		template func(*receipt.Template)
		row      func(hour int, r *lease.SettledHour) // as it is logged and stated
		tx       func(t *lease.Transaction)           // likewise
		contract func(leaf int, l *lease.Lease)
		terms    func(*lease.Terms)
	}
}

// The lease of these tests starts late in a month, at 20 minutes past the first
// of five hours, and hashes one hash a second, 300 for a receipt.
const (
	moneyProofMs = 300_000
	moneyLateMs  = 20 * 60 * 1000
	moneyHours   = 5
	poolAddress  = "stratum+tcp://pool.example:3333"
	rigRated     = lease.MaxRatedMilliJTH
)

// moneyReceipts is how many receipts come in the hours: as planned, fewer, none,
// none in announced maintenance, and too many.
func moneyReceipts() []int { return []int{8, 10, 0, 0, 15} }

// moneyWorld plays what a provider does, hour by hour, and writes it into the
// statement and the log.
type moneyWorld struct {
	*world
	o         moneyOptions
	first     int64 // hour
	lease     lease.Lease
	numbers   map[string]int64
	balances  map[lease.Balance]int64 // Sat is 0 in the keys
	splits    map[string]bool
	contracts int // leaves of the lease

	billable   lease.Billable
	energy     lease.Energy
	rigMs      int64
	coreMs     int64
	powerSat   int64
	usageSat   int64
	earned     reward.Earned
	exclusions []lease.Exclusion
	month      lease.SLAPeriod
	monthFrom  int64
	fees       int64
	used       int64 // maintenance of the month
}

// moneyBundle plays five hours of an honest provider.
func moneyBundle(tb testing.TB, o moneyOptions) *moneyWorld {
	w := newMoneyWorld(tb, o)
	w.prepay("first", 1300)
	w.prepay("mistyped", 77)
	w.correct("prepay:mistyped", 66)
	x := lease.Exclusion{ID: 1, Kind: lease.ExcludeMaintenance, AnnouncedMs: w.at(0, 1), FromMs: w.at(3, 0), ToMs: w.at(4, 0), Evidence: "new switch"}
	w.append(must(leaf.NewExclusion(&x, translog.Salt{9})), true)
	w.exclusions = append(w.exclusions, x)
	var blocks []*moneyBlock
	for h, receipts := range moneyReceipts() {
		w.work(h, receipts)
		if o.pool == "" && h == 1 {
			blocks = append(blocks, w.find(h, 1), w.find(h, 2))
		}
		if o.pool == "" && h == 3 {
			w.mature(h, blocks[0])
			w.orphan(h, blocks[1])
			if w.balance(ledger.Available("acme")) > 100 && !o.direct {
				w.payout(1, 100, h)
				w.orphan(h, blocks[0]) // after some of it was paid
				w.again(h, blocks[0])
				w.mature(h, blocks[0])
			}
		}
		if o.exit && h == moneyHours-1 {
			w.lease.ClosedMs = w.at(h, 30)
			w.s.StopMs = w.lease.ClosedMs
			w.putLease()
		}
		if o.open && h == moneyHours-1 {
			w.s.State = Preliminary
			w.s.Period.ToMs, w.s.Period.SettledMs, w.s.Period.RunningMs = w.at(h, 55), w.at(h, 0), 5*lease.MsPerHour-300_000
			break
		}
		w.settle(h)
		if h == 1 {
			w.correctUsage(h)
		}
	}
	if o.pool == "house" && !byShare(&w.terms) {
		w.income()
	}
	w.finish()
	return w
}

func newMoneyWorld(tb testing.TB, o moneyOptions) *moneyWorld {
	first := time.Date(2026, 11, 30, 21, 0, 0, 0, time.UTC).UnixMilli() / lease.MsPerHour
	w := &moneyWorld{
		world: &world{
			tb: tb, signers: []string{"provider"}, in: make(map[int64]bool), open: make(map[int64]bool),
			maps: make(map[int64]*translog.TagMap), jobs: make(map[int64]*receipt.Template),
			terms: moneyTerms(o),
		},
		o: o, first: first, numbers: make(map[string]int64), balances: make(map[lease.Balance]int64), splits: make(map[string]bool),
	}
	if cheat := o.cheat.terms; cheat != nil {
		cheat(&w.terms)
	}
	hash := must(w.terms.Hash())
	w.lease = lease.Lease{
		ID: testLease, Tenant: "acme", Model: o.model, ContractedHps: 1, StartMs: first*lease.MsPerHour + moneyLateMs, ProofMs: moneyProofMs,
		Nonce: nonce(), Terms: hash,
		Tag: lease.NewTag(lease.TagInput{Provider: public("provider"), Lease: testLease, Tenant: public("tenant"), Nonce: nonce(), Terms: hash}),
	}
	switch o.model {
	case lease.Hosted:
		w.lease.Rigs = []string{"rig-1", "rig-2"}
	case lease.VirtualHosted:
		w.lease.Cores = []int{3}
	}
	if o.exit {
		w.lease.EndMs = (first + 100) * lease.MsPerHour
	}
	if o.pool == "own" {
		w.lease.Pool = &lease.Pool{URLs: []string{"stratum+tcp://old.example:3333"}, User: "acme.old"}
	}
	w.s = Statement{
		Format: StatementFormat, State: Final, Number: 1, Origin: testOrigin, Provider: receipt.B32(public("provider")),
		Tenant: "acme", TenantKey: receipt.B32(public("tenant")), Lease: testLease, Model: o.model, ContractedHps: hps(1), ProofMs: moneyProofMs,
		StartMs: w.lease.StartMs, StopMs: w.lease.EndMs, Terms: receipt.B32(hash), Tag: receipt.B16(w.lease.Tag), Nonce: nonce(),
		Period: Period{
			FromMs: w.at(0, 0), ToMs: w.at(moneyHours, 0), RunningMs: moneyHours * lease.MsPerHour, SettledMs: w.at(moneyHours, 0),
		},
		Delivery: Delivery{Verdicts: map[string]uint64{lease.Stale: 3, "duplicate": 1}, Stale: 3, Rejected: 1}, Hours: []Hour{}, Rewards: []Reward{},
		Books: Books{Lines: []Line{}, Accounts: []Account{}},
	}
	if !o.free {
		w.s.Charges, w.s.SLA = new(Charges), &Service{Closed: []Month{}}
	}
	w.mineMoneyChain()
	w.append(must(leaf.NewTerms(&w.terms)), true)
	w.leases = make([]leaf.Lease, 2)
	w.monthFrom = w.lease.StartMs
	w.putLease()
	if o.pool == "own" {
		w.s.Pool = &Pool{URLs: []string{poolAddress}, User: "acme.1", Former: []PoolAccount{{w.lease.Pool.URLs, w.lease.Pool.User, w.at(0, 21)}}}
		w.lease.Pool = &lease.Pool{URLs: []string{poolAddress}, User: "acme.1"}
		w.putLease()
	}
	if o.pool == "house" {
		w.s.HousePool = &HousePool{URLs: []string{poolAddress}, Incomes: []Income{}}
	}
	w.lease.Pauses = []lease.Pause{{By: lease.PauseTenant, FromMs: w.at(1, 50)}}
	w.putLease()
	w.lease.Pauses = []lease.Pause{{By: lease.PauseTenant, FromMs: w.at(1, 50), ToMs: w.at(1, 55)}}
	w.putLease()
	return w
}

func moneyTerms(o moneyOptions) lease.Terms {
	t := lease.Terms{
		Format: lease.TermsFormat, Text: "Be fair.", Coin: "test", HouseScript: hex.EncodeToString(houseScript()),
		FeePPM: 20_000, Scheme: o.scheme, Tides: lease.DefaultTides,
	}
	switch o.scheme {
	case lease.SchemePPLNS:
		t.PPLNS = &lease.PPLNS{XPPM: 2_000_000, CarryTo: lease.CarryHouse}
	case lease.SchemePPS, lease.SchemeFPPS:
		t.Reserve = &lease.Reserve{Sat: 1 << 40, RuinPPM: 1000}
	}
	if o.direct {
		t.Direct = &lease.Direct{MaxOutputs: 5}
	}
	if o.free {
		return t
	}
	sla := lease.DefaultSLA()
	t.SLA = &sla
	t.Prices = &lease.Prices{EarlyExitPPM: 100_000}
	switch o.model {
	case lease.Leased:
		t.Prices.Work = &lease.Price{Sat: 3, Hashes: hps(17)}
	case lease.Hosted:
		t.Prices.RigFee, t.Prices.Power = &lease.RigFee{SatPerRigDay: 1001}, &lease.Power{SatPerMWh: 100_000_000_000_000, PUEPPM: 1_100_000}
	case lease.VirtualHosted:
		t.Prices.Slice = &lease.Slice{SatPerCoreHour: 333}
	}
	return t
}

// at is a moment of the period.
func (w *moneyWorld) at(hour, minute int) int64 {
	return (w.first+int64(hour))*lease.MsPerHour + int64(minute)*60_000
}

// mineMoneyChain makes a header each ten minutes before the period, and each half
// hour in it.
func (w *moneyWorld) mineMoneyChain() {
	var prev miner.Hash
	base := w.at(0, 0)/1000 - 100
	for i := range 13 + 2*moneyHours {
		at := base - int64(12-i)*600
		if i > 12 {
			at = base + int64(i-12)*1800
		}
		w.chain = append(w.chain, header(prev, at, 0))
		prev = w.chain[i].Hash()
	}
}

// tipAt is the last header of a moment.
func (w *moneyWorld) tipAt(ms int64) (miner.Hash, int64) {
	i := len(w.chain) - 1
	for ; i > 0 && int64(binary.LittleEndian.Uint32(w.chain[i][68:])) > ms/1000; i-- {
	}
	return w.chain[i].Hash(), int64(101 + i)
}

// putLease adds a leaf of the contract as it is, and the tag map.
func (w *moneyWorld) putLease() {
	if cheat := w.o.cheat.contract; cheat != nil {
		cheat(w.contracts, &w.lease)
	}
	w.contracts++
	facts := leaf.LeaseFacts{TenantKey: public("tenant"), Destinations: []string{leaf.DestinationHouse}}
	switch w.o.pool {
	case "own":
		facts.Destinations = []string{leaf.DestinationPool}
	case "house":
		facts.Destinations = []string{leaf.DestinationHouse, leaf.DestinationPool}
	}
	for i, p := range w.lease.Pauses {
		facts.Pauses = append(facts.Pauses, leaf.Pause{Number: i, By: p.By, FromMs: p.FromMs, ToMs: p.ToMs})
	}
	w.lease.Provider = receipt.B32(ed25519.PublicKey(public("provider")))
	e := must(leaf.NewLease(&w.lease, facts, translog.Salt{byte(len(w.log))}))
	w.append(e, true)
	doc, _, err := leaf.Read[leaf.Lease](e.Body, translog.KindLease)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.leases[1] = doc
	w.appendMap(w.lease.StartMs, true)
}

// finish fills in what is summed up.
func (w *moneyWorld) finish() {
	w.figures()
	d := &w.s.Delivery
	for account, sat := range w.balances {
		if account.Lease == testLease && sat != 0 && account.Account[:5] == "liab:" {
			w.s.Books.Accounts = append(w.s.Books.Accounts, Account{Name: account.Account, Closing: -sat})
		}
	}
	slices.SortFunc(w.s.Books.Accounts, func(a, b Account) int { return compareText(a.Name, b.Name) })
	for i := range w.s.Hours { // which may say something else
		if r := &w.s.Hours[i]; r.Counted != r.Proven {
			d.CountedHashes = lease.Quantity(d.CountedHashes.Work().Add(r.Counted.Work().Sub(r.Proven.Work())))
		}
	}
	if p := w.s.Pool; p != nil {
		p.Counts = PoolCounts{Sent: 10, Accepted: 7, Rejected: 1, Stale: 1, SentWork: hps(12000), AcceptedWork: hps(8400)}
	}
	if p := w.s.HousePool; p != nil {
		p.Counts = PoolCounts{Sent: 10, Accepted: 7, Rejected: 1, Stale: 1, SentWork: hps(12000), AcceptedWork: hps(8400)}
	}
	if w.o.model == lease.Hosted {
		w.s.Energy = &Energy{Used: w.energy, Quality: QualityNameplate}
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// copied is the world, to be changed without the other knowing.
func (w *moneyWorld) copied() *moneyWorld {
	c, inner := *w, *w.world
	c.world = &inner
	inner.log, inner.in, inner.open = slices.Clone(inner.log), maps.Clone(inner.in), maps.Clone(inner.open)
	inner.batches = slices.Clone(inner.batches)
	again := must(DecodeStatement(must(w.s.Encode())))
	inner.s = *again
	return &c
}

// moneyProve signs the statement as it is and makes the bundle.
func (w *moneyWorld) moneyProve() *Bundle {
	b := w.prove(w.issue())
	for _, doc := range slices.Sorted(maps.Keys(w.splits)) {
		if w.splits[doc] {
			b.Splits = append(b.Splits, []byte(doc))
		}
	}
	return b
}
