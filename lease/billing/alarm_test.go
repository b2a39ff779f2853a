package billing

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// alarms are the bodies of all alarms.
func (x *site) alarms() (all []lease.Alarm) {
	x.Helper()
	for _, e := range x.events(lease.EventAlarm) {
		var a lease.Alarm
		x.ok(unmarshal(e, &a))
		if (a.Test == testCounter) != (e.Lease == "") {
			x.Errorf("alarm %+v is about lease %q", a, e.Lease)
		}
		all = append(all, a)
	}
	return all
}

// hours works for so many hours, each with n shares of a source that counted
// so many hashes.
func (x *site) hours(from int64, count int, id, source string, n int, counted uint64, up lease.Upstream) {
	x.Helper()
	for h := range int64(count) {
		at := from + h*hour + minute
		x.work(at, id, source, n)
		b := lease.Batch{Run: x.run, AtMs: at}
		if counted > 0 {
			b.Counts = []lease.Count{{Lease: id, Source: source, Hashes: counted}}
		}
		if up.Sent > 0 {
			b.Upstream = []lease.Upstream{up}
		}
		_, err := x.store.CommitBatch(x.ctx, b)
		x.ok(err)
	}
	x.beat(from + int64(count)*hour)
	x.settle()
}

// Each test gives one alarm until it recovers.
func TestAlarms(t *testing.T) {
	const full = rate * 3600
	for _, tt := range []struct {
		name string
		do   func(x *site, id string)
		want []string
	}{
		{"honest", func(x *site, id string) {
			x.hours(ten, 100, id, "cpu0", 14, full, lease.Upstream{})
		}, nil},
		{"less than contracted", func(x *site, id string) {
			x.hours(ten, 60, id, "cpu0", 11, 11*unit, lease.Upstream{})
		}, []string{"contract short"}},
		{"less than counted", func(x *site, id string) {
			x.hours(ten, 60, id, "cpu0", 14, 2*full, lease.Upstream{})
		}, []string{"counter short"}},
		{"more than counted", func(x *site, id string) {
			x.hours(ten, 60, id, "cpu0", 14, full/2, lease.Upstream{})
		}, []string{"counter excess"}},
		{"recovers, and again", func(x *site, id string) {
			x.hours(ten, 8, id, "cpu0", 4, 4*unit, lease.Upstream{})
			x.hours(ten+8*hour, 12, id, "cpu0", 28, 28*unit, lease.Upstream{})
			x.hours(ten+20*hour, 40, id, "cpu0", 5, 5*unit, lease.Upstream{})
		}, []string{"contract short", "contract excess", "contract short"}},
		{"a rig has no counter", func(x *site, id string) {
			x.hours(ten, 30, id, "rig-a", 14, 0, lease.Upstream{})
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newSite(t, t.Context(), newMemory(), ten)
			l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
			tt.do(x, l.ID)
			var got []string
			for _, a := range x.alarms() {
				if a.EvidenceMLn < lease.AlarmMilli || a.Unit != lease.Quantity(miner.Hashes(unit)) || a.Expected.Work().IsZero() {
					t.Errorf("alarm %+v", a)
				}
				got = append(got, a.Test+" "+a.Direction)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("alarms %q, want %q", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("alarms %q, want %q", got, tt.want)
				}
			}
		})
	}
}

// A pool whose shares are 2^30 should accept every fourth of the receipts'
// work. Where its target is easier than a receipt, or was not one only, the
// hours say nothing.
func TestPoolAlarms(t *testing.T) {
	said := func(sent, accepted uint64, work uint64) lease.Upstream {
		return lease.Upstream{Lease: "L-0001", Sent: sent, Accepted: accepted, SentWork: miner.Hashes(sent * work), AcceptedWork: miner.Hashes(accepted * work)}
	}
	mixed := said(4, 1, 1<<30)
	mixed.SentWork = mixed.SentWork.Add(miner.Hashes(1))
	for _, tt := range []struct {
		name string
		up   lease.Upstream
		want int
	}{
		{"accepts what is proven", said(5, 4, 1<<30), 0},
		{"accepts a quarter of it", said(4, 1, 1<<30), 1},
		{"an easier target", said(4, 1, 1<<27), 0},
		{"several targets", mixed, 0},
	} {
		x := newSite(t, t.Context(), newMemory(), ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten, Pool: &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "u"}}, nil)
		x.hours(ten, 60, l.ID, "cpu0", 16, 0, tt.up)
		alarms := x.alarms()
		n := 0
		for _, a := range alarms {
			if a.Test == testPool && a.Direction == short && a.Unit == lease.Quantity(miner.Hashes(1<<30)) {
				n++
			}
		}
		if n != tt.want {
			t.Errorf("%s: alarms %+v", tt.name, alarms)
		}
	}
}

// What a thread does for the house is tested, too, from its first share on.
func TestHouseCounter(t *testing.T) {
	x := newSite(t, t.Context(), newMemory(), ten)
	x.job(lease.House, lease.Tag{}, unit, nil)
	x.hours(ten, 1, lease.House, "cpu0", 0, 1<<40, lease.Upstream{})
	if len(x.alarms()) != 0 {
		t.Error("an alarm before anything is known of the shares")
	}
	x.hours(ten+hour, 40, lease.House, "cpu0", 1, 4*unit, lease.Upstream{})
	if a := x.alarms(); len(a) != 1 || a[0].Source != "cpu0" || a[0].Direction != short {
		t.Errorf("alarms %+v", a)
	}
	if len(x.rows(lease.House)) != 0 {
		t.Error("the house has settled hours")
	}
}
