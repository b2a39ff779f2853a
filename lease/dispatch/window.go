package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// window holds the receipts that rewards are split over, those of each scheme
// by themselves: who is paid otherwise for its work, or keeps its blocks, has
// no part in those of others. Receipts that are pushed before a scheme's were
// loaded come from the store when they are.
type window struct {
	mu       sync.Mutex
	shares   map[string]*schemeShares // by scheme
	schemes  map[string]string        // of the leases, and the house
	mixed    bool                     // there are leases under several schemes
	networks map[int64]miner.Work     // the network's work, by job, of the newest ones
	newest   int64                    // job in networks
}

// schemeShares are the receipts of one scheme.
type schemeShares struct {
	held   *reward.Window // nil: to be loaded
	needs  reward.Needs   // the widest asked for: leases may have different terms
	leases bool           // loaded when there were several schemes
}

// keptNetworks is of how many jobs the network's work is remembered. What
// comes for older ones is looked up in the store.
const keptNetworks = 100_000

// knowSchemes tells the window by which scheme each lease is paid.
func (d *Dispatcher) knowSchemes(ctx context.Context, leases []lease.Lease) error {
	schemes := map[string]string{lease.House: d.terms.Scheme}
	for i := range leases {
		if leases[i].Pool != nil {
			continue
		}
		t, err := d.termsOf(ctx, leases[i].Terms)
		if err != nil {
			return fmt.Errorf("lease %s: %w", leases[i].ID, err)
		}
		schemes[leases[i].ID] = t.Scheme
	}
	mixed := false
	for scheme := range maps.Values(schemes) {
		mixed = mixed || scheme != d.terms.Scheme
	}
	w := &d.window
	w.mu.Lock()
	defer w.mu.Unlock()
	w.schemes, w.mixed = schemes, mixed
	return nil
}

// made remembers the network's work of jobs.
func (w *window) made(jobs []lease.Job, perBlock miner.Work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.networks == nil || len(w.networks) > keptNetworks {
		old := w.networks
		w.networks = make(map[int64]miner.Work)
		for seq, work := range old {
			if seq > w.newest-keptNetworks/2 {
				w.networks[seq] = work
			}
		}
	}
	for i := range jobs {
		w.networks[jobs[i].Seq] = perBlock
		w.newest = max(w.newest, jobs[i].Seq)
	}
}

// split freezes how sat satoshi of a block would be shared if it were found on
// a job made now, by the scheme of the terms, which is TIDES or PPLNS; carrySat
// is what the latter leaves.
func (d *Dispatcher) split(ctx context.Context, terms *lease.Terms, sat int64, perBlock miner.Work, nowMs int64) (parts []lease.Part, carrySat int64, err error) {
	w := &d.window
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.shares[terms.Scheme]
	if s == nil {
		s = new(schemeShares)
		if w.shares == nil {
			w.shares = make(map[string]*schemeShares)
		}
		w.shares[terms.Scheme] = s
	}
	if needs := wider(s.needs, terms); s.held == nil || s.leases != w.mixed || !same(needs, s.needs) {
		held, err := reward.LoadShares(d.sharesBack(ctx, terms.Scheme, needs, nowMs), needs, perBlock, nowMs)
		if err != nil {
			return nil, 0, fmt.Errorf("reward window: %w", err)
		}
		s.held, s.needs, s.leases = held, needs, w.mixed
	}
	s.held.TrimTo(s.needs, perBlock, nowMs)
	if terms.Scheme == lease.SchemePPLNS {
		return s.held.SplitPPLNS(terms.PPLNS.XPPM, sat)
	}
	return s.held.Split(terms.Tides, sat, perBlock, nowMs), 0, nil
}

// wider is what both n and the terms need.
func wider(n reward.Needs, t *lease.Terms) reward.Needs {
	if t.Scheme == lease.SchemePPLNS {
		n.XPPM = max(n.XPPM, t.PPLNS.XPPM)
		return n
	}
	wide := t.Tides
	if n.Tides != nil {
		wide = lease.Tides{
			NetworkMultiple: max(n.Tides.NetworkMultiple, t.Tides.NetworkMultiple),
			MaxDays:         max(n.Tides.MaxDays, t.Tides.MaxDays),
			MinSec:          max(n.Tides.MinSec, t.Tides.MinSec),
		}
	}
	n.Tides = &wide
	return n
}

func same(a, b reward.Needs) bool {
	return a.XPPM == b.XPPM && (a.Tides == nil) == (b.Tides == nil) && (a.Tides == nil || *a.Tides == *b.Tides)
}

