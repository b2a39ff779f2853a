package billing

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// After a long time a node settles and watches in steps that it can bear.
func TestMaxHours(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		x.MaxHours = 3
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.prepay(ten, l.ID, 1000)
		// All is used up in the fifth hour.
		x.work(ten+4*hour+minute, l.ID, "cpu0", 12)
		x.ok(x.Watch(t.Context(), ten+10*hour))
		if x.paused(l.ID, ten+10*hour) {
			t.Error("stopped for what was not estimated yet")
		}
		x.beat(ten + 10*hour)
		for _, want := range []int64{2, 5, 8, 9, 9} {
			last, err := x.Settle(t.Context(), 1<<40)
			x.ok(err)
			x.has("settled", last, ten/hour+want)
			x.ok(x.Watch(t.Context(), ten+10*hour))
			if !x.paused(l.ID, ten+10*hour) {
				t.Error("not stopped for what was estimated")
			}
		}
		// What is stopped does not go on before all is known.
		x.lease(testTerms(), lease.Lease{StartMs: ten + 10*hour}, nil)
		x.prepay(ten+10*hour, l.ID, 1000)
		x.ok(x.change(l.ID, func(l *lease.Lease) error { return l.Pause(lease.PauseBudget, ten+10*hour) }))
		x.beat(ten + 20*hour)
		x.ok(x.Watch(t.Context(), ten+20*hour))
		if !x.paused(l.ID, ten+20*hour) {
			t.Error("goes on before it is known what is due")
		}
		for range 4 {
			_, err := x.Settle(t.Context(), 1<<40)
			x.ok(err)
		}
		x.ok(x.Watch(t.Context(), ten+20*hour))
		if x.paused(l.ID, ten+20*hour) {
			t.Error("does not go on")
		}
	})
}

// A chain on which a share is worth more coins than there are: the lease earns
// nothing by such hours, which an alarm tells, and everything else goes on.
func TestImpossibleEarnings(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, &lease.Earns{Network: miner.Hashes(2), Sat: 5_000_000_000})
		other := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.prepay(ten, l.ID, 100_000)
		x.prepay(ten, other.ID, 100)
		x.work(ten+minute, l.ID, "cpu0", 10)
		x.work(ten+minute, other.ID, "cpu0", 10)
		x.watch(ten + 2*minute)
		if x.paused(l.ID, ten+2*minute) || !x.paused(other.ID, ten+2*minute) {
			t.Error("one lease's earnings keep others from being watched")
		}
		x.job(l.ID, l.Tag, unit, &lease.Earns{Network: miner.Hashes(1 << 40), Sat: 5_000_000_000})
		x.work(ten+hour+minute, l.ID, "cpu0", 1)
		x.beat(ten + 2*hour)
		x.settle()
		rows := x.rows(l.ID)
		x.has("hours", int64(len(rows)), 2)
		x.has("earned by what cannot be", rows[0].EarnedSat, 0)
		x.has("charged", rows[0].ChargedSat, 2560)
		x.has("earned", rows[1].EarnedSat, 1_196_289)
		x.has("available", x.balance(ledger.Available("acme"), l.ID), -1_196_289)
		x.has("charged the other", x.rows(other.ID)[0].ChargedSat, 100)
		alarms := x.events(lease.EventAlarm)
		x.has("alarms", int64(len(alarms)), 1)
		var a lease.Alarm
		x.ok(json.Unmarshal(alarms[0].Body, &a))
		if a.Test != testEarnings || alarms[0].Lease != l.ID || a.Seen.Work() != miner.Hashes(10*unit) || !strings.Contains(a.Reason, "more than there can be") {
			t.Errorf("alarm %+v", a)
		}
	})
}

// A lease whose figures cannot be computed is told of, and keeps no other from
// being watched.
func TestWatchGoesOn(t *testing.T) {
	s := newMemory()
	x := newSite(t, t.Context(), s, ten)
	bad := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
	other := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
	text, err := encode(state{Format: stateFormat, Streams: streams{UsageSat: 1}})
	x.ok(err)
	s.states[bad.ID] = text
	x.beat(ten + minute)
	err = x.Watch(t.Context(), ten+minute)
	if err == nil || !strings.Contains(err.Error(), bad.ID) || strings.Contains(err.Error(), other.ID) {
		t.Errorf("watching tells %v", err)
	}
	if !x.paused(other.ID, ten+minute) || x.paused(bad.ID, ten+minute) {
		t.Error("one lease's figures keep others from being watched")
	}
	if _, err := x.Budget(t.Context(), bad.ID); err == nil {
		t.Error("a budget of figures that cannot be")
	}
}
