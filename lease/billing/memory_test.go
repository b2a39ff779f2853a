package billing

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// fullStore is what tests need of a lease.Store to write facts, too.
type fullStore interface {
	Store
	PutTerms(ctx context.Context, t lease.Terms) (lease.TermsHash, error)
	AddTenant(ctx context.Context, t lease.Tenant) error
	AddLease(ctx context.Context, l lease.Lease, limitHps uint64, tag func(id string) (lease.Tag, []lease.Event, error)) (lease.Lease, error)
	AddRig(ctx context.Context, r lease.Rig) error
	PutJobs(ctx context.Context, templates []lease.Template, jobs []lease.Job) ([]lease.Template, []lease.Job, error)
	BeginRun(ctx context.Context, atMs int64) (int64, error)
	CommitBatch(ctx context.Context, b lease.Batch) ([]lease.Receipt, error)
	PutExclusion(ctx context.Context, x lease.Exclusion) (lease.Exclusion, error)
	EndExclusion(ctx context.Context, id, toMs int64) error
	Transactions(ctx context.Context) iter.Seq2[lease.Transaction, error]
}

type account struct{ name, lease string }

// memory is a store without a disk.
type memory struct {
	mu         sync.Mutex
	terms      map[lease.TermsHash]lease.Terms
	leases     []lease.Lease
	version    int64
	rigs       []lease.Rig
	jobs       []lease.Job
	runs       []span
	heartbeat  int64
	meters     map[string]*lease.HourMeter
	upstreams  map[string]*lease.HourUpstream
	earnings   map[string]*lease.HourEarning
	settled    int64
	states     map[string][]byte
	rows       []lease.SettledHour
	exclusions []lease.Exclusion
	txs        []lease.Transaction
	balances   map[account]int64
	events     []lease.Event
}

func newMemory() *memory {
	return &memory{
		terms: make(map[lease.TermsHash]lease.Terms), meters: make(map[string]*lease.HourMeter), upstreams: make(map[string]*lease.HourUpstream),
		earnings: make(map[string]*lease.HourEarning), states: make(map[string][]byte), balances: make(map[account]int64),
	}
}

// at locks the store for one call.
func (m *memory) at() func() { m.mu.Lock(); return m.mu.Unlock }

func (m *memory) PutTerms(_ context.Context, t lease.Terms) (lease.TermsHash, error) {
	defer m.at()()
	h, err := t.Hash()
	m.terms[h] = t
	return h, err
}

func (m *memory) Terms(_ context.Context, h lease.TermsHash) (lease.Terms, error) {
	defer m.at()()
	t, ok := m.terms[h]
	if !ok {
		return t, lease.ErrNotFound
	}
	return t, nil
}

func (m *memory) AddTenant(context.Context, lease.Tenant) error { return nil }

func (m *memory) AddRig(_ context.Context, r lease.Rig) error {
	defer m.at()()
	m.rigs = append(m.rigs, r)
	return nil
}

func (m *memory) Rigs(context.Context) ([]lease.Rig, error) {
	defer m.at()()
	return slices.Clone(m.rigs), nil
}

func (m *memory) AddLease(_ context.Context, l lease.Lease, _ uint64, tag func(id string) (lease.Tag, []lease.Event, error)) (lease.Lease, error) {
	defer m.at()()
	l.ID = fmt.Sprintf("L-%04d", len(m.leases)+1)
	var err error
	if l.Tag, _, err = tag(l.ID); err != nil {
		return l, err
	}
	m.leases = append(m.leases, l)
	m.version++
	return l, nil
}

func (m *memory) Leases(context.Context) ([]lease.Lease, error) {
	defer m.at()()
	return slices.Clone(m.leases), nil
}

func (m *memory) LeasesVersion(context.Context) (int64, error) {
	defer m.at()()
	return m.version, nil
}

func (m *memory) find(id string) (*lease.Lease, error) {
	for i := range m.leases {
		if m.leases[i].ID == id {
			return &m.leases[i], nil
		}
	}
	return nil, lease.ErrNotFound
}

func (m *memory) Lease(_ context.Context, id string) (lease.Lease, error) {
	defer m.at()()
	l, err := m.find(id)
	if err != nil {
		return lease.Lease{}, err
	}
	return *l, nil
}