// sharesBack are the receipts that the rewards of a scheme are shared by,
// newest first: not those of leases that mine for pools. Under w.mu.
func (d *Dispatcher) sharesBack(ctx context.Context, scheme string, needs reward.Needs, nowMs int64) iter.Seq2[reward.Share, error] {
	w := &d.window
	look := lookup{d: d, templates: make(map[int64]templateFacts)}
	// Others' receipts do not tell the window that it is full.
	const slackDays = 2
	last := int64(0)
	if needs.XPPM == 0 {
		days := min(max(needs.Tides.MaxDays, needs.Tides.MinSec/(24*60*60)), nowMs/msPerDay)
		last = nowMs - (days+slackDays)*msPerDay
	}
	return func(yield func(reward.Share, error) bool) {
		pooled, err := d.pooledHours(ctx, max(last, 0)/lease.MsPerHour, nowMs/lease.MsPerHour+1)
		if err != nil {
			yield(reward.Share{}, err)
			return
		}
		for r, err := range d.Store.ReceiptsBack(ctx) {
			if gone := (*lease.ThinnedError)(nil); errors.As(err, &gone) {
				// Nothing is thinned that terms in force need, so that these
				// are newer: they begin with what is there.
				if gone.ToMs > last {
					d.Log.Warn("a reward window begins after what was thinned", "scheme", scheme, "err", err)
				}
				return
			}
			if err != nil {
				yield(reward.Share{}, err)
				return
			}
			if r.CommitMs < last {
				return
			}
			s := reward.Share{Seq: r.Seq, Lease: r.Lease, Work: r.Work, AtMs: r.CommitMs}
			of := w.schemes[r.Lease]
			// The house may have worked under other terms before, and for a pool,
			// as others without one of their own.
			if r.Lease == lease.House && w.mixed || of == scheme && (scheme == lease.SchemePPLNS || pooled[hourOf{r.Lease, r.CommitMs / lease.MsPerHour}]) {
				f, err := look.job(ctx, r.Job)
				if err != nil {
					yield(reward.Share{}, fmt.Errorf("receipt %d: %w", r.Seq, err))
					return
				}
				of, s.Network = f.scheme, f.network
				if f.pool {
					continue
				}
			}
			if of == scheme && !yield(s, nil) {
				return
			}
		}
	}
}

// hourOf is an hour of a lease, since 1970 UTC.
type hourOf struct {
	lease string
	hour  int64
}

// pooledHours are the hours from ≤ hour ≤ to in which work for the house's pool
// was proven: its jobs alone pay by the share where blocks are shared.
func (d *Dispatcher) pooledHours(ctx context.Context, from, to int64) (map[hourOf]bool, error) {
	hours := make(map[hourOf]bool)
	for e, err := range d.Store.HourEarnings(ctx, "", from, to+1) {
		if err != nil {
			return nil, fmt.Errorf("work for pools: %w", err)
		}
		hours[hourOf{e.Lease, e.Hour}] = true
	}
	return hours, nil
}

const msPerDay = 24 * lease.MsPerHour

// lookup reads what shares are worth from their jobs.
type lookup struct {
	d         *Dispatcher
	last      lease.Job // receipts of one job mostly follow each other
	templates map[int64]templateFacts
}

type templateFacts struct {
	network miner.Work
	scheme  string
	pool    bool // it was the house's pool's: what that pays is shared otherwise
}

func (l *lookup) job(ctx context.Context, seq int64) (templateFacts, error) {
	if l.last.Seq != seq {
		j, err := l.d.Store.Job(ctx, seq)
		if err != nil {
			return templateFacts{}, fmt.Errorf("job %d: %w", seq, err)
		}
		l.last = j
	}
	n := l.last.Template
	if f, ok := l.templates[n]; ok {
		return f, nil
	}
	stored, err := l.d.Store.Template(ctx, n)
	if err != nil {
		return templateFacts{}, fmt.Errorf("template %d: %w", n, err)
	}
	// It was checked when it was stored.
	var body struct {
		Bits  receipt.U32
		Terms receipt.B32
	}
	if err := json.Unmarshal(stored.Body, &body); err != nil {
		return templateFacts{}, fmt.Errorf("template %d: %w", n, err)
	}
	target, err := miner.Bits(body.Bits).Target()
	if err != nil {
		return templateFacts{}, fmt.Errorf("template %d: %w", n, err)
	}
	terms, err := l.d.termsOf(ctx, lease.TermsHash(body.Terms))
	if err != nil {
		return templateFacts{}, fmt.Errorf("template %d: %w", n, err)
	}
	f := templateFacts{target.Work(), terms.Scheme, receipt.OfPool(stored.Body)}
	l.templates[n] = f
	return f, nil
}

// push adds receipts that are durable.
func (w *window) push(receipts []lease.Receipt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range receipts {
		r := &receipts[i]
		scheme := w.schemes[r.Lease]
		s := w.shares[scheme]
		if s == nil || s.held == nil {
			continue
		}
		share := reward.Share{Seq: r.Seq, Lease: r.Lease, Work: r.Work, AtMs: r.CommitMs}
		if scheme == lease.SchemePPLNS {
			var ok bool
			if share.Network, ok = w.networks[r.Job]; !ok {
				s.held = nil // all is read again
				continue
			}
		}
		s.held.Push(share)
	}
}
