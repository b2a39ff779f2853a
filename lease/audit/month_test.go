package audit_test

import (
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/audit"
)

// month plays a provider's month, and two hours of the next, hour by hour, with
// so many leases at any time, and everything that can go wrong.
func (x *sim) month(leases int, hours int64, progress func(hour int64)) *audit.Report {
	x.Helper()
	pick := x.rng.IntN
	chance := func(in int) bool { return pick(in) == 0 }
	for h := range hours {
		if progress != nil {
			progress(h)
		}
		x.refresh()
		for len(x.alive()) < leases {
			x.addLease(pick)
		}
		for _, l := range x.alive() {
			broke := slices.Contains(l.PausedAt(x.at()), lease.PauseBudget)
			if chance(60) || h == 0 && !chance(10) || l.StartMs >= x.at() && chance(2) || broke && chance(8) {
				x.prepay(l, int64(100_000+pick(5_000_000)))
			}
		}
		for _, l := range x.alive() {
			switch {
			case l.outage != 0 && chance(3), l.Pool != nil && chance(300):
				x.outage(l)
			case chance(400):
				x.pause(l, lease.PauseTenant)
			case chance(800):
				x.pause(l, lease.PauseProvider)
			case len(l.PausedAt(x.at())) > 0 && chance(6):
				x.resume(l, lease.PauseTenant)
				x.resume(l, lease.PauseProvider)
			case chance(300):
				x.extend(l, int64(1+pick(72))*hour)
			case chance(500):
				x.close(l, chance(2))
			}
		}
		if chance(200) {
			x.newTerms()
		}
		if chance(150) {
			x.maintain(hour, int64(1+pick(3))*hour)
		}
		disaster := chance(240)
		for _, s := range x.sources {
			switch {
			case s.broken:
				s.broken = !chance(8)
			case disaster && chance(3), chance(400):
				s.broken = true
			}
		}
		switch {
		case chance(150):
			x.restart(int64(pick(90)) * minute)
		case chance(300):
			x.skewMs = int64(pick(180)) * minute // the clock falls back
		case x.skewMs != 0 && chance(4):
			x.skewMs = 0
		}
		x.hour(pick)
		if x.payouts && h%4 == 0 {
			x.pay()
		}
	}
	x.refresh()
	// Whatever is in flight comes down, and the month's hours are all final.
	for range 8 {
		x.work(30 * minute)
		x.pay()
	}
	x.skewMs = 0
	x.beat()
	x.settle()
	return x.audit(audit.Options{})
}

// hour lets an hour pass.
func (x *sim) hour(pick func(n int) int) {
	x.Helper()
	for first := true; first || x.nowMs%hour != 0; first = false {
		if pick(12) == 0 {
			x.findBlock(pick)
		}
		if pick(10) == 0 {
			x.watch()
			x.refresh()
		}
		x.work(min(15*minute, hour-x.nowMs%hour))
	}
	if pick(24) == 0 {
		x.findBlock(pick)
	}
	if pick(50) == 0 {
		x.resend()
	}
	for _, b := range x.blocks {
		switch age := x.nowMs - b.ms; {
		case age > 17*hour && b.State == lease.Adopted:
			x.mature(b)
		case age < 60*hour && pick(600) == 0, b.State == lease.Orphaned && age < 90*hour && pick(20) == 0:
			x.orphan(b)
		}
	}
	x.beat()
	x.settle()
	x.watch()
}
