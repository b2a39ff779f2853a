package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

const (
	contractsPause = 500 * time.Millisecond // how often changes of the leases are looked for
	leasePatience  = 5 * time.Second        // how long one lease without a job may keep the others from theirs
)

// jobMaker turns templates and leases into jobs.
type jobMaker struct {
	mu        sync.Mutex
	template  *solo.Template // the newest; nil where the house works for a pool
	arrived   time.Time      // when it came
	pool      *poolSource    // instead, where it does; nil: there is no work
	tip       *tip
	published *tip              // of the jobs that rigs have
	read      bool              // leases were read at least once
	version   int64             // of the store then
	leases    []lease.Lease     // all of them
	working   []lease.Lease     // those the present jobs are for
	templates uint64            // so many templates came in this run
	due       bool              // the newest template has no jobs yet
	failing   time.Time         // since when no jobs could be made
	without   bool              // the present jobs were made without those of some leases
	scripts   map[string][]byte // of payout addresses; nil: not this coin's
	fees      map[int64]int64   // satoshi that FPPS adds to the subsidy, by day
	known     knownTerms
	reserved  bool // the reserve was looked at
}

// newTemplate makes and installs the jobs of a template.
func (d *Dispatcher) newTemplate(ctx context.Context, t *solo.Template, tipChanged bool) error {
	j := &d.jobs
	j.mu.Lock()
	defer j.mu.Unlock()
	j.templates++
	j.template, j.arrived = t, d.Now()
	if j.tip == nil || j.tip.prev != t.PrevHash {
		if j.tip != nil {
			j.tip.outlived.Store(true)
		}
		j.tip = &tip{prev: t.PrevHash, since: d.Now()}
	}
	j.due = true
	err := d.tryJobs(ctx)
	if tipChanged {
		d.seeTip(t.PrevHash, t.Height-1)
		d.engine.Kick()
		d.settle.look()
	}
	return err
}

// tryJobs makes the newest template's jobs. Where that fails, because of the
// store or an odd template, the contracts' watch tries again; only when it
// fails for storePatience is it an error. Under j.mu.
func (d *Dispatcher) tryJobs(ctx context.Context) error {
	j := &d.jobs
	now := d.Now()
	err := d.readLeases(ctx)
	var left error
	if err == nil {
		left, err = d.makeJobs(ctx, j.without || !j.failing.IsZero() && now.Sub(j.failing) >= leasePatience)
	}
	if err == nil || ctx.Err() != nil {
		j.failing = time.Time{}
		if left != nil && !j.without {
			d.Log.Error("leases get no work, the others go on without them", "err", left)
		}
		j.without = left != nil
		return nil
	}
	if j.failing.IsZero() {
		j.failing = now
		d.Log.Error("no new jobs can be made, trying again", "err", err)
	}
	if now.Sub(j.failing) < storePatience {
		return nil
	}
	return err
}

