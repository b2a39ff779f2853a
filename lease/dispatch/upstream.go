package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// upstreamPause is the least time between two jobs of a pool that are taken
// up: each is made durable.
const upstreamPause = 250 * time.Millisecond

// complainEvery is how often the log says that a pool's jobs are of no use.
const complainEvery = 30 * time.Second

// What can be wrong with a pool's jobs.
var (
	errJob   = errors.New("its pool's jobs cannot be worked on")
	errFlood = fmt.Errorf("%w: it sends more and larger ones than can be kept", errJob)
)

// Work implements stratum.Handler.
func (u *upstream) Work(issue *stratum.Issue) { u.set(issue, "") }

// Idle implements stratum.Handler. The connection's failure was told before.
func (u *upstream) Idle(err error) {
	u.set(nil, "")
	u.down(err)
}

func (u *upstream) set(issue *stratum.Issue, why string) {
	u.mu.Lock()
	u.newest, u.why = issue, why
	u.mu.Unlock()
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// trouble says why nothing is done for the lease; "" if something is.
func (u *upstream) trouble() string {
	u.mu.Lock()
	idle, why := u.newest == nil, u.why
	u.mu.Unlock()
	if idle {
		if last := u.client.Stats().LastError; last != "" {
			return "its pool is not to be reached: " + last
		}
	}
	return why
}

// work is what the lease works on; nil: nothing.
func (u *upstream) work() *work {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.current
}

// loop takes up the pool's jobs.
func (u *upstream) loop(ctx context.Context) {
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
		fresh := issue != nil && (u.tip == nil || u.tip.prev != issue.PrevHash)
		if fresh && u.tip != nil {
			u.tip.outlived.Store(true)
			u.tip = nil // should the pool go back to that block, its jobs begin anew
		}
		w, wait, err := u.take(ctx, issue)
		if ctx.Err() != nil {
			return
		}
		u.complain(err)
		later = nil
		if wait > 0 {
			later = time.After(wait)
			if !fresh {
				w = u.work() // a while longer
			}
		}
		was := u.work()
		if !u.adopt(w) {
			return
		}
		switch {
		case w != nil:
			u.up()
		case issue != nil && errors.Is(err, errJob):
			u.down(err)
		}
		if fresh || w == nil || was == nil { // threads may wait for it
			u.d.engine.Kick()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(upstreamPause):
		}
	}
}

// complain says why a job cannot be worked on, or not yet; in the log now and
// then only, for there may be many such jobs.
func (u *upstream) complain(err error) {
	why := ""
	if err != nil {
		why = err.Error()
	}
	u.mu.Lock()
	u.why = why
	u.mu.Unlock()
	if err == nil {
		return
	}
	if now := u.d.Now(); now.Sub(u.logged) >= complainEvery {
		u.logged = now
		u.d.Log.Error("a pool's job cannot be worked on", "lease", u.lease.ID, "err", err)
	}
}

// adopt makes w what the lease works on, unless the lease is over. Jobs of all
// leases are not installed meanwhile, or they would bring back an older one.
func (u *upstream) adopt(w *work) bool {
	p := &u.d.pools
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[u.lease.ID] != u {
		return false
	}
	u.mu.Lock()
	was := u.current
	u.current = w
	u.mu.Unlock()
	if w == nil || w != was {
		u.d.feed.setWork(u.lease.ID, w)
		u.d.rigs.publishPool(u.lease.ID, w)
	}
	return true
}

// address is the one of the lease's pools that is connected, as the lease
// names it.
func (u *upstream) address() string {
	urls, now := u.lease.Pool.URLs, u.client.Stats().Pool
	for _, url := range urls {
		if e, err := transport.Parse(url); err == nil && e.String() == now {
			return url
		}
	}
	return urls[0] // the pool has sent us to another of its hosts
}

// take makes a pool's job the lease's: durable, with the lease's tag. It tells
// how long to wait first when the pool sent too much.
func (u *upstream) take(ctx context.Context, issue *stratum.Issue) (*work, time.Duration, error) {
	if issue == nil {
		return nil, 0, nil
	}
	now := u.d.Now()
	document, err := newPoolTemplate(issue, u.address(), u.lease.Terms)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	body, err := document.Encode()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	network, err := issue.Bits.Target()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errJob, err)
	}
	if wait := u.jobs.wait(len(body), now); wait > 0 {
		return nil, wait, errFlood
	}
	stored := []lease.Template{{CreatedMs: now.UnixMilli(), Height: document.Height, Prev: issue.PrevHash, Body: body}}
	job := lease.Job{
		Lease: u.lease.ID, Tag: u.lease.Tag, Target: proofTarget(u.lease.ContractedHps, u.lease.ProofMs), CreatedMs: now.UnixMilli(),
		Earns: worth(issue),
	}
	_, placed, err := u.d.Store.PutJobs(ctx, stored, []lease.Job{job})
	if err != nil {
		return nil, 0, fmt.Errorf("storing a job: %w", err)
	}
	if u.tip == nil || u.tip.prev != issue.PrevHash {
		u.tip = &tip{prev: issue.PrevHash, since: now}
	}
	return &work{
		job: placed[0], credit: placed[0].Target.Work(), template: document, network: network, tip: u.tip,
		upstream: u, issued: issue, most: proofTarget(u.lease.ContractedHps, lease.MinProofMs),
	}, 0, nil
}

// worth is what the job says itself that its shares are worth, by the pool's own
// block and without its fee; nil if it does not say. Nobody is paid by it: it
// tells the tenant what the delivered work was worth there.
func worth(issue *stratum.Issue) *lease.Earns {
	extranonce := slices.Concat(issue.Extranonce1, make([]byte, issue.Extranonce2Size))
	coinbase, err := stratum.ParseCoinbase(issue.Coinbase(extranonce))
	if err != nil {
		return nil
	}
	var pays []int64
	for i := range coinbase.Outputs {
		pays = append(pays, coinbase.Outputs[i].Value)
	}
	v, err := reward.JobValue(issue.Bits, pays...)
	if err != nil || v.Sat == 0 {
		return nil
	}
	return &v
}

// easier is the larger of two targets.
func easier(a, b miner.Target) miner.Target {
	if miner.Hash(a).Meets(b) {
		return b
	}
	return a
}

// search is the target of the shares that are looked for: of receipts, or of
// the pool if that wants more of them, but not more than a contract may ask
// for: else a pool could keep the node busy with shares of no worth.
func (w *work) search() miner.Target {
	if w.issued == nil {
		return w.job.Target
	}
	asked := w.issued.Target
	if !miner.Hash(asked).Meets(w.most) {
		asked = w.most
	}
	return easier(w.job.Target, asked)
}

// forward sends a share to the lease's pool if it is good enough for it.
func (w *work) forward(ref *stratum.Ref, share stratum.Share, hash miner.Hash) {
	if w.upstream == nil || !hash.Meets(w.issued.Target) {
		return
	}
	share.Extranonce2 = w.template.PoolExtranonce2(w.job.Tag, ref.Issue.Extranonce1, share.Extranonce2)
	u, id, issue := w.upstream, w.job.Lease, w.issued
	u.onWay.Add(1)
	u.client.Submit(issue, share, func(v stratum.Verdict) {
		u.d.pools.verdict(id, issue, v)
		u.onWay.Add(-1)
	})
}
