package statement

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// ErrNothing is wrapped when there is nothing to state yet: the lease has not
// started, or the node has not run since.
var ErrNothing = errors.New("nothing to state yet")

// Source is where statements come from.
type Source struct {
	Store lease.Store
	Key   ed25519.PrivateKey // the provider's, which the leases' tags were made with
}

// maxTries is how often figures are read again because the node changed them
// meanwhile.
const maxTries = 10

// Build makes and signs the bundle of a lease, from its start to its stop or
// to the last moment the node is known to have run, whichever came first.
// Rewards and balances are those of the moment of the call; a lease with a
// pool has none, and what the pool said so far. Its errors are
// ErrNothing, lease.ErrNotFound, and the Store's.
func Build(ctx context.Context, src Source, leaseID string) (*receipt.Bundle, error) {
	b := builder{Source: src, ctx: ctx, jobs: map[int64]uint32{}, templates: map[int64]int{}}
	err := b.contract(leaseID)
	if err == nil {
		err = b.settled()
	}
	if err == nil {
		err = b.meter()
	}
	if err == nil {
		err = b.incomes()
	}
	if err == nil {
		err = b.receipts()
	}
	if err == nil {
		err = b.formerPools()
	}
	if err == nil {
		b.housePool()
	}
	if err == nil {
		err = b.rewards()
	}
	if err == nil {
		b.bundle.Statement.Format = b.bundle.Statement.FormatOf()
		err = b.bundle.Sign(src.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("statement of lease %s: %w", leaseID, err)
	}
	return &b.bundle, nil
}

// builder is one run of Build.
type builder struct {
	Source
	ctx       context.Context
	lease     lease.Lease
	heartbeat int64 // when the node was last known to run, Unix milliseconds
	hour      int64 // the last that is settled; what belongs to it was there before anything else was read
	bundle    receipt.Bundle
	upstream  lease.Upstream
	paid      []receipt.Income // parts of what the house's pool paid
	pooled    bool             // there is work for the house's pool
	jobs      map[int64]uint32 // index in the bundle by Seq
	templates map[int64]int    // index in the bundle by Seq
}

// contract reads who agreed on what.
func (b *builder) contract(id string) error {
	var err error
	if b.lease, err = b.Store.Lease(b.ctx, id); err != nil {
		return err
	}
	l := &b.lease
	tenant, err := b.Store.Tenant(b.ctx, l.Tenant)
	if err != nil {
		return fmt.Errorf("tenant %s: %w", l.Tenant, err)
	}
	if b.bundle.Terms, err = b.Store.Terms(b.ctx, l.Terms); err != nil {
		return fmt.Errorf("terms %s: %w", l.Terms, err)
	}
	provider := b.Key.Public().(ed25519.PublicKey)
	tag := lease.NewTag(lease.TagInput{Provider: provider, Lease: l.ID, Tenant: tenant.Key, Nonce: l.Nonce, Terms: l.Terms})
	if tag != l.Tag {
		return fmt.Errorf("its tag %s was made with another key than %x: use the key the node had when the lease was made", l.Tag, provider)
	}
	s := &b.bundle.Statement
	*s = receipt.Statement{
		Lease: l.ID, Tenant: l.Tenant, Model: l.Model,
		ContractedHps: lease.Quantity(miner.Hashes(l.ContractedHps)), ProofMs: l.ProofMs,
		Tag: receipt.B16(l.Tag), Nonce: l.Nonce,
	}
	copy(s.TenantKey[:], tenant.Key)
	return nil
}

// meter fixes the period and reads the node's counters, between two
// heartbeats if it can.
func (b *builder) meter() error {
	heartbeat, err := b.Store.Heartbeat(b.ctx)
	if err != nil {
		return err
	}
	var m lease.Meter
	for range maxTries {
		if m, err = b.Store.Meter(b.ctx, b.lease.ID); err != nil {
			return err
		}
		before := heartbeat
		if heartbeat, err = b.Store.Heartbeat(b.ctx); err != nil {
			return err
		}
		if heartbeat == before {
			break
		}
	}
	b.heartbeat = heartbeat
	from, to := b.lease.StartMs, heartbeat
	if stop := b.lease.StopMs(); stop != 0 && stop < to {
		to = stop
	}
	switch {
	case heartbeat == 0:
		return fmt.Errorf("%w: the node has never run", ErrNothing)
	case to <= from:
		return fmt.Errorf("%w: the lease starts at %s, and the node last ran at %s", ErrNothing, stamp(from), stamp(heartbeat))
	}
	running, err := b.Store.RunningMs(b.ctx, from, to)
	if err != nil {
		return err
	}
	s := &b.bundle.Statement
	s.Period = receipt.Period{FromMs: from, ToMs: to, RunningMs: running}
	s.CountedHashes = lease.Quantity(m.Counted)
	b.upstream = m.Upstream
	s.Rejected, s.Stale, s.Verdicts = m.Rejected(), m.Stale(), m.Verdicts
	if b.lease.Pool != nil {
		s.Pool = receipt.NewPoolReport(b.lease.Pool, &m.Upstream)
	}
	return nil
}

// receipts reads the receipts of the period, then the jobs they name. Where
// shares earn something by themselves, are charged for, or are paid for by a pool
// of the house's, the last ones, which came when the lease was over, count as
// well.
func (b *builder) receipts() error {
	from, to := b.bundle.Statement.Period.FromMs, b.bundle.Statement.Period.ToMs
	byShare := b.lease.Pool == nil && (b.bundle.Terms.Scheme == lease.SchemePPS || b.bundle.Terms.Scheme == lease.SchemeFPPS)
	charges := b.bundle.Statement.Charges
	if byShare || charges != nil || b.pooled {
		from, to = from-1, b.heartbeat // all there are
	}
	if byShare {
		if err := b.earned(); err != nil {
			return err
		}
	}
	var settled int64
	for r, err := range b.Store.Receipts(b.ctx, b.lease.ID, from, to) {
		if err != nil {
			return fmt.Errorf("receipts: %w", err)
		}
		if r.CommitMs/lease.MsPerHour <= b.hour {
			settled++
		}
		b.ofIncome(r.CommitMs)
		index, ok := b.jobs[r.Job]
		if !ok {
			index = uint32(len(b.jobs))
			b.jobs[r.Job] = index
		}
		b.bundle.Receipts = append(b.bundle.Receipts, receipt.Receipt{
			Job: index, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits,
		})
	}
	if byShare {
		b.bundle.Statement.Earned.Receipts = settled
	}
	if charges != nil {
		charges.Receipts = settled
	}
	seqs := make([]int64, len(b.jobs))
	for seq, index := range b.jobs {
		seqs[index] = seq
	}
	for _, seq := range seqs {
		j, err := b.Store.Job(b.ctx, seq)
		if err != nil {
			return fmt.Errorf("job %d: %w", seq, err)
		}
		template, err := b.template(j.Template, nil)
		if err != nil {
			return err
		}
		b.bundle.Jobs = append(b.bundle.Jobs, receipt.Job{
			Template: template, Lease: j.Lease, Tag: receipt.B16(j.Tag), Target: receipt.U256(j.Target), CreatedMs: j.CreatedMs,
		})
	}
	return nil
}

// template returns the index of a template in the bundle, putting it there if
// it is new. It does so only if want, when given, agrees; otherwise it returns
// -1.
func (b *builder) template(seq int64, want func(*receipt.Template) bool) (int, error) {
	index, ok := b.templates[seq]
	if ok {
		if want != nil && !want(&b.bundle.Templates[index]) {
			return -1, nil
		}
		return index, nil
	}
	stored, err := b.Store.Template(b.ctx, seq)
	if err != nil {
		return 0, fmt.Errorf("template %d: %w", seq, err)
	}
	t, err := receipt.DecodeTemplate(stored.Body)
	if err != nil {
		return 0, fmt.Errorf("template %d: %w", seq, err)
	}
	if want != nil && !want(t) {
		return -1, nil
	}
	index = len(b.bundle.Templates)
	b.templates[seq] = index
	b.bundle.Templates = append(b.bundle.Templates, *t)
	return index, nil
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
