package billing

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// A share is worth 256 sat, an hour's contract 14.0625 shares. The first hour
// is charged as proven, the second up to the day's contract, as far as the
// prepayment goes. In the third nothing comes, so that it is down, though the
// second's surplus is still due: two of three hours up credit all fees, which
// are paid back as the lease is over.
func TestLeased(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten, EndMs: ten + 3*hour}, nil)
		x.prepay(ten, l.ID, 5000)
		x.work(ten+30*minute, l.ID, "cpu0", 14)
		x.settle()
		if rows := x.rows(l.ID); len(rows) != 0 {
			t.Fatalf("an hour that is not over is settled: %+v", rows)
		}
		x.work(ten+90*minute, l.ID, "cpu0", 16)
		x.beat(ten + 3*hour)
		x.settle()
		rows := x.rows(l.ID)
		if len(rows) != 3 {
			t.Fatalf("%d hours", len(rows))
		}
		contracted := lease.Quantity(miner.Hashes(rate * 3600))
		for i, want := range []lease.SettledHour{
			{Proven: lease.Quantity(miner.Hashes(14 * unit)), Receipts: 14, Billable: lease.Quantity(miner.Hashes(14 * unit)), Window: lease.WindowUp, DueSat: 3584, ChargedSat: 3584},
			{Proven: lease.Quantity(miner.Hashes(16 * unit)), Receipts: 16, Billable: lease.Quantity(miner.Hashes(2*rate*3600 - 14*unit)), Window: lease.WindowUp, DueSat: 3616, ChargedSat: 1416},
			{Billable: lease.Quantity(miner.Hashes(30*unit - 2*rate*3600)), Window: lease.WindowDown, DueSat: 480},
		} {
			want.Lease, want.Hour, want.OwedMs, want.RunningMs, want.Contracted, want.Upper = l.ID, ten/hour+int64(i), hour, hour, contracted, rows[i].Upper
			if rows[i] != want {
				t.Errorf("hour %d:\n got %+v\nwant %+v", i, rows[i], want)
			}
		}
		x.has("prepaid", x.balance(ledger.Prepaid("acme"), l.ID), 0)
		x.has("revenue", x.balance(ledger.LeaseRevenue, l.ID), -5000)
		x.has("credit", x.balance(ledger.Available("acme"), l.ID), -5000)
		want := lease.PeriodClosed{
			FromMs: ten, ToMs: ten + 3*hour, Up: 2, Down: 1, Contracted: lease.Quantity(miner.Hashes(3 * rate * 3600)),
			Delivered: lease.Quantity(miner.Hashes(30 * unit)), AvailabilityPPM: 666_666, FeesSat: 5000, CreditPPM: 1_000_000, CreditSat: 5000, FreeExit: true,
		}
		got := x.closed(l.ID)
		if len(got) == 1 {
			want.UpperPPM = got[0].UpperPPM
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("closed %+v, want %+v", got, want)
		}
		if n := len(x.events(lease.EventWindowDown)); n != 1 {
			t.Errorf("%d events of windows that were down", n)
		}
		// Nothing ever after, and no second time.
		x.beat(ten + 40*day)
		x.settle()
		x.settle()
		if n := len(x.rows(l.ID)); n != 3 || len(x.closed(l.ID)) != 1 {
			t.Errorf("%d hours and %d periods after the end", n, len(x.closed(l.ID)))
		}
	})
}

// 2^58 hashes at 17.5 J/TH and 2^57 at 30 J/TH are 9.367·10^21 fJ, 2.602 kWh,
// 3.122 with what the site loses: 312 249 sat. Two rigs are 2000 sat an hour.
func TestHosted(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		for name, mj := range map[string]uint64{"rig-a": 17_500, "rig-b": 30_000} {
			x.ok(s.AddRig(t.Context(), lease.Rig{Name: name, Tenant: "acme", Token: token(), RatedMilliJTH: mj}))
		}
		l := x.lease(testTerms(), lease.Lease{Model: lease.Hosted, Rigs: []string{"rig-a", "rig-b"}, StartMs: ten, ContractedHps: 100e12, ProofMs: 1000}, nil)
		x.prepay(ten, l.ID, 1_000_000)
		x.job(l.ID, l.Tag, 1<<57, nil)
		x.work(ten+minute, l.ID, "rig-a", 2)
		x.work(ten+minute, l.ID, "rig-b", 1)
		x.beat(ten + hour)
		x.settle()
		x.has("power", x.balance(ledger.Power, l.ID), -312_249)
		x.has("fee", x.balance(ledger.LeaseRevenue, l.ID), -2000)
		x.has("prepaid", x.balance(ledger.Prepaid("acme"), l.ID), -(1_000_000 - 2000 - 312_249))
		// 100 TH/s at 30 J/TH for an hour are 3 kWh, 3.6 with the losses.
		budget, err := x.Budget(t.Context(), l.ID)
		x.ok(err)
		x.has("an hour's price", budget.HourSat, 360_000+2000)
		// Half an hour without any work still costs the fee.
		x.ok(x.change(l.ID, func(l *lease.Lease) error { return l.Pause(lease.PauseTenant, ten+90*minute) }))
		x.beat(ten + 2*hour)
		x.settle()
		x.has("fee", x.balance(ledger.LeaseRevenue, l.ID), -3000)
	})
}

