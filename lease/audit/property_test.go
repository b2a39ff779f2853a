package audit_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/audit"
	"github.com/hashlease/hashlease/lease/sqlite"
	"pgregory.net/rapid"
)

// operation is something that happens; what exactly follows from the seed.
type operation struct {
	kind string
	seed uint64
}

// operations are what may happen to a provider, by name. pick chooses.
func operations() map[string]func(x *sim, pick func(n int) int) {
	return map[string]func(x *sim, pick func(n int) int){
		"work":            func(x *sim, pick func(n int) int) { x.work(int64(1+pick(90)) * minute) },
		"work on":         func(x *sim, pick func(n int) int) { x.work(hour - x.nowMs%hour) },
		"tip":             func(x *sim, _ func(n int) int) { x.newTip() },
		"tenant":          func(x *sim, _ func(n int) int) { x.addTenant() },
		"lease":           func(x *sim, pick func(n int) int) { x.addLease(pick) },
		"terms":           func(x *sim, _ func(n int) int) { x.newTerms() },
		"watch":           func(x *sim, _ func(n int) int) { x.watch() },
		"resend":          func(x *sim, _ func(n int) int) { x.resend() },
		"block":           (*sim).findBlock,
		"restart":         func(x *sim, pick func(n int) int) { x.restart(int64(pick(150)) * minute) },
		"clock back":      func(x *sim, pick func(n int) int) { x.skewMs = int64(pick(200)) * minute },
		"clock right":     func(x *sim, _ func(n int) int) { x.skewMs = 0 },
		"maintenance":     func(x *sim, pick func(n int) int) { x.maintain(int64(pick(3))*hour, int64(1+pick(4))*hour) },
		"days off":        func(x *sim, pick func(n int) int) { x.restart(int64(pick(20)) * day) },
		"prepay":          onLease(func(x *sim, l *simLease, pick func(n int) int) { x.prepay(l, int64(1000+pick(300_000))) }),
		"tenant pauses":   onLease(func(x *sim, l *simLease, _ func(n int) int) { x.pause(l, lease.PauseTenant) }),
		"provider pauses": onLease(func(x *sim, l *simLease, _ func(n int) int) { x.pause(l, lease.PauseProvider) }),
		"tenant resumes":  onLease(func(x *sim, l *simLease, _ func(n int) int) { x.resume(l, lease.PauseTenant) }),
		"extend":          onLease(func(x *sim, l *simLease, pick func(n int) int) { x.extend(l, int64(1+pick(48))*hour) }),
		"close":           onLease(func(x *sim, l *simLease, pick func(n int) int) { x.close(l, pick(2) == 0) }),
		"outage":          onLease(func(x *sim, l *simLease, _ func(n int) int) { x.outage(l) }),
		"mature":          onBlock((*sim).mature),
		"orphan":          onBlock((*sim).orphan),
		"break": func(x *sim, pick func(n int) int) {
			s := x.sources[pick(len(x.sources))]
			s.broken = !s.broken
		},
	}
}

func onLease(do func(x *sim, l *simLease, pick func(n int) int)) func(*sim, func(n int) int) {
	return func(x *sim, pick func(n int) int) {
		if len(x.leases) > 0 {
			do(x, x.leases[pick(len(x.leases))], pick)
		}
	}
}

func onBlock(do func(x *sim, b *block)) func(*sim, func(n int) int) {
	return func(x *sim, pick func(n int) int) {
		if len(x.blocks) > 0 {
			do(x, x.blocks[pick(len(x.blocks))])
		}
	}
}