// watchContracts makes new jobs when leases were added, closed, or their time
// has come.
func (d *Dispatcher) watchContracts(ctx context.Context) error {
	tick := time.NewTicker(contractsPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		d.seeBudgets(ctx)
		if err := d.refreshContracts(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (d *Dispatcher) refreshContracts(ctx context.Context) error {
	j := &d.jobs
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.template == nil && d.HousePool == nil {
		return nil
	}
	if err := d.readLeases(ctx); err == nil && !j.due && slices.EqualFunc(j.working, d.inTerm(), sameWork) {
		return nil
	}
	err := d.tryJobs(ctx)
	d.engine.Kick()
	return err
}

// readLeases reads the contracts when the store has changed, under j.mu.
func (d *Dispatcher) readLeases(ctx context.Context) error {
	j := &d.jobs
	version, err := d.Store.LeasesVersion(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if j.read && (version == j.version || !d.sawBudgets(version)) {
		return nil
	}
	leases, err := d.Store.Leases(ctx)
	if err != nil {
		return fmt.Errorf("leases: %w", err)
	}
	if err := d.knowSchemes(ctx, leases); err != nil {
		return err
	}
	d.pools.know(leases)
	j.read, j.version, j.leases = true, version, leases
	d.status.setLeases(leases)
	return nil
}

// jobSet is what is handed out together: jobs with what becomes of each once
// it is stored.
type jobSet struct {
	templates []lease.Template
	jobs      []lease.Job // Template is an index in templates
	works     []*work     // in the order of jobs, to be filled with what is stored
	grades    []grade     // likewise, of jobs for the house's rigs; else 0
	perBlock  miner.Work  // the network's
	left      error       // why there are no jobs for some leases
}

// makeJobs makes the newest jobs for all active leases and the house, puts them
// into the store, and only then hands them to the threads. leave says to go on
// without leases whose jobs cannot be made, such as those of terms that the coin
// node has no answer to; left is why. Under j.mu.
func (d *Dispatcher) makeJobs(ctx context.Context, leave bool) (left, err error) {
	j := &d.jobs
	term := d.inTerm()
	active := working(term)
	d.followPools(ctx, active)
	everybody := append(slices.DeleteFunc(slices.Clone(active), func(l lease.Lease) bool { return l.Pool != nil }), d.house)

	set, arrived := new(jobSet), j.arrived
	now := d.Now().UnixMilli()
	switch {
	case d.HousePool == nil:
		set, err = d.templateJobs(ctx, active, everybody, now, leave)
	case j.pool != nil:
		arrived = j.pool.arrived
		set, err = d.poolJobs(active, everybody, now)
	}
	if err != nil {
		return nil, err
	}
	var placed []lease.Job
	if len(set.jobs) > 0 {
		if _, placed, err = d.Store.PutJobs(ctx, set.templates, slices.Clone(set.jobs)); err != nil {
			return nil, fmt.Errorf("storing jobs: %w", err)
		}
	}
	works, graded := make(map[string]*work), make(map[grade]*work)
	for i, job := range placed {
		w := set.works[i]
		w.job, w.credit = job, job.Target.Work()
		if g := set.grades[i]; g != 0 {
			graded[g] = w
		} else {
			works[job.Lease] = w
		}
	}
	d.window.made(placed, set.perBlock)
	d.pools.mu.Lock() // what pools send now comes after
	defer d.pools.mu.Unlock()
	if u := d.pools.house; u != nil {
		u.mu.Lock()
		u.current = works[lease.House]
		u.mu.Unlock()
	}
	maps.Copy(works, d.pools.works())
	j.working, j.due = term, false
	d.feed.install(term, works)
	d.rigs.publish(works, graded, j.published != j.tip, d.Now().Sub(arrived))
	j.published = j.tip
	return set.left, nil
}

// templateJobs prepares jobs on the house's own newest template. Under j.mu.
func (d *Dispatcher) templateJobs(ctx context.Context, active, everybody []lease.Lease, nowMs int64, leave bool) (*jobSet, error) {
	j := &d.jobs
	network, perBlock, err := networkWork(j.template)
	if err != nil {
		return nil, err
	}
	houseRate := d.houseRate(active)
	documents, err := d.newDocuments(j.template, perBlock, nowMs)
	if err != nil {
		return nil, err
	}
	set := &jobSet{perBlock: perBlock}
	add := func(job lease.Job, g grade) {
		set.jobs = append(set.jobs, job)
		set.works = append(set.works, &work{template: documents.list[job.Template], block: j.template, network: network, tip: j.tip})
		set.grades = append(set.grades, g)
	}
	for i := range everybody {
		l := &everybody[i]
		index, earns, err := documents.of(ctx, l)
		if err != nil {
			err = fmt.Errorf("job of lease %s: %w", l.ID, err)
			if leave && l.ID != lease.House {
				set.left = errors.Join(set.left, err)
				continue
			}
			return nil, err
		}
		rate := l.ContractedHps
		if l.ID == lease.House {
			rate = houseRate
		}
		add(lease.Job{Template: int64(index), Lease: l.ID, Tag: l.Tag, Target: proofTarget(rate, l.ProofMs), CreatedMs: nowMs, Earns: earns}, 0)
	}
	house := set.jobs[len(set.jobs)-1]
	for _, g := range d.rigs.wantedGrades() {
		house.Target, house.Tag = g.target(), d.houseTag(byte(g), 0)
		add(house, g)
	}
	set.templates = documents.stored
	return set, nil
}

// proofTarget is the target that a source of the given rate hits once in so
// many milliseconds on average.
func proofTarget(rate uint64, ms int64) miner.Target {
	return miner.TargetForWork(lease.ProofWork(miner.Hashes(rate), ms))
}

// capacity is what the threads can hash at their duty, in H/s.
func (d *Dispatcher) capacity() uint64 {
	all := d.engine.ThreadRate() * uint64(d.engine.Threads())
	if d.DutyPercent > 0 {
		all = all / 100 * uint64(d.DutyPercent)
	}
	return all
}

// houseRate estimates what the active leases leave of the threads' hash rate, in
// H/s, at least a hundredth of all of it, lest a house that gets more than was
// thought floods the store. Leases of more than all of it are for rigs.
func (d *Dispatcher) houseRate(active []lease.Lease) uint64 {
	all := d.leftCapacity(active)
	least := d.capacity()/100 + 1
	var leased uint64
	for i := range active {
		if active[i].Model == lease.Leased && active[i].ContractedHps <= all {
			leased += active[i].ContractedHps
		}
	}
	if leased >= all {
		return least
	}
	return max(all-leased, least)
}
