package audit_test

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// template is one of the present tip, with its frozen split.
type template struct {
	split  []lease.Part
	reward int64
	fee    int64
	carry  int64
	earns  *lease.Earns
}

// block is a block and where it stands.
type block struct {
	lease.Block
	template *template
	ms       int64 // when it was found
}

// newTip begins to work on another previous block.
func (x *sim) newTip() {
	x.tip, x.tipMs = x.tip+1, x.nowMs
	x.height++
	for _, l := range x.leases {
		l.job = lease.Job{}
	}
	x.house.job = lease.Job{}
	for _, w := range x.windows {
		w.TrimTo(reward.Needs{Tides: &x.terms[0].Tides, XPPM: 500_000}, networkWork, x.at())
	}
}

// prev is the present tip's hash.
func (x *sim) prev() (h miner.Hash) {
	binary.BigEndian.PutUint64(h[:], x.tip)
	return h
}

// putJobs gives leases without a job one on the present tip.
func (x *sim) putJobs(leases []*simLease) {
	x.Helper()
	var templates []lease.Template
	var jobs []lease.Job
	var to []*simLease
	made, at := make(map[string]*template), make(map[string]int64)
	for _, l := range leases {
		if l.job.Seq != 0 || slices.Contains(to, l) {
			continue
		}
		key := l.terms.Scheme
		switch {
		case l.Pool != nil:
			key = "pool"
		case key == lease.SchemeSolo:
			key += l.ID
		}
		if made[key] == nil {
			t, body, split := x.newTemplate(l)
			made[key], at[key] = t, int64(len(templates))
			templates = append(templates, lease.Template{CreatedMs: x.clock(), Height: x.height, Prev: x.prev(), Body: body, Split: split})
		}
		l.template = made[key]
		work := lease.ProofWork(miner.Hashes(l.ContractedHps), l.ProofMs)
		if l.Model == lease.Hosted && x.tip%4 == 0 {
			work = work.Mul(2) // rigs bring their own difficulty
		}
		to = append(to, l)
		jobs = append(jobs, lease.Job{Lease: l.ID, Template: at[key], Tag: l.Tag, Target: miner.TargetForWork(work), CreatedMs: x.clock(), Earns: l.template.earns})
	}
	if len(jobs) == 0 {
		return
	}
	_, jobs, err := x.store.PutJobs(x.ctx, templates, jobs)
	x.ok(err)
	for i, l := range to {
		l.job = jobs[i]
	}
}

// newTemplate is a template of the present tip that a lease works on, and the
// documents of it and of its split.
func (x *sim) newTemplate(l *simLease) (t *template, document, split []byte) {
	x.Helper()
	t = &template{}
	var body any = struct {
		Format string `json:"format"`
	}{receipt.PoolTemplateFormat}
	if l.Pool == nil {
		t.reward = 312_500_000 + int64(x.height%1000)*1009
		x.splitOf(l, t)
		var err error
		split, err = receipt.Split(t.split).Encode()
		x.ok(err)
		body = struct {
			Format string      `json:"format"`
			Reward int64       `json:"reward"`
			Fee    int64       `json:"fee"`
			Carry  int64       `json:"carry"`
			Split  receipt.B32 `json:"split"`
		}{receipt.TemplateFormat, t.reward, t.fee, t.carry, sha256.Sum256(split)}
	}
	document, err := lease.Canonical(body)
	x.ok(err)
	return t, document, split
}

// splitOf freezes who gets what of a block.
func (x *sim) splitOf(l *simLease, t *template) {
	x.Helper()
	t.fee = reward.Fee(t.reward, l.terms.FeePPM)
	sat := t.reward - t.fee
	switch l.terms.Scheme {
	case lease.SchemeTides:
		t.split = x.windows[lease.SchemeTides].Split(l.terms.Tides, sat, networkWork, x.at())
	case lease.SchemePPLNS:
		var err error
		t.split, t.carry, err = x.windows[lease.SchemePPLNS].SplitPPLNS(l.terms.PPLNS.XPPM, sat)
		x.ok(err)
	case lease.SchemeSolo:
		t.split = reward.Solo(l.ID, sat)
	default:
		t.fee, t.split = 0, reward.Solo(lease.House, t.reward)
		t.earns = &lease.Earns{Network: networkWork, Sat: t.reward}
	}
}

