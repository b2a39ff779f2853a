package dispatch

import (
	"cmp"
	"slices"
	"time"
)

// quantum is the least time a rig stays with a lease: a switch costs it the
// work in flight on some firmwares, and the lease a job.
const quantum = 60 * time.Second

// megahash is the unit in which rigs are shared out: 2^20 hashes. What a rig
// makes in a quantum has room in 64 bits up to thousands of EH/s.
type megahash int64

// of returns what a rate a second makes in d.
func (m megahash) of(d time.Duration) megahash { return m * megahash(d/time.Millisecond) / 1000 }

func megahashes(hps uint64) megahash { return megahash(hps >> 20) }

// demand is what a lease wants of the rigs.
type demand struct {
	lease  string
	owner  string   // its tenant
	rate   megahash // contracted, a second
	behind megahash // negative: ahead of the contract
}

// supply is a rig that works.
type supply struct {
	rig   int      // the caller's number of it
	id    uint64   // decides between equals
	owner string   // its tenant, whose leases alone it works for; "" is the provider
	rate  megahash // a second, as its shares prove
	lease string   // that it works for; "" is the house
	since time.Time
}

// placement is a decision: a rig is to work for a lease, with what spoke for
// it.
type placement struct {
	rig      int
	from, to string   // leases; "" is the house
	need     megahash // of the lease, over the next quantum, before the decision
	rate     megahash // of the rig, a second
}

// allocate shares rigs out among leases by deficit round robin in hashes. What
// a lease needs over the next quantum is what it is behind and what its
// contract asks for, less what rigs that stay with it will make. The largest
// rig goes first, to the lease that needs most, if that needs at least half of
// what the rig makes in a quantum, so that the deficit shrinks; otherwise to
// the house: the processor's threads make up for small deficits. A rig stays
// where it is before its quantum is over, unless its lease has ended, and
// when its lease needs nearly as much as the neediest. Only moves are
// returned.
func allocate(now time.Time, rigs []supply, leases []demand) (moves []placement) {
	need := make(map[string]megahash, len(leases))
	for _, l := range leases {
		need[l.lease] = l.behind + l.rate.of(quantum)
	}
	var free []supply
	for _, r := range rigs {
		_, active := need[r.lease]
		switch left := r.since.Add(quantum).Sub(now); {
		case r.lease == "" || !active:
			free = append(free, r)
		case left > 0:
			need[r.lease] -= r.rate.of(quantum)
		default:
			free = append(free, r)
		}
	}
	slices.SortStableFunc(free, func(a, b supply) int {
		return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(a.id, b.id))
	})
	for _, r := range free {
		made := r.rate.of(quantum)
		to := ""
		for _, l := range leases {
			if !r.mayServe(&l) {
				continue
			}
			if n := need[l.lease]; n > 0 && 2*n >= made && (to == "" || n > need[to]) {
				to = l.lease
			}
		}
		if own, active := need[r.lease]; active && to != "" && own > 0 && 2*own >= made && 2*(need[to]-own) <= made {
			to = r.lease
		}
		if to != r.lease {
			moves = append(moves, placement{rig: r.rig, from: r.lease, to: to, need: need[to], rate: r.rate})
		}
		if to != "" {
			need[to] -= made
		}
	}
	return moves
}

// mayServe reports whether the rig can work for the lease: the lease's
// receipts must not come much faster than planned, for their size is in the
// contract, and a tenant's own machine works for nobody else.
func (s *supply) mayServe(l *demand) bool {
	return (s.owner == "" || s.owner == l.owner) && s.rate <= maxRatio*max(l.rate, 1)
}

// maxRatio is how many times a lease's rate a rig may have.
const maxRatio = 16
