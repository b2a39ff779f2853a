package dispatch

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// pools are the upstream connections of leases that mine for a pool of the
// tenant's: one each, with the tenant's user name, so that the rewards never
// pass the provider; and the one to the house's pool, for all others.
type pools struct {
	mu    sync.Mutex
	house *upstream            // nil: the house has no pool
	alike []string             // why leases get no work from it
	open  map[string]*upstream // by lease
	own   map[string]bool      // leases that ever had a pool
	said  map[string]lease.Upstream

	leaving sync.WaitGroup // connections that are not wanted any more
}

// upstream is the connection of one lease to its pools.
type upstream struct {
	d      *Dispatcher
	lease  lease.Lease
	client *stratum.Client
	stop   context.CancelFunc
	over   <-chan struct{} // closed when the run ends
	ended  chan struct{}
	wake   chan struct{}
	onWay  atomic.Int64 // shares that the pool has not answered

	mu      sync.Mutex
	newest  *stratum.Issue // as the pool gave it; nil: nothing to do
	why     string         // it cannot be worked for; "" it can
	current *work          // what is worked on; the loop's to write
	outage  outage
	left    bool // it is not wanted any more

	// The loop's alone:
	tip    *tip
	jobs   budget
	logged time.Time // when it last complained
}

// followPools opens connections for the leases that mine for pools, and closes
// those of other leases, and of those that were pointed elsewhere. ctx is that
// of the run: no job is taken up after it.
func (d *Dispatcher) followPools(ctx context.Context, active []lease.Lease) {
	p := &d.pools
	p.mu.Lock()
	wanted := make(map[string]bool)
	var gone []*upstream
	for i := range active {
		l := &active[i]
		if l.Pool == nil {
			continue
		}
		wanted[l.ID] = true
		if u := p.open[l.ID]; u != nil {
			if samePool(u.lease.Pool, l.Pool) {
				continue
			}
			gone = append(gone, u)
			delete(p.open, l.ID)
		}
		u, err := d.openUpstream(ctx, l)
		if err != nil { // such a lease was not made by the command, which tries
			d.Log.Error("a lease's pool cannot be used", "lease", l.ID, "err", err)
			continue
		}
		p.open[l.ID] = u
	}
	for id, u := range p.open {
		if !wanted[id] {
			gone = append(gone, u)
			delete(p.open, id)
		}
	}
	p.mu.Unlock()
	for _, u := range gone {
		d.outages.leave(u, d.stamp())
		p.leaving.Go(u.leave)
	}
}

// leave ends a connection, once the shares of its last jobs have come in and
// the pool has said what it takes.
func (u *upstream) leave() {
	least := time.Second // the threads' shares are on their way already
	if u.d.rigs.server != nil {
		least = lateTime
	}
	tick := time.NewTicker(leaveTick)
	defer tick.Stop()
	begun := time.Now()
	over := false // the run is, too
	for age := time.Duration(0); !over && (age <= least || age <= least+leaveTime && u.onWay.Load() > 0); age = time.Since(begun) {
		select {
		case <-u.ended:
			return
		case <-u.over:
			over = true
		case <-tick.C:
		}
	}
	u.stop()
	<-u.ended
}

// How long a pool that is left may take to answer the last shares, and how often
// is looked whether it has.
const (
	leaveTime = 5 * time.Second
	leaveTick = 50 * time.Millisecond
)

