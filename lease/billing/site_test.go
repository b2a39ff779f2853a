package billing

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

const (
	minute = int64(60_000)
	hour   = lease.MsPerHour
	day    = 24 * hour
)

// ten is 2026-11-20 10:00 UTC.
var ten = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC).UnixMilli()

// eachStore runs a test on the store in memory and on the real one.
func eachStore(t *testing.T, test func(t *testing.T, s fullStore)) {
	t.Run("memory", func(t *testing.T) { test(t, newMemory()) })
	t.Run("sqlite", func(t *testing.T) { test(t, openSQLite(t)) })
}

func openSQLite(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "lease.db"))
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

// tester is what testing.TB and rapid.T have in common here.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// site is a provider in a test.
type site struct {
	tester
	ctx   context.Context
	store fullStore
	*Settler
	run  int64
	jobs map[string]lease.Job // by lease
}

func newSite(t tester, ctx context.Context, s fullStore, atMs int64) *site {
	t.Helper()
	x := &site{tester: t, ctx: ctx, store: s, Settler: &Settler{Store: s}, jobs: make(map[string]lease.Job)}
	for _, id := range []string{"acme", "bob"} {
		x.ok(s.AddTenant(ctx, lease.Tenant{ID: id, Key: bytes.Repeat([]byte{id[0]}, ed25519.PublicKeySize)}))
	}
	x.start(atMs)
	return x
}

func (x *site) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// start begins a run of the node.
func (x *site) start(atMs int64) {
	x.Helper()
	var err error
	x.run, err = x.store.BeginRun(x.ctx, atMs)
	x.ok(err)
}

// unit is the work of the tests' shares: a price of a satoshi for 2^20 hashes
// makes 256 sat of it.
const unit = 1 << 28

// rate makes, with proofMs, one share of a unit in 256 seconds, 14.0625 an hour.
const (
	rate    = 1 << 20
	proofMs = 256_000
)

func testTerms() lease.Terms {
	sla := lease.DefaultSLA()
	return lease.Terms{
		Format: lease.TermsFormat, Text: "t", Coin: "regtest", HouseScript: "51", FeePPM: 20_000, Scheme: lease.SchemePPS, Tides: lease.DefaultTides,
		Reserve: &lease.Reserve{Sat: 1, RuinPPM: 1000},
		Prices: &lease.Prices{
			Work:  &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(1 << 20))},
			Power: &lease.Power{SatPerMWh: 100_000_000, PUEPPM: 1_200_000}, RigFee: &lease.RigFee{SatPerRigDay: 24_000},
			Slice: &lease.Slice{SatPerCoreHour: 1000}, LowBudgetHours: 2, EarlyExitPPM: 100_000,
		},
		SLA: &sla,
	}
}

// lease adds a lease and a job of it.
func (x *site) lease(terms lease.Terms, l lease.Lease, earns *lease.Earns) lease.Lease {
	x.Helper()
	h, err := x.store.PutTerms(x.ctx, terms)
	x.ok(err)
	l.Terms = h
	if l.Tenant == "" {
		l.Tenant = "acme"
	}
	if l.Model == "" {
		l.Model = lease.Leased
	}
	if l.ContractedHps == 0 {
		l.ContractedHps, l.ProofMs = rate, proofMs
	}
	l, err = x.store.AddLease(x.ctx, l, 1<<62, func(id string) (lease.Tag, []lease.Event, error) {
		var tag lease.Tag
		slices.Reverse(tag[:copy(tag[:], id)])
		return tag, nil, nil
	})
	x.ok(err)
	x.job(l.ID, l.Tag, unit, earns)
	return l
}

// job makes the job of a lease's further shares.
func (x *site) job(id string, tag lease.Tag, work uint64, earns *lease.Earns) {
	x.Helper()
	_, jobs, err := x.store.PutJobs(x.ctx, []lease.Template{{Prev: miner.Hash{1}, Body: []byte("{}")}},
		[]lease.Job{{Lease: id, Tag: tag, Target: miner.TargetForWork(miner.Hashes(work)), Earns: earns}})
	x.ok(err)
	x.jobs[id] = jobs[0]
}

// work commits n shares of a lease.
func (x *site) work(atMs int64, id, source string, n int) {
	x.Helper()
	j := x.jobs[id]
	b := lease.Batch{Run: x.run, AtMs: atMs}
	for i := range n {
		b.Receipts = append(b.Receipts, lease.Receipt{
			Lease: id, Job: j.Seq, Source: source, Extranonce: []byte{1, 2, 3, 4, 5, 6}, Nonce: uint32(i), Work: j.Target.Work(),
		})
	}
	_, err := x.store.CommitBatch(x.ctx, b)
	x.ok(err)
}

// beat tells that the node runs.
func (x *site) beat(atMs int64) {
	x.Helper()
	_, err := x.store.CommitBatch(x.ctx, lease.Batch{Run: x.run, AtMs: atMs})
	x.ok(err)
}

// settle settles all that is final, and checks the books.
func (x *site) settle() {
	x.Helper()
	_, err := x.Settle(x.ctx, 1<<40)
	x.ok(err)
	x.ok(ledger.Check(x.ctx, x.store))
}

func (x *site) prepay(atMs int64, id string, sat int64) {
	x.Helper()
	_, err := x.Prepay(x.ctx, id, sat, fmt.Sprintf("%s-%d", id, atMs), atMs)
	x.ok(err)
}

func (x *site) change(id string, change func(*lease.Lease) error) error {
	_, err := x.store.ChangeLease(x.ctx, id, 1<<62, func(l *lease.Lease) ([]lease.Event, error) { return nil, change(l) })
	return err
}

// rows are all settled hours of a lease.
func (x *site) rows(id string) (rows []lease.SettledHour) {
	x.Helper()
	for r, err := range x.store.SettledHours(x.ctx, id, 0, 1<<40) {
		x.ok(err)
		rows = append(rows, r)
	}
	return rows
}

// events are all of a kind.
func (x *site) events(kind lease.EventKind) (events []lease.Event) {
	x.Helper()
	for e, err := range x.store.Events(x.ctx, lease.EventFilter{Kinds: []lease.EventKind{kind}}) {
		x.ok(err)
		events = append(events, e)
	}
	return events
}

// closed are the bodies of a lease's closed periods.
func (x *site) closed(id string) (all []lease.PeriodClosed) {
	x.Helper()
	for _, e := range x.events(lease.EventPeriodClosed) {
		if e.Lease == id {
			var p lease.PeriodClosed
			x.ok(unmarshal(e, &p))
			all = append(all, p)
		}
	}
	return all
}

// balance is what is in an account for a lease.
func (x *site) balance(account, id string) int64 {
	x.Helper()
	balances, err := x.store.Balances(x.ctx)
	x.ok(err)
	for _, b := range balances {
		if b.Account == account && b.Lease == id {
			return b.Sat
		}
	}
	return 0
}

func (x *site) has(what string, got, want int64) {
	x.Helper()
	if got != want {
		x.Errorf("%s: %d, want %d", what, got, want)
	}
}

func (x *site) is(err, want error) {
	x.Helper()
	if !errors.Is(err, want) {
		x.Errorf("error %v, want %v", err, want)
	}
}
