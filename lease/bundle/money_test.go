package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// moneyCases are leases of all kinds.
func moneyCases() map[string]moneyOptions {
	return map[string]moneyOptions{
		"tides":     {scheme: lease.SchemeTides, model: lease.Leased},
		"pplns":     {scheme: lease.SchemePPLNS, model: lease.Leased},
		"solo":      {scheme: lease.SchemeSolo, model: lease.Leased},
		"pps":       {scheme: lease.SchemePPS, model: lease.Leased},
		"fpps":      {scheme: lease.SchemeFPPS, model: lease.Leased},
		"direct":    {scheme: lease.SchemeTides, model: lease.Leased, direct: true},
		"free":      {scheme: lease.SchemeTides, model: lease.Leased, free: true},
		"exit":      {scheme: lease.SchemeTides, model: lease.Leased, exit: true},
		"hosted":    {scheme: lease.SchemeTides, model: lease.Hosted},
		"virtual":   {scheme: lease.SchemeTides, model: lease.VirtualHosted},
		"own pool":  {scheme: lease.SchemeTides, model: lease.Leased, pool: "own"},
		"house":     {scheme: lease.SchemeTides, model: lease.Leased, pool: "house"},
		"house pps": {scheme: lease.SchemePPS, model: lease.Leased, pool: "house"},
		"open":      {scheme: lease.SchemePPS, model: lease.Leased, open: true},
		"thinned":   {scheme: lease.SchemePPS, model: lease.Leased, thin: true},
	}
}

func TestMoneyHonest(t *testing.T) {
	for name, o := range moneyCases() {
		t.Run(name, func(t *testing.T) {
			w := moneyBundle(t, o)
			r := verify(t, pack(t, w.moneyProve()), known(w.world))
			for _, c := range r.Checks {
				if !c.OK && c.Name != "witness" {
					t.Errorf("%s: %s", c.Name, c.Detail)
				}
			}
			if testing.Verbose() {
				for _, c := range r.Checks {
					t.Log(c.Name, c.Detail)
				}
				t.Logf("%q", r.Unchecked)
			}
		})
	}
}

// from makes the statement one of the hours from one on.
func (w *moneyWorld) from(h int) {
	ms := w.at(h, 0)
	s := &w.s
	s.Period.FromMs, s.Period.RunningMs = ms, s.Period.ToMs-ms
	s.Delivery.Receipts = 0
	w.batches = slices.DeleteFunc(w.batches, func(b testBatch) bool {
		w.in[b.leaf] = w.in[b.leaf] && b.doc.FromMs >= ms
		return b.doc.FromMs < ms
	})
	w.figures()
	s.Hours = slices.DeleteFunc(s.Hours, func(r Hour) bool { return r.Hour < w.first+int64(h) })
	*s.Charges, s.SLA.Up, s.SLA.Down, s.SLA.Excluded, s.SLA.Idle = Charges{}, 0, 0, 0, 0
	for i := range s.Hours {
		r := &s.Hours[i]
		s.Charges.Billable = lease.Quantity(s.Charges.Billable.Work().Add(r.Billable.Work()))
		s.Charges.Due, s.Charges.Charged = s.Charges.Due+r.DueSat, s.Charges.Charged+r.ChargedSat
		w.count(r.Window)
	}
	s.SLA.Closed = slices.DeleteFunc(s.SLA.Closed, func(m Month) bool { return m.ToMs <= ms })
	cut := 0
	for i := range s.Books.Lines {
		if s.Books.Lines[i].AtMs <= ms {
			cut = i + 1
		}
	}
	closed := s.Books.Accounts
	s.Books.Accounts = []Account{}
	for _, kind := range []string{"available", "inflight", "pending", "prepaid"} {
		a := Account{Name: "liab:acme:" + kind}
		for j := range s.Books.Lines[:cut] {
			a.Opening += s.Books.Lines[j].owed(a.Name)
		}
		if i := slices.IndexFunc(closed, func(o Account) bool { return o.Name == a.Name }); i >= 0 {
			a.Closing = closed[i].Closing
		}
		if a.Opening != 0 || a.Closing != 0 {
			s.Books.Accounts = append(s.Books.Accounts, a)
		}
	}
	if s.Energy != nil {
		s.Energy.Used = lease.Energy{}
		for i := range s.Hours {
			s.Energy.Used = s.Energy.Used.Add(lease.EnergyOf(s.Hours[i].Proven.Work(), rigRated))
		}
	}
	for i := range s.Books.Lines[:cut] {
		w.in[s.Books.Lines[i].Leaf] = false
	}
	s.Books.FirstLine, s.Books.Lines = int64(cut), s.Books.Lines[cut:]
	s.Rewards = slices.DeleteFunc(s.Rewards, func(r Reward) bool {
		return !slices.ContainsFunc(s.Books.Lines, func(l Line) bool { return l.Ref == miner.Hash(r.Block).String() })
	})
	if s.Rewards == nil {
		s.Rewards = []Reward{}
	}
}