// findBlock lets a lease of the house find a block.
func (x *sim) findBlock(pick func(n int) int) {
	x.Helper()
	var at []*simLease
	for _, l := range append(slices.Clone(x.leases), x.house) {
		if l.Pool == nil && l.job.Seq != 0 {
			at = append(at, l)
		}
	}
	if len(at) == 0 {
		return
	}
	l := at[pick(len(at))]
	b := &block{template: l.template, ms: x.nowMs}
	b.Block = lease.Block{Height: x.height, Template: l.job.Template, Job: l.job.Seq, Lease: l.ID, Extranonce: []byte{1}, Raw: []byte{1}, FoundMs: x.at()}
	x.number++
	binary.BigEndian.PutUint64(b.Hash[:], x.number)
	x.ok(x.store.PutBlock(x.ctx, b.Block))
	if pick(20) == 0 {
		x.ok(x.store.MoveBlock(x.ctx, b.Hash, lease.Candidate, lease.Rejected, "high-hash"))
		return
	}
	x.blocks = append(x.blocks, b)
	x.adopt(b)
	x.newTip()
}

// move moves a block, and reads how it stands then.
func (x *sim) move(b *block, to lease.BlockState, txs ...lease.Transaction) {
	x.Helper()
	x.ok(x.store.MoveBlock(x.ctx, b.Hash, b.State, to, "", txs...))
	now, err := x.store.Block(x.ctx, b.Hash)
	x.ok(err)
	b.Block = now
}

// adopt books a block as found, for the first time or again.
func (x *sim) adopt(b *block) {
	x.Helper()
	now, err := x.store.Block(x.ctx, b.Hash)
	x.ok(err)
	b.Block = now
	r := ledger.Reward{Split: b.template.split, Fee: b.template.fee, Carry: b.template.carry, Tenants: make(map[string]string)}
	for _, l := range x.leases {
		r.Tenants[l.ID] = l.Tenant
	}
	for n := 1; n <= b.Appearances; n++ {
		if t, err := x.store.Transaction(x.ctx, ledger.Key(ledger.KindLoss, b.Hash, n)); err == nil {
			r.Losses = append(r.Losses, t)
		}
	}
	t, err := ledger.Found(b.Block, r, x.at())
	x.ok(err)
	x.move(b, lease.Adopted, t)
}

func (x *sim) booked(b *block, kind string) lease.Transaction {
	x.Helper()
	t, err := x.store.Transaction(x.ctx, ledger.Key(kind, b.Hash, b.Appearances))
	x.ok(err)
	return t
}

// mature books that a block's reward can be spent.
func (x *sim) mature(b *block) {
	x.Helper()
	if b.State == lease.Adopted {
		x.move(b, lease.Mature, ledger.Matured(b.Block, x.booked(b, ledger.KindFound), x.at()))
	}
}

// orphan books that a block left the chain, or came back.
func (x *sim) orphan(b *block) {
	x.Helper()
	switch b.State {
	case lease.Orphaned:
		x.adopt(b)
		return
	case lease.Adopted, lease.Mature:
	default:
		return
	}
	found := x.booked(b, ledger.KindFound)
	var matured *lease.Transaction
	var txs []lease.Transaction
	if b.State == lease.Mature {
		t := x.booked(b, ledger.KindMatured)
		matured = &t
		balances, err := x.store.Balances(x.ctx)
		x.ok(err)
		if loss, ok := ledger.Loss(b.Block, t, balances, x.at()); ok {
			txs = append(txs, loss)
		}
	}
	x.move(b, lease.Orphaned, append(txs, ledger.Orphaned(b.Block, found, matured, x.at())...)...)
}
