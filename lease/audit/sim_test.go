package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/audit"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

const (
	minute = int64(60_000)
	hour   = int64(lease.MsPerHour)
	day    = 24 * hour
)

// begin is 2026-11-01 00:00 UTC.
var begin = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// tester is what testing.TB and rapid.T have in common here.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// config sizes a simulated provider.
type config struct {
	seed    uint64
	sources int // machines: a fifth are tenants' rigs, a tenth are processors to be let
	shares  int // expected an hour and lease, as contracted
	split   int // batches that the shares of one moment come in
	payouts bool
}

// sim is a provider, with everything that it has and that happens to it. All of
// it follows from the seed and from what is called.
type sim struct {
	tester
	config
	ctx     context.Context
	rng     *rand.Rand
	store   lease.Store
	settler *billing.Settler
	payer   *payout.Payer
	wallet  *wallet

	nowMs     int64 // true time
	skewMs    int64 // by which the node's clock is behind
	heartbeat int64
	run       int64
	batches   uint64
	last      lease.Batch // for sending it again
	number    uint64      // of the last share: shares differ in their extranonces

	tenants   []string
	terms     []*lease.Terms // in force for new leases, one of each scheme
	price     int64
	leases    []*simLease
	sources   []*source
	freeCores []int
	house     *simLease

	tip     uint64
	tipMs   int64
	height  int64
	windows map[string]*reward.Window
	blocks  []*block

	truth    map[hourOf]uint64 // hashes that were made
	receipts int
}

// hourOf names an hour of a lease.
type hourOf struct {
	hour  int64
	lease string
}

// simLease is a lease and what is known of it.
type simLease struct {
	lease.Lease
	terms    *lease.Terms
	template *template
	job      lease.Job
	outage   int64 // exclusion that lasts
}

// unitHps is what one machine hashes.
const unitHps = 1 << 30

// source is a machine.
type source struct {
	name   string
	rig    bool
	tenant string // whose rig it is
	core   int    // -1: it is shared
	broken bool
}

// rateOf is a seed's random numbers.
func rateOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5eed)) }

func newSim(t tester, ctx context.Context, s lease.Store, c config) *sim {
	t.Helper()
	x := &sim{
		tester: t, config: c, ctx: ctx, rng: rateOf(c.seed), store: s, nowMs: begin, height: 1000, price: 10_000,
		windows: map[string]*reward.Window{lease.SchemeTides: {}, lease.SchemePPLNS: {}},
		truth:   make(map[hourOf]uint64),
	}
	x.wallet = &wallet{now: func() int64 { return x.nowMs }, rng: x.rng, sent: make(map[string]int64)}
	x.restart(0)
	x.newTerms()
	x.house = &simLease{Lease: lease.Lease{ID: lease.House, ContractedHps: unitHps, ProofMs: hour / int64(max(1, c.shares/20))}, terms: x.terms[0]}
	x.house.Tag = lease.Tag{0xff, 1}
	for i := range c.sources {
		x.addSource(i)
	}
	return x
}

func (x *sim) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// clock is the node's.
func (x *sim) clock() int64 { return x.nowMs - x.skewMs }

// at is the moment at which things are done: never before the last heartbeat.
func (x *sim) at() int64 { return max(x.clock(), x.heartbeat) }

// restart ends the process and begins a new one some time later.
func (x *sim) restart(downMs int64) {
	x.Helper()
	x.nowMs += downMs
	run, err := x.store.BeginRun(x.ctx, x.clock())
	x.ok(err)
	x.run, x.batches, x.last = run, 0, lease.Batch{}
	x.heartbeat = x.at()
	x.settler = &billing.Settler{Store: x.store}
	x.payer = payout.New(payout.Config{Store: x.store, Wallet: x.wallet, Now: func() time.Time { return time.UnixMilli(x.at()) }})
}

