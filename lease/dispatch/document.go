package dispatch

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// documents are the public documents of one template's jobs. Leases whose
// blocks are shared alike have one together.
type documents struct {
	d        *Dispatcher
	builder  *solo.Builder
	template *solo.Template
	perBlock miner.Work // the network's
	nowMs    int64
	payees   map[string][]byte // script by lease; nil: not read yet

	index  map[shared]int
	failed map[shared]error // none is tried twice
	list   []*receipt.Template
	stored []lease.Template // in the order of list
}

// shared is what documents differ by.
type shared struct {
	terms lease.TermsHash
	lease string // whose block it is alone, under SchemeSolo, else empty
}

func (d *Dispatcher) newDocuments(t *solo.Template, perBlock miner.Work, nowMs int64) (*documents, error) {
	builder, err := solo.NewBuilder(t)
	if err != nil {
		return nil, err
	}
	return &documents{d: d, builder: builder, template: t, perBlock: perBlock, nowMs: nowMs,
		index: make(map[shared]int), failed: make(map[shared]error)}, nil
}

// of returns the place in the list of the document that a lease works on, and
// what its shares earn by themselves, which is nil when blocks are shared.
func (s *documents) of(ctx context.Context, l *lease.Lease) (int, *lease.Earns, error) {
	terms, err := s.d.termsOf(ctx, l.Terms)
	if err != nil {
		return 0, nil, err
	}
	key := shared{terms: l.Terms}
	if terms.Scheme == lease.SchemeSolo {
		key.lease = l.ID
	}
	i, ok := s.index[key]
	if !ok {
		if err := s.failed[key]; err != nil {
			return 0, nil, err
		}
		document, stored, err := s.document(ctx, l, terms)
		if err != nil {
			s.failed[key] = err
			return 0, nil, err
		}
		i = len(s.list)
		s.index[key] = i
		s.list = append(s.list, document)
		s.stored = append(s.stored, stored)
	}
	earns := s.list[i].Earns
	if earns == nil || l.ID == lease.House {
		return i, nil, nil
	}
	return i, &lease.Earns{Network: s.perBlock, Sat: earns.Sat}, nil
}

// document makes the document for leases that share blocks like l.
func (s *documents) document(ctx context.Context, l *lease.Lease, terms *lease.Terms) (*receipt.Template, lease.Template, error) {
	t, stored := s.template, lease.Template{CreatedMs: s.nowMs, Height: s.template.Height, Prev: s.template.PrevHash}
	house, err := hex.DecodeString(terms.HouseScript)
	if err != nil {
		return nil, stored, fmt.Errorf("terms %s: house script: %w", l.Terms, err)
	}
	in := templateInput{
		tag: l.Tag, height: t.Height, minTime: t.MinTime, maxTime: maxTime(t),
		mask: stratum.VersionMask, extranonce1Size: solo.ExtranonceSize1, extranonce2Size: solo.ExtranonceSize2,
		terms: l.Terms, reward: t.CoinbaseValue,
	}
	if err := s.share(ctx, l, terms, &in); err != nil {
		return nil, stored, err
	}
	most := 0
	if terms.Direct != nil {
		most = int(terms.Direct.MaxOutputs)
	}
	for {
		outputs, err := s.outputs(ctx, most, house, &in)
		if err != nil {
			return nil, stored, err
		}
		if in.job, err = s.builder.Job(fmt.Sprintf("%x", t.Height), l.Tag, outputs); err != nil {
			return nil, stored, err
		}
		if len(in.direct) == 0 || len(in.job.Coinb1)+in.extranonce1Size+in.extranonce2Size+len(in.job.Coinb2) <= maxCoinbase {
			var document *receipt.Template
			document, stored.Body, stored.Split, err = newTemplate(&in)
			return document, stored, err
		}
		most = len(outputs) - 1
	}
}

