package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
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

// ofWork is an amount of work in megahashes, at most 2^58 of them: sums of some
// have room.
func ofWork(w miner.Work) megahash {
	if w.Hi>>14 != 0 {
		return 1 << 58
	}
	return megahash(w.Hi<<44 | w.Lo>>20)
}

// demand is what a lease wants of the rigs.
type demand struct {
	lease  string
	owner  string   // its tenant
	mask   uint32   // version bits that may be rolled
	rate   megahash // contracted, a second
	behind megahash // negative: ahead of the contract
	hosted bool     // by its own rigs and no others
}

// supply is a rig that works.
type supply struct {
	rig   int      // the caller's number of it
	id    uint64   // decides between equals
	owner string   // its tenant, whose leases alone it works for; "" is the provider
	only  string   // the hosted lease that it works for and nothing else; "" is none
	mask  uint32   // version bits it rolls
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
	left     megahash // the same of the lease it comes from
	rate     megahash // of the rig, a second
}

// allocate shares rigs out among leases by deficit round robin in hashes. What
// a lease needs over the next quantum is what it is behind and what its
// contract asks for, less what rigs that stay with it will make. The largest
// rig goes first, to the lease that needs most, if that needs at least half of
// what the rig makes in a quantum, so that the deficit shrinks; otherwise to
// the house: the processor's threads make up for small deficits. A tenant's
// own rig has nowhere else to go, so it is with the neediest of its tenant's
// leases even when that is ahead. A rig stays where it is before its quantum is
// over, unless its lease has ended or it is a hosted lease's now, and when its
// lease needs nearly as much as the neediest. Only moves are returned.
func allocate(now time.Time, rigs []supply, leases []demand) (moves []placement) {
	need := make([]megahash, len(leases))
	index := make(map[string]int, len(leases))
	for i, l := range leases {
		need[i] = l.behind + l.rate.of(quantum)
		index[l.lease] = i
	}
	var free []supply
	for _, r := range rigs {
		at, active := index[r.lease]
		switch left := r.since.Add(quantum).Sub(now); {
		case r.lease == "" || !active || !r.suits(&leases[at]):
			free = append(free, r)
		case left > 0:
			need[at] -= r.rate.of(quantum)
		default:
			free = append(free, r)
		}
	}
	slices.SortStableFunc(free, func(a, b supply) int {
		return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(a.id, b.id))
	})
	for _, r := range free {
		made := r.rate.of(quantum)
		worthy := func(n megahash) bool { return r.owner != "" || n > 0 && 2*n >= made }
		to := -1
		for i := range leases {
			if n := need[i]; (to < 0 || n > need[to]) && worthy(n) && r.mayServe(&leases[i]) {
				to = i
			}
		}
		if own, active := index[r.lease]; active && to >= 0 && worthy(need[own]) && r.mayServe(&leases[own]) && 2*(need[to]-need[own]) <= made {
			to = own
		}
		p := placement{rig: r.rig, from: r.lease, rate: r.rate}
		if own, active := index[r.lease]; active {
			p.left = need[own]
		}
		if to >= 0 {
			p.to, p.need = leases[to].lease, need[to]
			need[to] -= made
		}
		if p.to != r.lease {
			moves = append(moves, p)
		}
	}
	return moves
}

// suits reports whether the rig and the lease are for each other: a hosted lease
// and its rigs are for nobody else.
func (s *supply) suits(l *demand) bool { return s.only == l.lease || s.only == "" && !l.hosted }

// mayServe reports whether the rig can work for the lease: the lease's
// receipts must not come much faster than planned, for their size is in the
// contract; a tenant's own machine works for nobody else; and what a rig rolls
// must be allowed by the lease's pool, for few rigs learn of another mask.
func (s *supply) mayServe(l *demand) bool {
	return s.suits(l) && s.mask&^l.mask == 0 && (s.owner == "" || s.owner == l.owner) && s.rate <= maxRatio*max(l.rate, 1)
}

// maxRatio is how many times a lease's rate a rig may have.
const maxRatio = 16