// addTenant adds a tenant with its rigs.
func (x *sim) addTenant() {
	x.Helper()
	id := fmt.Sprintf("tenant-%d", len(x.tenants)+1)
	key := bytes.Repeat([]byte{byte(len(x.tenants) + 1)}, ed25519.PublicKeySize)
	x.ok(x.store.AddTenant(x.ctx, lease.Tenant{ID: id, Key: key, Address: id + "/1", CreatedMs: x.at()}))
	x.tenants = append(x.tenants, id)
}

// addSource adds a machine.
func (x *sim) addSource(i int) {
	x.Helper()
	if len(x.tenants) < 8 && i%(max(1, x.config.sources/8)) == 0 {
		x.addTenant()
	}
	s := &source{name: fmt.Sprintf("cpu%d", i), core: -1}
	switch i % 10 {
	case 0: // a processor to be let
		s.core = i
		x.freeCores = append(x.freeCores, i)
	case 1, 2:
		s.name, s.rig, s.tenant = fmt.Sprintf("rig-%d", i), true, x.tenants[i%len(x.tenants)]
	case 3, 4, 5:
		s.name, s.rig = fmt.Sprintf("rig-%d", i), true
	}
	if s.rig {
		token, err := lease.NewTokenHash([16]byte{1}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		x.ok(err)
		x.ok(x.store.AddRig(x.ctx, lease.Rig{Name: s.name, Tenant: s.tenant, Token: token, CreatedMs: x.at(), RatedMilliJTH: uint64(15_000_000 + 1000*i)}))
	}
	x.sources = append(x.sources, s)
}

// newTerms puts other prices into force, for new leases.
func (x *sim) newTerms() {
	x.Helper()
	x.terms = nil
	sla := lease.DefaultSLA()
	for _, scheme := range []string{lease.SchemeTides, lease.SchemePPLNS, lease.SchemeSolo, lease.SchemePPS, lease.SchemeFPPS} {
		t := &lease.Terms{
			Format: lease.TermsFormat, Text: "t", Coin: "regtest", HouseScript: "51", FeePPM: 20_000, Scheme: scheme,
			Tides: lease.Tides{NetworkMultiple: 1, MaxDays: 2, MinSec: 600},
			Prices: &lease.Prices{
				Work:  &lease.Price{Sat: x.price, Hashes: lease.Quantity(miner.Hashes(unitHps * 3600))},
				Power: &lease.Power{SatPerMWh: 100_000_000, PUEPPM: 1_200_000}, RigFee: &lease.RigFee{SatPerRigDay: 24_000},
				Slice: &lease.Slice{SatPerCoreHour: x.price / 2}, LowBudgetHours: 24, EarlyExitPPM: 100_000,
			},
			SLA: &sla, Payout: &lease.PayoutTerms{MinSat: 10_000},
		}
		switch scheme {
		case lease.SchemePPLNS:
			t.PPLNS = &lease.PPLNS{XPPM: 500_000, CarryTo: lease.CarryHouse}
		case lease.SchemePPS, lease.SchemeFPPS:
			t.Reserve = &lease.Reserve{Sat: lease.MaxSat, RuinPPM: 1000}
		}
		x.ok(t.Validate())
		_, err := x.store.PutTerms(x.ctx, *t)
		x.ok(err)
		x.terms = append(x.terms, t)
	}
	x.price += 137
}

// settle settles what is final, and looks after budgets.
func (x *sim) settle() {
	x.Helper()
	_, err := x.settler.Settle(x.ctx, 1<<40)
	x.ok(err)
}

func (x *sim) watch() {
	x.Helper()
	x.ok(x.settler.Watch(x.ctx, x.clock()))
}

// audit checks everything.
func (x *sim) audit(o audit.Options) *audit.Report {
	x.Helper()
	r, err := audit.Run(x.ctx, x.store, o)
	x.ok(err)
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			x.Logf("%s: %s", c.Name, f)
		}
	}
	x.ok(r.Err())
	return r
}

// open opens a store in a folder of the test.
func open(t testing.TB, name string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
