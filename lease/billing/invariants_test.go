package billing

import (
	"context"
	"math/big"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"pgregory.net/rapid"
)

// After every step of any history all that is promised holds.
func TestInvariants(t *testing.T) { holdsAfterEveryStep(t, 25, 25) }

func holdsAfterEveryStep(t *testing.T, cases, size int) {
	few(t, cases, func(t *rapid.T) {
		h := drawHistory(t, size)
		p := h.player(t, newMemory(), func() bool { return false })
		for _, a := range h.actions {
			p.play(a)
			if rapid.Bool().Draw(t, "settle") {
				p.settle()
				p.invariants(&h)
			}
		}
		p.settle()
		p.invariants(&h)
	})
}

// The real store agrees with the one in memory.
func TestInvariantsSQLite(t *testing.T) { holdsInSQLite(t, 2, 25) }

func holdsInSQLite(t *testing.T, cases, size int) {
	dir, n := t.TempDir(), 0
	few(t, cases, func(t *rapid.T) {
		n++
		s, err := sqlite.Open(context.Background(), filepath.Join(dir, strconv.Itoa(n)))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		h := drawHistory(t, size)
		p := h.player(t, s, func() bool { return false })
		for _, a := range h.actions {
			p.play(a)
		}
		p.settle()
		p.invariants(&h)
	})
}

// invariants checks what is booked of every lease against what was metered and
// promised.
func (p *player) invariants(h *history) {
	p.Helper()
	settled, err := p.store.SettledHour(p.ctx)
	p.ok(err)
	texts, err := p.store.SettledStates(p.ctx)
	p.ok(err)
	booked := p.booked()
	for i, l := range p.leases {
		var proven, billable, contracted = new(big.Int), new(big.Int), new(big.Int)
		var due, charged, earned int64
		for _, r := range p.rows(l.ID) {
			if r.ChargedSat < 0 || r.ChargedSat > r.DueSat || r.ExcludedMs > r.OwedMs || r.OwedMs > hour {
				p.Fatalf("hour %+v", r)
			}
			proven.Add(proven, r.Proven.Work().Big())
			billable.Add(billable, r.Billable.Work().Big())
			contracted.Add(contracted, r.Contracted.Work().Big())
			due, charged, earned = due+r.DueSat, charged+r.ChargedSat, earned+r.EarnedSat
		}
		metered := new(big.Int)
		for m, err := range p.store.HourMeters(p.ctx, l.ID, 0, settled+1) {
			p.ok(err)
			metered.Add(metered, m.Evidence.Sum.Big())
		}
		b := booked[l.ID]
		prepaid := -p.balance(ledger.Prepaid("acme"), l.ID)
		switch {
		case metered.Cmp(proven) != 0:
			p.Fatalf("lease %s: %v metered, %v settled", l.ID, metered, proven)
		case prepaid < 0 || charged != b[ledger.KindUsage]+b[ledger.KindPower] || earned != b[ledger.KindPPS]:
			p.Fatalf("lease %s: %d sat prepaid, %d charged, %d earned, booked are %v", l.ID, prepaid, charged, earned, b)
		case charged > b[ledger.KindPrepay]+b[ledger.KindSLA] || b[ledger.KindSLA] > charged:
			p.Fatalf("lease %s: %d sat charged, booked are %v", l.ID, charged, b)
		case h.terms[i].Prices == nil && due != 0:
			p.Fatalf("lease %s: %d sat due of a free lease", l.ID, due)
		}
		if l.Model == lease.Leased {
			if billable.Cmp(proven) > 0 || billable.Cmp(contracted) > 0 {
				p.Fatalf("lease %s: %v billable of %v proven, %v contracted", l.ID, billable, proven, contracted)
			}
			// A satoshi is for 2^20 hashes.
			if cost := new(big.Int).Lsh(big.NewInt(due), 20); h.terms[i].Prices != nil && cost.Cmp(billable) > 0 {
				p.Fatalf("lease %s: %d sat due for %v hashes", l.ID, due, billable)
			}
		}
		if text, ok := texts[l.ID]; ok {
			var s state
			p.ok(decode(text, &s))
			if s.Final && prepaid != 0 {
				p.Fatalf("lease %s is over, with %d sat prepaid", l.ID, prepaid)
			}
			now, err := p.store.Lease(p.ctx, l.ID)
			p.ok(err)
			if last, ok := now.LastHour(); s.Final != (ok && last <= settled) {
				p.Fatalf("lease %s stops at %d, final is %t", l.ID, now.StopMs(), s.Final)
			}
		}
	}
}

// booked sums up transactions by lease and kind.
func (p *player) booked() map[string]map[string]int64 {
	p.Helper()
	all := make(map[string]map[string]int64)
	for t, err := range p.store.Transactions(p.ctx) {
		p.ok(err)
		id := t.Postings[1].Lease
		if all[id] == nil {
			all[id] = make(map[string]int64)
		}
		all[id][t.Kind] += t.Postings[0].Sat
	}
	return all
}
