package dispatch

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Where the configuration names a pool of the provider's, the house works for
// it, and so do all leases without a pool of their own: on one connection, each
// on the pool's jobs with its own tag. What the pool pays comes into the
// provider's wallet and is shared by proven work, which billing does.

// poolSource is the newest job of the house's pool.
type poolSource struct {
	upstream *upstream
	issue    *stratum.Issue
	arrived  time.Time
	height   int64        // 0: its coinbase does not say
	network  miner.Target // of blocks
	earns    lease.Earns  // what its shares are worth, by the job itself
	address  string       // of the pool that is connected
}

// openHousePool begins to connect to the house's pool. ctx is that of the run.
func (d *Dispatcher) openHousePool(ctx context.Context) error {
	house := d.house
	house.Pool = d.HousePool
	u, err := d.openUpstream(ctx, &house)
	if err != nil {
		return fmt.Errorf("pool of the house: %w", err)
	}
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	d.pools.house = u
	return nil
}

// anyPool lets the operator's own pool be anywhere.
func anyPool(netip.Addr) error { return nil }

// ofHouse reports whether the connection is the one to the house's pool.
func (u *upstream) ofHouse() bool { return u.lease.ID == lease.House }

// all returns every connection, that to the house's pool first. Under mu.
func (p *pools) all() (all []*upstream) {
	if p.house != nil {
		all = append(all, p.house)
	}
	for _, u := range p.open {
		all = append(all, u)
	}
	return all
}

// loopHouse takes up the jobs of the house's pool.
func (u *upstream) loopHouse(ctx context.Context) {
	var later <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.wake:
		case <-later:
		}
		u.mu.Lock()
		issue := u.newest
		u.mu.Unlock()
		wait, err := u.d.newPoolJob(ctx, u, issue)
		if ctx.Err() != nil {
			return
		}
		u.complain(err)
		later = nil
		if wait > 0 {
			later = time.After(wait)
		}
		switch {
		case issue != nil && err == nil:
			u.up()
		case errors.Is(err, errJob):
			u.down(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(upstreamPause):
		}
	}
}

// newPoolJob makes and installs the jobs of what the house's pool sent; nil
// takes the work away. It tells how long to wait first when the pool sent too
// much. Where jobs cannot be made because of the store, the contracts' watch
// tries again.
func (d *Dispatcher) newPoolJob(ctx context.Context, u *upstream, issue *stratum.Issue) (wait time.Duration, err error) {
	j := &d.jobs
	j.mu.Lock()
	defer j.mu.Unlock()
	was := j.pool
	fresh := issue != nil && (j.tip == nil || j.tip.prev != issue.PrevHash)
	if fresh {
		if j.tip != nil {
			j.tip.outlived.Store(true)
		}
		j.tip = &tip{prev: issue.PrevHash, since: d.Now()}
	}
	var next *poolSource
	if issue != nil {
		next, wait, err = d.poolSource(u, issue)
		if wait > 0 && !fresh {
			return wait, err // the one before goes on for a while
		}
		if next != nil {
			j.templates++
		}
	}
	if j.pool = next; next == nil && was == nil {
		return wait, err
	}
	j.due = true
	// It is told by the contracts' watch when the store does not come back.
	if failed := d.tryJobs(ctx); failed != nil && err == nil {
		err = failed
	}
	if fresh || next == nil || was == nil { // threads may wait for it
		d.engine.Kick()
	}
	return wait, err
}

// poolSource judges a job of the house's pool. Under j.mu.
func (d *Dispatcher) poolSource(u *upstream, issue *stratum.Issue) (*poolSource, time.Duration, error) {
	now := d.Now()
	s := &poolSource{upstream: u, issue: issue, arrived: now, address: u.address()}
	document, err := newPoolTemplate(issue, s.address, d.Terms)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	body, err := document.Encode()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	if s.network, err = issue.Bits.Target(); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	if s.earns, err = document.Value(); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	s.height = document.Height
	kinds := map[lease.TermsHash]bool{d.Terms: true}
	for i := range d.jobs.working {
		kinds[d.jobs.working[i].Terms] = true
	}
	if wait := u.jobs.wait(len(body)*len(kinds), now); wait > 0 {
		return nil, wait, errFlood
	}
	d.warnReserve(s.earns.Sat)
	return s, 0, nil
}

