package billing

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// action is something that happens at a provider, some time after the one
// before.
type action struct {
	kind    string
	afterMs int64
	lease   int // index
	n       int
}

// untilNextHour makes an action happen at the very moment an hour ends.
const untilNextHour = -1

// history is a provider's whole story.
type history struct {
	leases  []lease.Lease
	terms   []lease.Terms // of each lease
	earns   []*lease.Earns
	actions []action
}

func drawHistory(t *rapid.T, size int) history {
	var h history
	for i := range rapid.IntRange(1, 3).Draw(t, "leases") {
		l := lease.Lease{StartMs: ten + rapid.Int64Range(-2, 30).Draw(t, "start")*20*minute}
		if rapid.Bool().Draw(t, "fixed term") {
			l.EndMs = l.StartMs + rapid.Int64Range(1, 200).Draw(t, "term")*20*minute
		}
		switch l.Model = rapid.SampledFrom([]lease.Model{lease.Leased, lease.Leased, lease.Hosted, lease.VirtualHosted}).Draw(t, "model"); l.Model {
		case lease.Hosted:
			l.Rigs = []string{fmt.Sprintf("rig-%d", i)}
		case lease.VirtualHosted:
			l.Cores = []int{2 * i, 2*i + 1}
		}
		terms := testTerms()
		terms.Prices.EarlyExitPPM = rapid.Int64Range(0, 200_000).Draw(t, "exit fee")
		if rapid.IntRange(0, 5).Draw(t, "free") == 0 {
			terms.Prices = nil
		}
		if rapid.IntRange(0, 3).Draw(t, "no SLA") == 0 {
			terms.SLA = nil
		}
		var earns *lease.Earns
		switch rapid.IntRange(0, 2).Draw(t, "destination") {
		case 0:
			l.Pool = &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "u"}
		case 1:
			earns = &lease.Earns{Network: miner.Hashes(rapid.Uint64Range(unit, unit<<20).Draw(t, "network")), Sat: rapid.Int64Range(0, 5_000_000_000).Draw(t, "reward")}
		}
		h.leases, h.terms, h.earns = append(h.leases, l), append(h.terms, terms), append(h.earns, earns)
	}
	kinds := []string{"work", "work", "work", "work", "prepay", "prepay", "watch", "watch", "tenant pauses", "provider pauses", "resume", "close",
		"pool fails", "pool is back", "maintenance", "restart", "clock falls back"}
	for range rapid.IntRange(1, size).Draw(t, "actions") {
		a := action{kind: rapid.SampledFrom(kinds).Draw(t, "kind"), lease: rapid.IntRange(0, len(h.leases)-1).Draw(t, "lease"), n: rapid.IntRange(0, 30).Draw(t, "n")}
		switch rapid.IntRange(0, 40).Draw(t, "pace") {
		case 0:
			a.afterMs = rapid.Int64Range(0, int64(size)*3/10).Draw(t, "days") * day
		case 1, 2, 3, 4:
			a.afterMs = untilNextHour
		case 5, 6, 7, 8, 9:
			a.afterMs = rapid.Int64Range(0, 5*hour).Draw(t, "long")
		default:
			a.afterMs = rapid.Int64Range(0, 20*minute).Draw(t, "short")
		}
		h.actions = append(h.actions, a)
	}
	return h
}

// player lets a history happen.
type player struct {
	*site
	leases []lease.Lease
	nowMs  int64
	played int
	open   map[int]int64 // exclusions by lease
	crash  func() bool
}

func (h *history) player(t *rapid.T, s fullStore, crash func() bool) *player {
	p := &player{site: newSite(t, t.Context(), s, ten-hour), nowMs: ten - hour, open: make(map[int]int64), crash: crash}
	for i, l := range h.leases {
		for _, name := range l.Rigs {
			p.ok(s.AddRig(p.ctx, lease.Rig{Name: name, Tenant: "acme", Token: token(), RatedMilliJTH: lease.MaxRatedMilliJTH}))
		}
		p.leases = append(p.leases, p.lease(h.terms[i], l, h.earns[i]))
	}
	p.restart()
	return p
}