func token() (h lease.TokenHash) { h.Sum[0], h.Salt[0] = 1, 1; return h }

// Four processors are charged for the time in which the node ran and nobody
// had paused them: a quarter of the first hour, half of the second.
func TestVirtualHosted(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{Model: lease.VirtualHosted, Cores: []int{0, 1, 2, 3}, StartMs: ten + 15*minute}, nil)
		x.prepay(ten, l.ID, 100_000)
		x.beat(ten + 30*minute)
		x.start(ten + hour)
		x.beat(ten + 90*minute)
		x.ok(x.change(l.ID, func(l *lease.Lease) error { return l.Pause(lease.PauseProvider, ten+90*minute) }))
		x.beat(ten + 2*hour)
		x.settle()
		rows := x.rows(l.ID)
		x.has("hours", int64(len(rows)), 2)
		x.has("charged", rows[0].ChargedSat, 1000)
		x.has("owed", rows[0].OwedMs, 45*minute)
		x.has("ran", rows[0].RunningMs, 30*minute)
		x.has("charged", rows[1].ChargedSat, 2000)
		x.has("owed", rows[1].OwedMs, hour)
	})
}

// A share of 2^28 of a block's 2^40 hashes, for 50 coins less 2 per cent, is
// worth 1 196 289.06 sat; late ones are paid too.
func TestPaidByTheShare(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		terms := testTerms()
		terms.Prices, terms.SLA = nil, nil
		l := x.lease(terms, lease.Lease{StartMs: ten, EndMs: ten + hour}, &lease.Earns{Network: miner.Hashes(1 << 40), Sat: 5_000_000_000})
		x.work(ten+minute, l.ID, "cpu0", 3)
		x.work(ten+hour+minute, l.ID, "cpu0", 1)
		x.beat(ten + 2*hour)
		x.settle()
		rows := x.rows(l.ID)
		x.has("hours", int64(len(rows)), 2)
		x.has("earned", rows[0].EarnedSat, 3_588_867)
		x.has("earned late", rows[1].EarnedSat, 1_196_289)
		x.has("owed late", rows[1].OwedMs, 0)
		x.has("available", x.balance(ledger.Available("acme"), l.ID), -4_785_156)
		x.has("charged", rows[0].DueSat+rows[0].ChargedSat, 0)
		if rows[0].Window != lease.WindowIdle {
			t.Errorf("without an SLA the hour is %s", rows[0].Window)
		}
	})
}

// What the jobs of a tenant's pool are worth is for information: the pool pays,
// and nothing of it is posted.
func TestThePoolPaysItsShares(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		terms := testTerms()
		terms.Prices, terms.SLA = nil, nil
		pool := &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "u"}
		l := x.lease(terms, lease.Lease{StartMs: ten, EndMs: ten + hour, Pool: pool}, &lease.Earns{Network: miner.Hashes(1 << 40), Sat: 5_000_000_000})
		x.work(ten+minute, l.ID, "cpu0", 3)
		x.beat(ten + 2*hour)
		x.settle()
		x.has("receipts", x.rows(l.ID)[0].Receipts, 3)
		x.has("earned", x.rows(l.ID)[0].EarnedSat, 0)
		x.has("available", x.balance(ledger.Available("acme"), l.ID), 0)
	})
}

// Closed by its tenant after one of ten hours, a lease costs a tenth of what
// was not spent; not so when the provider closes it, or a free exit was earned.
func TestEarlyExit(t *testing.T) {
	for _, tt := range []struct {
		name        string
		shares      int
		free        bool
		fee, refund int64
	}{
		{"by the tenant", 14, false, 1641, 14_775},
		{"by the provider", 14, true, 0, 16_416},
		{"undelivered", 0, false, 0, 20_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, s fullStore) {
				x := newSite(t, t.Context(), s, ten)
				l := x.lease(testTerms(), lease.Lease{StartMs: ten, EndMs: ten + 10*hour}, nil)
				x.prepay(ten, l.ID, 20_000)
				x.work(ten+minute, l.ID, "cpu0", tt.shares)
				x.beat(ten + hour)
				_, err := s.ChangeLease(t.Context(), l.ID, 1<<62, func(l *lease.Lease) ([]lease.Event, error) {
					l.ClosedMs = ten + hour
					e, err := lease.NewEvent(lease.EventLeaseClosed, ten+hour, "", lease.LeaseClosed{AtMs: ten + hour, FreeExit: tt.free})
					return []lease.Event{e.Of(l)}, err
				})
				x.ok(err)
				x.beat(ten + 2*hour) // the hour that it was closed in is over
				x.settle()
				x.has("fee", -x.balance(ledger.ExitFees, l.ID), tt.fee)
				x.has("prepaid", x.balance(ledger.Prepaid("acme"), l.ID), 0)
				p := x.closed(l.ID)
				if len(p) != 1 || p[0].RefundSat != tt.refund || p[0].ExitFeeSat != tt.fee {
					t.Errorf("closed %+v", p)
				}
				_, err = x.Prepay(t.Context(), l.ID, 5, "late", ten+hour)
				x.is(err, lease.ErrClosed)
			})
		})
	}
}