// maxCoinbase bounds the bytes of a coinbase that pays directly. Nodes leave
// room for it beside the transactions of a full block: Bitcoin Core 4000
// weight units before version 29, Bitcoin Cash Node 1000 bytes, in both with
// the header. The fields that the header takes, the number of transactions and
// the coinbase's own witness are 92 bytes of that.
const maxCoinbase = 900

// share says who gets what of a block, as the terms' scheme says.
func (s *documents) share(ctx context.Context, l *lease.Lease, terms *lease.Terms, in *templateInput) (err error) {
	in.fee = reward.Fee(in.reward, terms.FeePPM)
	switch terms.Scheme {
	case lease.SchemeSolo:
		in.split = reward.Solo(l.ID, in.reward-in.fee)
	case lease.SchemeTides, lease.SchemePPLNS:
		in.split, in.carry, err = s.d.split(ctx, terms, in.reward-in.fee, s.perBlock, s.nowMs)
	case lease.SchemePPS:
		in.fee, in.split = 0, reward.Solo(lease.House, in.reward)
		in.earns = &receipt.Earns{Sat: in.reward}
	case lease.SchemeFPPS:
		in.fee, in.split = 0, reward.Solo(lease.House, in.reward)
		in.earns, err = s.d.fullEarns(ctx, in.height, s.nowMs)
	default:
		err = fmt.Errorf("terms %s: reward scheme %.30q is not known here", l.Terms, terms.Scheme)
	}
	return err
}

// outputs lays out the coinbase in at most so many outputs: what it pays
// directly, which goes into the document, and the rest for the house.
func (s *documents) outputs(ctx context.Context, most int, house []byte, in *templateInput) ([]stratum.Output, error) {
	in.direct = nil
	if most < 2 || len(in.split) == 0 {
		return []stratum.Output{{Value: in.reward, Script: house}}, nil
	}
	if s.payees == nil {
		var err error
		if s.payees, err = s.d.payees(ctx, s.nowMs); err != nil {
			return nil, err
		}
	}
	payment, err := reward.Direct(in.split, in.reward, in.fee, reward.Payees{
		House: house, Leases: s.payees, MaxOutputs: most, MaxParts: maxDirectParts,
	})
	if err != nil {
		return nil, err
	}
	outputs := make([]stratum.Output, len(payment.Outputs))
	for i, o := range payment.Outputs {
		outputs[i] = stratum.Output{Value: o.Sat, Script: o.Script}
		if o.Parts == nil {
			continue
		}
		direct := receipt.Direct{Script: o.Script, Sat: o.Sat}
		for _, p := range o.Parts {
			direct.Leases = append(direct.Leases, p.Lease)
		}
		in.direct = append(in.direct, direct)
	}
	return outputs, nil
}

// maxDirectParts is how many parts of a split coinbases pay directly: the
// template names their leases, and must have room in a leaf of the log.
const maxDirectParts = 2000

// knownTerms are the terms that were read from the store.
type knownTerms struct {
	mu    sync.Mutex
	terms map[lease.TermsHash]*lease.Terms
}

// termsOf returns terms by their hash. They never change.
func (d *Dispatcher) termsOf(ctx context.Context, hash lease.TermsHash) (*lease.Terms, error) {
	if hash == d.Terms {
		return &d.terms, nil
	}
	d.jobs.known.mu.Lock()
	defer d.jobs.known.mu.Unlock()
	if t := d.jobs.known.terms[hash]; t != nil {
		return t, nil
	}
	t, err := d.Store.Terms(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("terms %s: %w", hash, err)
	}
	if d.jobs.known.terms == nil {
		d.jobs.known.terms = make(map[lease.TermsHash]*lease.Terms)
	}
	d.jobs.known.terms[hash] = &t
	return &t, nil
}

// maxTime is the largest ntime a share of the template may carry.
func maxTime(t *solo.Template) uint32 {
	const ahead = 7200 // seconds that nodes tolerate
	limit := uint32(min(uint64(t.CurTime)+ahead, math.MaxUint32))
	if t.MaxTime != 0 {
		return min(t.MaxTime, limit)
	}
	return limit
}