// restart begins anew with what is stored.
func (p *player) restart() { p.Settler = &Settler{Store: crashingStore{p.store, p.crash}} }

// until does something again, as a new process, until it is not killed.
func (p *player) until(do func() error) {
	p.Helper()
	for {
		err := do()
		if !errors.Is(err, errCrash) {
			if !errors.Is(err, lease.ErrClosed) {
				p.ok(err)
			}
			return
		}
		p.restart()
	}
}

func (p *player) play(a action) {
	p.Helper()
	if a.afterMs == untilNextHour {
		a.afterMs = hour - p.nowMs%hour
	}
	p.nowMs += a.afterMs
	p.played++
	l := p.leases[a.lease]
	pause := func(change func(l *lease.Lease) error) {
		err := p.change(l.ID, change)
		if !errors.Is(err, lease.ErrClosed) && !errors.Is(err, lease.ErrExists) && !errors.Is(err, lease.ErrNotFound) {
			p.ok(err)
		}
	}
	switch a.kind {
	case "work":
		source := "cpu0"
		if len(l.Rigs) > 0 {
			source = l.Rigs[0]
		}
		p.work(p.nowMs, l.ID, source, a.n)
		b := lease.Batch{Run: p.run, AtMs: p.nowMs, Counts: []lease.Count{{Lease: l.ID, Source: source, Hashes: unit * 10}}}
		if n := uint64(a.n); l.Pool != nil && n > 0 {
			b.Upstream = []lease.Upstream{{Lease: l.ID, Sent: n, Accepted: n / 2, SentWork: miner.Hashes(n * unit), AcceptedWork: miner.Hashes(n / 2 * unit)}}
		}
		_, err := p.store.CommitBatch(p.ctx, b)
		p.ok(err)
	case "clock falls back":
		p.beat(p.nowMs - int64(a.n)*hour)
	case "restart":
		p.start(p.nowMs)
		p.restart()
	}
	p.beat(p.nowMs)
	switch a.kind {
	case "prepay":
		ref := fmt.Sprintf("tx:%d", p.played)
		p.until(func() error {
			_, err := p.Prepay(p.ctx, l.ID, int64(a.n+1)*300, ref, p.nowMs)
			return err
		})
	case "watch":
		p.until(func() error { return p.Watch(p.ctx, p.nowMs) })
	case "tenant pauses":
		pause(func(l *lease.Lease) error { return l.Pause(lease.PauseTenant, p.nowMs) })
	case "provider pauses":
		pause(func(l *lease.Lease) error { return l.Pause(lease.PauseProvider, p.nowMs) })
	case "resume":
		pause(func(l *lease.Lease) error {
			return errors.Join(l.Resume(lease.PauseTenant, p.nowMs), l.Resume(lease.PauseProvider, p.nowMs))
		})
	case "close":
		if a.n < 8 {
			pause(func(l *lease.Lease) error {
				if s := l.StateAt(p.nowMs); s == lease.Closed || s == lease.Ended {
					return lease.ErrClosed
				}
				l.ClosedMs = p.nowMs
				return nil
			})
		}
	case "pool fails":
		if l.Pool != nil && p.open[a.lease] == 0 {
			x, err := p.store.PutExclusion(p.ctx, lease.Exclusion{Lease: l.ID, Kind: lease.ExcludePool, AnnouncedMs: p.nowMs, FromMs: p.nowMs, Evidence: "refused"})
			p.ok(err)
			p.open[a.lease] = x.ID
		}
	case "pool is back":
		if id := p.open[a.lease]; id != 0 {
			p.ok(p.store.EndExclusion(p.ctx, id, p.nowMs))
			delete(p.open, a.lease)
		}
	case "maintenance":
		_, err := p.store.PutExclusion(p.ctx, lease.Exclusion{
			Kind: lease.ExcludeMaintenance, AnnouncedMs: p.nowMs, FromMs: p.nowMs + 1, ToMs: p.nowMs + 1 + int64(a.n)*10*minute,
		})
		p.ok(err)
	}
}

