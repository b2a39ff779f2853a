package statement

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// version is a lease as one of its leaves has it.
type version struct {
	index int64
	leaf.Lease
	private leaf.LeasePrivate
}

// readVersions reads the leaves of a lease before an index; 0: all.
func readVersions(ctx context.Context, s lease.Store, id string, before int64) (all []version, err error) {
	f := lease.LeafFilter{Kinds: []string{string(translog.KindLease)}, Ref: id, To: before}
	for l, err := range s.Leaves(ctx, f) {
		if err != nil {
			return nil, fmt.Errorf("its contract: %w", err)
		}
		v := version{index: l.Index}
		var decoded *translog.Leaf
		if v.Lease, decoded, err = leaf.Read[leaf.Lease](l.Body, translog.KindLease); err != nil {
			return nil, fmt.Errorf("leaf %d: %w", l.Index, err)
		}
		if v.private, err = leaf.Open[leaf.LeasePrivate](decoded, l.Secret); err != nil {
			return nil, fmt.Errorf("leaf %d: %w", l.Index, err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: the log has no leaf of the lease", ErrMismatch)
	}
	return all, nil
}

// endLeaf is where the log is beyond a period of a lease: the first leaf of a
// batch, a settled hour or a line that is not of it any more; 0: there is none.
// lines is the number of the first such line.
func endLeaf(ctx context.Context, s lease.Store, id string, toMs, lines int64) (end int64, err error) {
	for b, err := range s.SealedBatches(ctx, "", toMs, math.MaxInt64) {
		if err != nil {
			return 0, fmt.Errorf("batches: %w", err)
		}
		end = b.Leaf
		break
	}
	f := lease.LeafFilter{Kinds: []string{string(translog.KindTransaction), string(translog.KindSLA)}, Ref: id, To: end}
	n := int64(0)
	for l, err := range s.Leaves(ctx, f) {
		if err != nil {
			return 0, fmt.Errorf("its transactions and hours: %w", err)
		}
		if l.Kind == string(translog.KindTransaction) {
			if n++; n > lines {
				return l.Index, nil
			}
			continue
		}
		d, _, err := leaf.Read[leaf.Service](l.Body, translog.KindSLA)
		if err != nil {
			return 0, fmt.Errorf("leaf %d: %w", l.Index, err)
		}
		if d.About == leaf.AboutHour && d.Hour*lease.MsPerHour >= toMs {
			return l.Index, nil
		}
	}
	return end, nil
}

// contract states what was agreed on, as it was when the period ended.
func (b *builder) contract() error {
	end, err := endLeaf(b.ctx, b.Store, b.lease.ID, b.to, int64(b.last))
	if err != nil {
		return err
	}
	all, err := readVersions(b.ctx, b.Store, b.lease.ID, end)
	if err != nil {
		return err
	}
	v := &all[len(all)-1]
	b.version, b.until = v.index, end
	s := &b.st
	s.Format, s.Origin, s.Provider = bundle.StatementFormat, b.Signer.Name(), v.private.Provider
	s.Tenant, s.TenantKey = v.private.Tenant, v.private.TenantKey
	s.Lease, s.Model, s.ContractedHps, s.ProofMs = v.Lease.Lease, v.Model, v.ContractedHps, v.ProofMs
	s.StartMs, s.StopMs, s.Terms, s.Tag, s.Nonce = v.StartMs, v.StopMs, v.Terms, v.Tag, v.private.Nonce
	tag := lease.NewTag(lease.TagInput{
		Provider: v.private.Provider[:], Lease: s.Lease, Tenant: s.TenantKey[:], Nonce: s.Nonce, Terms: lease.TermsHash(s.Terms),
	})
	if receipt.B16(tag) != s.Tag || s.Lease != b.lease.ID || s.Tag != receipt.B16(b.lease.Tag) || s.Terms != receipt.B32(b.lease.Terms) {
		return fmt.Errorf("%w: the contract in the log is that of lease %s with the tag %x, which should be %v", ErrMismatch, s.Lease, s.Tag, tag)
	}
	if b.lease.Pool != nil {
		s.Pool, err = b.poolOf(all)
	}
	return err
}

// poolOf is where the work of a lease with a pool goes, and went in the period.
func (b *builder) poolOf(all []version) (*bundle.Pool, error) {
	now := &all[len(all)-1]
	p := &bundle.Pool{URLs: now.private.PoolURLs, User: now.private.PoolUser, Former: []bundle.PoolAccount{}}
	for i := 1; i < len(all); i++ {
		was, next := &all[i-1].private, &all[i].private
		if was.PoolUser != next.PoolUser || !slices.Equal(was.PoolURLs, next.PoolURLs) {
			p.Former = append(p.Former, bundle.PoolAccount{URLs: was.PoolURLs, User: was.PoolUser})
		}
	}
	// Each change has an event, in the same order, that tells when it was.
	n, until := 0, int64(0)
	for e, err := range b.Store.Events(b.ctx, lease.EventFilter{Lease: b.lease.ID, Kinds: []lease.EventKind{lease.EventLeasePool}}) {
		if err != nil {
			return nil, fmt.Errorf("former pools: %w", err)
		}
		var r lease.LeaseRepointed
		if err := json.Unmarshal(e.Body, &r); err != nil {
			return nil, fmt.Errorf("event %d: %w", e.Seq, err)
		}
		if r.FromUser == r.ToUser && slices.Equal(r.FromURLs, r.ToURLs) {
			continue
		}
		if n == len(p.Former) {
			break
		}
		until = max(until, e.AtMs) // the clock may have been set back
		p.Former[n].UntilMs = until
		n++
	}
	if n < len(p.Former) {
		return nil, fmt.Errorf("%w: its pool changed %d times in the log, and events tell of %d", ErrMismatch, len(p.Former), n)
	}
	p.Former = slices.DeleteFunc(p.Former, func(a bundle.PoolAccount) bool { return a.UntilMs < b.from })
	slices.Reverse(p.Former)
	return p, nil
}