func drawOperations(t *rapid.T) []operation {
	kinds := []string{"work", "work", "work", "work on", "work on", "lease", "prepay", "block", "watch"}
	for kind := range operations() {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	all := []operation{{"lease", rapid.Uint64().Draw(t, "lease")}, {"lease", 1}, {"prepay", 2}, {"prepay", 3}}
	for range rapid.IntRange(1, 25).Draw(t, "operations") {
		all = append(all, operation{rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.Uint64().Draw(t, "seed")})
	}
	return all
}

// do does an operation at a moment that is a heartbeat.
func (x *sim) do(o operation) {
	x.Helper()
	x.beat()
	x.refresh()
	operations()[o.kind](x, rateOf(o.seed).IntN)
}

// histories runs a test on so many random histories.
func histories(t *testing.T, n int, test func(t *rapid.T, open func(name string) *sqlite.Store)) {
	dir, begun := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		if begun++; begun > n {
			return // each takes databases
		}
		var stores []*sqlite.Store
		defer func() {
			for _, s := range stores {
				s.Close()
			}
		}()
		test(t, func(name string) *sqlite.Store {
			s, err := sqlite.Open(context.Background(), filepath.Join(dir, fmt.Sprintf("%d-%s", begun, name)))
			if err != nil {
				t.Fatal(err)
			}
			stores = append(stores, s)
			return s
		})
	})
}

// holdsAfterEveryStep audits everything after each operation.
func holdsAfterEveryStep(t *testing.T, n int) {
	histories(t, n, func(t *rapid.T, open func(name string) *sqlite.Store) {
		c := config{seed: rapid.Uint64().Draw(t, "seed"), sources: 20, shares: 12}
		x := newSim(t, context.Background(), open("a"), c)
		var before *audit.Ledger
		for _, o := range drawOperations(t) {
			x.do(o)
			if rapid.Bool().Draw(t, "settle") {
				x.settle()
			}
			if rapid.Bool().Draw(t, "pay") {
				x.pay()
			}
			r := x.audit(audit.Options{Before: before})
			before = &r.Ledger
		}
	})
}

func TestHoldsAfterEveryStep(t *testing.T) { holdsAfterEveryStep(t, 2) }

// settlesToTheSame plays a history twice: once settled at once, and once with
// other batches, restarts in between, and settled now and then.
func settlesToTheSame(t *testing.T, n int) {
	histories(t, n, func(t *rapid.T, open func(name string) *sqlite.Store) {
		c := config{seed: rapid.Uint64().Draw(t, "seed"), sources: 20, shares: 12}
		x := newSim(t, context.Background(), open("a"), c)
		c.split = rapid.IntRange(2, 7).Draw(t, "split")
		y := newSim(t, context.Background(), open("b"), c)
		other := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "other"), 0))
		for _, o := range drawOperations(t) {
			x.do(o)
			x.settle()
			y.do(o)
			if other.IntN(3) == 0 {
				y.beat()
				y.restart(0)
			}
			if other.IntN(3) == 0 {
				_, err := y.settler.Settle(y.ctx, y.heartbeat/hour-other.Int64N(4))
				y.ok(err)
			}
			x.beat()
			y.beat()
		}
		x.settle()
		y.settle()
		want, got := x.outcome(), y.outcome()
		for what := range want {
			if !reflect.DeepEqual(got[what], want[what]) {
				t.Fatalf("%s differ:\n got %+v\nwant %+v", what, got[what], want[what])
			}
		}
		y.audit(audit.Options{})
	})
}

func TestSettlesToTheSame(t *testing.T) { settlesToTheSame(t, 3) }

// outcome is all that must not depend on batches, restarts, and when hours were
// settled.
func (x *sim) outcome() map[string]any {
	x.Helper()
	var txs []lease.Transaction
	for t, err := range x.store.Transactions(x.ctx) {
		x.ok(err)
		t.Seq = 0
		txs = append(txs, t)
	}
	slices.SortFunc(txs, func(a, b lease.Transaction) int { return cmp.Compare(a.Key, b.Key) })
	var hours []lease.SettledHour
	for h, err := range x.store.SettledHours(x.ctx, "", 0, 1<<40) {
		x.ok(err)
		hours = append(hours, h)
	}
	var meters []string
	for m, err := range x.store.HourMeters(x.ctx, "", 0, 1<<40) {
		x.ok(err)
		meters = append(meters, fmt.Sprint(m))
	}
	states, err := x.store.SettledStates(x.ctx)
	x.ok(err)
	balances, err := x.store.Balances(x.ctx)
	x.ok(err)
	leases, err := x.store.Leases(x.ctx)
	x.ok(err)
	return map[string]any{"transactions": txs, "hours": hours, "meters": meters, "states": states, "balances": balances, "leases": leases}
}