// hourly settles hour by hour, passing none over.
func (p *player) hourly() {
	p.Helper()
	w, err := p.load(p.ctx, "")
	p.ok(err)
	last := lease.HourOf(w.heartbeat) - 1
	if w.stored == 0 {
		first, ok, err := w.first(p.ctx, last)
		p.ok(err)
		if !ok {
			return
		}
		w.settled = first - 1
	}
	for h := w.settled + 1; h <= last; h++ {
		s, err := w.settle(p.ctx, h)
		p.ok(err)
		p.ok(p.store.Settle(p.ctx, s))
		w.stored = h
	}
}

// outcome is all that must not depend on when hours were settled. What is said
// about budgets names what was settled then, and is only compared by its
// effect, the pauses.
func (p *player) outcome(m *memory) map[string]any {
	txs := slices.Clone(m.txs)
	slices.SortFunc(txs, func(a, b lease.Transaction) int { return cmp.Compare(a.Key, b.Key) })
	for i := range txs {
		txs[i].Seq = 0
	}
	var events []lease.Event
	for _, e := range m.events {
		if e.Kind != lease.EventLowBudget && e.Kind != lease.EventLeasePaused && e.Kind != lease.EventLeaseResumed {
			e.Seq = 0
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b lease.Event) int { return cmp.Compare(a.Key, b.Key) })
	states := make(map[string]string)
	for id, text := range m.states {
		states[id] = string(text)
	}
	return map[string]any{"transactions": txs, "events": events, "states": states, "hours": m.rows, "leases": m.leases, "balances": m.balances, "settled": m.settled}
}

// few checks so many cases. Those in which a failure is made smaller do not
// count.
func few(t *testing.T, cases int, property func(t *rapid.T)) {
	done, failed := 0, false
	rapid.Check(t, func(t *rapid.T) {
		if done >= cases && !failed {
			return
		}
		held := false
		defer func() { failed = failed || !held }()
		property(t)
		held = true
		done++
	})
}

// Whenever hours are settled, by whichever process, however often it is
// killed, it is to the same ledger, to the byte.
func TestSettlesToTheSame(t *testing.T) { settlesToTheSame(t, 12, 25) }

func settlesToTheSame(t *testing.T, cases, size int) {
	few(t, cases, func(t *rapid.T) {
		h := drawHistory(t, size)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		never := func() bool { return false }
		stores := []*memory{newMemory(), newMemory(), newMemory()}
		each := h.player(t, stores[0], never)
		some := h.player(t, stores[1], func() bool { return random.IntN(3) == 0 })
		late := h.player(t, stores[2], never)
		for _, a := range h.actions {
			each.play(a)
			each.hourly()
			some.play(a)
			if random.IntN(3) == 0 {
				some.until(func() error { _, err := some.Settle(some.ctx, some.nowMs/hour-random.Int64N(3)); return err })
			}
			late.play(a)
		}
		some.until(func() error { _, err := some.Settle(some.ctx, 1<<40); return err })
		late.settle()
		want := each.outcome(stores[0])
		for i, p := range []*player{some, late} {
			for what, got := range p.outcome(stores[i+1]) {
				if !reflect.DeepEqual(got, want[what]) {
					t.Fatalf("%s differ: settled %s\n got %+v\nwant %+v", what, []string{"now and then", "at last"}[i], got, want[what])
				}
			}
		}
		before := late.outcome(stores[2])
		late.settle() // changes nothing
		if !reflect.DeepEqual(before, late.outcome(stores[2])) {
			t.Fatal("settling again is not the same")
		}
	})
}