// openUpstream begins to connect.
func (d *Dispatcher) openUpstream(ctx context.Context, l *lease.Lease) (*upstream, error) {
	u := &upstream{d: d, lease: *l, over: ctx.Done(), ended: make(chan struct{}), wake: make(chan struct{}, 1)}
	allow := d.PoolAllow
	switch {
	case u.ofHouse():
		allow = anyPool
	case allow == nil:
		allow = transport.PublicOnly
	}
	cfg := stratum.ClientConfig{
		Agent: "hashlease", Logger: d.Log.With("lease", l.ID), OnFailure: u.failed,
		Dial: func(ctx context.Context, url string) (net.Conn, error) {
			return transport.Dial(ctx, transport.Config{URL: url, Allow: allow})
		},
	}
	for _, url := range l.Pool.URLs {
		cfg.Pools = append(cfg.Pools, stratum.Pool{URL: url, User: l.Pool.User, Password: l.Pool.Password})
	}
	client, err := stratum.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	// The connection is to outlive the run: what was found last is to be sent.
	running, stopJobs := context.WithCancel(ctx)
	connected, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	u.client, u.stop = client, func() { stopJobs(); hangUp() }
	go func() {
		defer close(u.ended)
		var jobs sync.WaitGroup
		jobs.Go(func() {
			if u.ofHouse() {
				u.loopHouse(running)
			} else {
				u.loop(running)
			}
		})
		_ = client.Run(connected, u) // it ends with its context only
		jobs.Wait()
	}()
	return u, nil
}

// closePools ends all connections and waits for that.
func (d *Dispatcher) closePools() {
	p := &d.pools
	p.mu.Lock()
	open := p.all()
	clear(p.open)
	p.house = nil
	p.mu.Unlock()
	for _, u := range open {
		u.stop()
	}
	for _, u := range open {
		<-u.ended
		d.outages.leave(u, d.stamp())
	}
	p.leaving.Wait()
}

// ownPool reports whether a lease mines for a pool, whose rewards are not the
// house's to share.
func (p *pools) ownPool(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own[id]
}

// know remembers which leases have pools.
func (p *pools) know(leases []lease.Lease) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range leases {
		if leases[i].Pool != nil {
			p.own[leases[i].ID] = true
		}
	}
}

// works returns what the leases with pools work on, by lease. Under mu.
func (p *pools) works() map[string]*work {
	works := make(map[string]*work)
	for id, u := range p.open {
		if w := u.work(); w != nil {
			works[id] = w
		}
	}
	return works
}

// notes say which leases cannot be worked for.
func (p *pools) notes() (notes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.house != nil {
		if why := p.house.trouble(); why != "" {
			notes = append(notes, "the house: "+why)
		} else if w := p.house.work(); w != nil && !w.template.FitsRigs() && p.house.d.rigs.server != nil {
			notes = append(notes, fmt.Sprintf("the house: no rigs work for it and the leases of its pool, only the node's own threads: the pool's extranonce2 of %d bytes has no room for rigs",
				w.template.Pool.Extranonce2Size))
		}
	}
	notes = append(notes, p.alike...)
	for _, id := range slices.Sorted(maps.Keys(p.open)) {
		if why := p.open[id].trouble(); why != "" {
			notes = append(notes, fmt.Sprintf("lease %s: %s", id, why))
		} else if w := p.open[id].work(); w != nil && !w.template.FitsRigs() && p.open[id].d.rigs.server != nil {
			notes = append(notes, fmt.Sprintf("lease %s: no rigs work for it, only the node's own threads: its pool's extranonce2 of %d bytes has no room for rigs",
				id, w.template.Pool.Extranonce2Size))
		}
	}
	return notes
}

// verdict counts what a pool said to a share.
func (p *pools) verdict(id string, issue *stratum.Issue, v stratum.Verdict) {
	if !v.Sent || id == lease.House {
		return // it was not worth sending, or nobody but the house is to be told
	}
	worth := issue.Target.Work()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.said[id]
	s.Lease = id
	s.Sent++
	s.SentWork = s.SentWork.Add(worth)
	switch {
	case v.Accepted:
		s.Accepted++
		s.AcceptedWork = s.AcceptedWork.Add(worth)
	case v.Reason == lease.Stale:
		s.Stale++
	case v.Reason != stratum.ReasonUnanswered:
		s.Rejected++
	}
	p.said[id] = s
}

// take hands over the verdicts that are not committed yet.
func (p *pools) take() (all []lease.Upstream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(p.said)) {
		all = append(all, p.said[id])
	}
	clear(p.said)
	return all
}