// TestMoneyLater is about periods that do not begin with the lease.
func TestMoneyLater(t *testing.T) {
	for _, name := range []string{"tides", "pps", "hosted", "virtual", "direct", "exit", "open"} {
		o := moneyCases()[name]
		o.mined = make(mined)
		for h := 1; h < moneyHours-1; h++ {
			w := moneyBundle(t, o)
			w.from(h)
			r := verify(t, pack(t, w.moneyProve()), Options{})
			if f := failed(r); f != nil {
				t.Errorf("%s from hour %d: %q", name, h, f)
			}
			if !slices.ContainsFunc(r.Word, func(s string) bool { return strings.HasPrefix(s, "what the accounts open with") }) {
				t.Errorf("%s from hour %d: of what accounts open with nothing is said: %q", name, h, r.Word)
			}
			w.s.Hours[0].DueSat += 3
			w.s.Charges.Due += 3
			w.log[w.hourLeaf(h)] = must(leaf.NewHour(w.settledHour(0), translog.Salt{}))
			if f := failed(verify(t, pack(t, w.moneyProve()), Options{})); len(f) == 0 && name != "hosted" && name != "virtual" {
				t.Errorf("%s from hour %d: 3 sat more are due, and nobody sees it", name, h)
			}
		}
	}
}

// hourLeaf is the leaf of an hour.
func (w *moneyWorld) hourLeaf(h int) int64 {
	for i := range w.log {
		d, _, err := leaf.Read[leaf.Service](w.log[i].Body, translog.KindSLA)
		if err == nil && d.About == leaf.AboutHour && d.Hour == w.first+int64(h) {
			return int64(i)
		}
	}
	w.tb.Fatalf("no leaf of hour %d", h)
	return -1
}

func (w *moneyWorld) settledHour(i int) *lease.SettledHour {
	h := w.s.Hours[i].settled(testLease)
	return &h
}

// TestEarned compares what was earned with what is there, and was paid.
func TestEarned(t *testing.T) {
	for name, o := range moneyCases() {
		if o.pool == "own" {
			continue
		}
		w := moneyBundle(t, o)
		want, s := int64(0), &w.s
		for _, a := range s.Books.Accounts {
			if a.Name != "liab:acme:prepaid" {
				want += a.Closing
			}
		}
		for i := range s.Books.Lines {
			switch l := &s.Books.Lines[i]; l.Kind {
			case ledger.KindConfirmed: // paid
				want -= l.owed("")
			case ledger.KindRefund: // not earned
				want -= l.owed("liab:acme:available")
			}
		}
		if o.exit {
			want -= s.SLA.Closed[1].CreditSat // likewise
		}
		for _, r := range s.Rewards {
			if r.State == lease.Mature {
				want += r.Direct // paid by the coinbase
			}
		}
		if s.Earned() != want || !o.free && s.Credited() != s.SLA.Closed[0].CreditSat+lastCredit(s) {
			t.Errorf("%s: earned %d, want %d; credited %d", name, s.Earned(), want, s.Credited())
		}
	}
}

func lastCredit(s *Statement) int64 {
	if len(s.SLA.Closed) < 2 {
		return 0
	}
	return s.SLA.Closed[1].CreditSat
}