// warnReserve says so once when a block is worth more than what stands behind
// shares that are paid by themselves. How even the pool's own payments are,
// nobody knows here.
func (d *Dispatcher) warnReserve(sat int64) {
	t := &d.terms
	if d.jobs.reserved || t.Reserve == nil {
		return
	}
	d.jobs.reserved = true
	if err := reward.CheckReserve(t.Reserve.Sat, sat, t.FeePPM, t.Reserve.RuinPPM); err != nil {
		d.Log.Warn("the reserve is not enough if the house's pool pays for blocks alone; where it pays for shares, less will do", "scheme", t.Scheme, "err", err)
	}
}

// poolJobs prepares jobs on the newest of the house's pool: one document for
// each version of the terms, and one job a lease. Under j.mu.
func (d *Dispatcher) poolJobs(active, everybody []lease.Lease, nowMs int64) (*jobSet, error) {
	s := d.jobs.pool
	room, err := receipt.PoolRoomOf(s.issue.Extranonce2Size)
	if err != nil {
		return nil, err
	}
	size := room.Tag
	set := &jobSet{perBlock: s.earns.Network}
	places := make(map[lease.TermsHash]int)
	var documents []*receipt.Template
	add := func(l *lease.Lease, tag lease.Tag, target, most miner.Target, g grade) error {
		at, ok := places[l.Terms]
		if !ok {
			document, err := newPoolTemplate(s.issue, s.address, l.Terms)
			if err != nil {
				return err
			}
			body, err := document.Encode()
			if err != nil {
				return err
			}
			at = len(documents)
			places[l.Terms] = at
			documents = append(documents, document)
			set.templates = append(set.templates, lease.Template{CreatedMs: nowMs, Height: document.Height, Prev: s.issue.PrevHash, Body: body})
		}
		earns := s.earns
		set.jobs = append(set.jobs, lease.Job{Template: int64(at), Lease: l.ID, Tag: tag, Target: target, CreatedMs: nowMs, Earns: &earns})
		set.works = append(set.works, &work{
			template: documents[at], network: s.network, tip: d.jobs.tip, upstream: s.upstream, issued: s.issue, most: most,
		})
		set.grades = append(set.grades, g)
		return nil
	}

	// Tags of which only the beginning fits must differ in that.
	begun := make(map[string]string)
	for i := range active {
		if l := &active[i]; l.Pool != nil {
			begun[string(l.Tag[:size])] = l.ID
		}
	}
	var alike []string
	houseRate := d.houseRate(active)
	for i := range everybody {
		l := &everybody[i]
		if l.ID == lease.House {
			tag := d.freeTag(0, size, begun)
			if err := add(l, tag, proofTarget(houseRate, l.ProofMs), proofTarget(houseRate, lease.MinProofMs), 0); err != nil {
				return nil, err
			}
			continue
		}
		start := string(l.Tag[:size])
		if other, ok := begun[start]; ok {
			alike = append(alike, fmt.Sprintf("lease %s: its tag begins like that of lease %s, and the house's pool has room for %d bytes of it: close one of them, and add it with another nonce", l.ID, other, size))
			continue
		}
		begun[start] = l.ID
		if err := add(l, l.Tag, proofTarget(l.ContractedHps, l.ProofMs), proofTarget(l.ContractedHps, lease.MinProofMs), 0); err != nil {
			return nil, err
		}
	}
	for _, g := range d.rigs.wantedGrades() {
		if !documents[0].FitsRigs() {
			break
		}
		if err := add(&d.house, d.freeTag(g, size, begun), g.target(), (g - 1).target(), g); err != nil {
			return nil, err
		}
	}
	d.pools.setAlike(alike)
	return set, nil
}

// freeTag is a tag of the house's whose first bytes are nobody's yet, and takes
// it: of the jobs of a grade, or of its threads for 0.
func (d *Dispatcher) freeTag(g grade, size int, begun map[string]string) lease.Tag {
	const tries = 256 // of 2 bytes at least, so that none is ever left
	tag := d.house.Tag
	for n := range tries {
		if g != 0 || n != 0 {
			tag = d.houseTag(byte(g), byte(n))
		}
		if _, ok := begun[string(tag[:size])]; !ok {
			break
		}
	}
	begun[string(tag[:size])] = lease.House
	return tag
}

// setAlike notes why leases get no work, to be told and, once, logged.
func (p *pools) setAlike(notes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.house != nil && !slices.Equal(notes, p.alike) {
		for _, note := range notes {
			p.house.d.Log.Error("a lease cannot be worked for", "why", note)
		}
	}
	p.alike = notes
}