func (m *memory) ChangeLease(_ context.Context, id string, _ uint64, change func(*lease.Lease) ([]lease.Event, error)) (lease.Lease, error) {
	defer m.at()()
	l, err := m.find(id)
	if err != nil {
		return lease.Lease{}, err
	}
	changed := *l
	changed.Pauses = slices.Clone(l.Pauses)
	events, err := change(&changed)
	if err != nil {
		return lease.Lease{}, err
	}
	*l = changed
	m.version++
	m.put(events)
	return changed, nil
}

func (m *memory) PutJobs(_ context.Context, templates []lease.Template, jobs []lease.Job) ([]lease.Template, []lease.Job, error) {
	defer m.at()()
	for i := range jobs {
		jobs[i].Seq = int64(len(m.jobs) + 1)
		m.jobs = append(m.jobs, jobs[i])
	}
	return templates, jobs, nil
}

func (m *memory) BeginRun(_ context.Context, atMs int64) (int64, error) {
	defer m.at()()
	m.heartbeat = max(m.heartbeat, atMs)
	m.runs = append(m.runs, span{m.heartbeat, m.heartbeat})
	return int64(len(m.runs)), nil
}

func (m *memory) CommitBatch(_ context.Context, b lease.Batch) ([]lease.Receipt, error) {
	defer m.at()()
	m.heartbeat = max(m.heartbeat, b.AtMs)
	m.runs[b.Run-1].to = m.heartbeat
	hour := lease.HourOf(m.heartbeat)
	for _, r := range b.Receipts {
		m.meter(hour, r.Lease, r.Source).Evidence.Add(r.Work)
		if e := m.jobs[r.Job-1].Earns; e != nil {
			key := fmt.Sprintf("%09d %s %x %x %d", hour, r.Lease, e.Network.Hi, e.Network.Lo, e.Sat)
			if m.earnings[key] == nil {
				m.earnings[key] = &lease.HourEarning{Lease: r.Lease, Hour: hour, Earns: *e}
			}
			m.earnings[key].Work = m.earnings[key].Work.Add(r.Work)
		}
	}
	for _, c := range b.Counts {
		x := m.meter(hour, c.Lease, c.Source)
		x.Counted = x.Counted.Add(miner.Hashes(c.Hashes))
	}
	for _, u := range b.Upstream {
		key := fmt.Sprintf("%09d %s", hour, u.Lease)
		if m.upstreams[key] == nil {
			m.upstreams[key] = &lease.HourUpstream{Hour: hour, Upstream: lease.Upstream{Lease: u.Lease}}
		}
		m.upstreams[key].Add(u)
	}
	return b.Receipts, nil
}

func (m *memory) meter(hour int64, id, source string) *lease.HourMeter {
	key := fmt.Sprintf("%09d %s %s", hour, id, source)
	if m.meters[key] == nil {
		m.meters[key] = &lease.HourMeter{Lease: id, Source: source, Hour: hour}
	}
	return m.meters[key]
}

func (m *memory) Heartbeat(context.Context) (int64, error) {
	defer m.at()()
	return m.heartbeat, nil
}

func (m *memory) RunningMs(_ context.Context, fromMs, toMs int64) (ms int64, err error) {
	defer m.at()()
	for _, s := range union(slices.Clone(m.runs)) {
		if s, ok := s.cut(span{fromMs, toMs}); ok {
			ms += s.to - s.from
		}
	}
	return ms, nil
}

// hours picks those of a lease, all at once and in order.
func hours[T any](m *memory, all map[string]*T, of func(*T) (int64, string), id string, from, to int64) iter.Seq2[T, error] {
	defer m.at()()
	var picked []T
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if h, l := of(all[key]); h >= from && h < to && (id == "" || id == l) {
			picked = append(picked, *all[key])
		}
	}
	return sequence(picked)
}

func sequence[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (m *memory) HourMeters(_ context.Context, id string, from, to int64) iter.Seq2[lease.HourMeter, error] {
	return hours(m, m.meters, func(x *lease.HourMeter) (int64, string) { return x.Hour, x.Lease }, id, from, to)
}

func (m *memory) HourUpstreams(_ context.Context, id string, from, to int64) iter.Seq2[lease.HourUpstream, error] {
	return hours(m, m.upstreams, func(x *lease.HourUpstream) (int64, string) { return x.Hour, x.Lease }, id, from, to)
}

func (m *memory) HourEarnings(_ context.Context, id string, from, to int64) iter.Seq2[lease.HourEarning, error] {
	return hours(m, m.earnings, func(x *lease.HourEarning) (int64, string) { return x.Hour, x.Lease }, id, from, to)
}
