package statement_test

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// findBlock makes a candidate and adopts it.
func (w *world) findBlock(l lease.Lease) lease.Block {
	w.Helper()
	b := w.candidate(l)
	w.adopt(&b, l)
	var header miner.Header
	copy(header[:], b.Raw)
	w.ok(w.store.PutHeaders(w.ctx, []lease.ChainHeader{{Hash: b.Hash, Height: b.Height, Raw: header, SeenMs: w.nowMs}}))
	w.height, w.tip, w.tipMs = b.Height, b.Hash, w.nowMs
	clear(w.jobs)
	return b
}

// candidate makes one of the lease's next shares a block.
func (w *world) candidate(l lease.Lease) lease.Block {
	w.Helper()
	j := w.job(l)
	network, err := miner.Bits(bits).Target()
	w.ok(err)
	for {
		found := w.shares(l, 1)
		w.commit(lease.Batch{Receipts: found})
		r := &found[0]
		header, hash, err := j.template.Issue(l.Tag, j.Target, nil).Check(work.Share{Extranonce2: r.Extranonce, Time: r.Time, Nonce: r.Nonce})
		w.ok(err)
		if !hash.Meets(network) {
			continue
		}
		b := lease.Block{
			Hash: hash, Height: j.template.Height, Template: j.Job.Template, Job: j.Seq, Lease: l.ID,
			Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits, Raw: header[:], FoundMs: w.nowMs, State: lease.Candidate,
		}
		w.ok(w.store.PutBlock(w.ctx, b))
		return b
	}
}

// adopt books what a block pays.
func (w *world) adopt(b *lease.Block, l lease.Lease) {
	w.Helper()
	r := ledger.Reward{Split: w.split(l), Fee: w.fee(), Tenants: map[string]string{l.ID: l.Tenant}}
	for n := 1; n <= b.Appearances; n++ {
		if t, err := w.store.Transaction(w.ctx, ledger.Key(ledger.KindLoss, b.Hash, n)); err == nil {
			r.Losses = append(r.Losses, t)
		}
	}
	t, err := ledger.Found(*b, r, w.nowMs)
	w.ok(err)
	w.ok(w.store.MoveBlock(w.ctx, b.Hash, b.State, lease.Adopted, "", t))
	b.State = lease.Adopted
	b.Appearances++
}

func (w *world) found(b *lease.Block) lease.Transaction {
	w.Helper()
	t, err := w.store.Transaction(w.ctx, ledger.Key(ledger.KindFound, b.Hash, b.Appearances))
	w.ok(err)
	return t
}

// mature makes a block's reward available.
func (w *world) mature(b *lease.Block) {
	w.Helper()
	w.ok(w.store.MoveBlock(w.ctx, b.Hash, lease.Adopted, lease.Mature, "", ledger.Matured(*b, w.found(b), w.nowMs)))
	b.State = lease.Mature
}

// orphan takes a block back.
func (w *world) orphan(b *lease.Block) {
	w.Helper()
	var txs []lease.Transaction
	var matured *lease.Transaction
	if b.State == lease.Mature {
		m, err := w.store.Transaction(w.ctx, ledger.Key(ledger.KindMatured, b.Hash, b.Appearances))
		w.ok(err)
		balances, err := w.store.Balances(w.ctx)
		w.ok(err)
		if loss, any := ledger.Loss(*b, m, balances, w.nowMs); any {
			txs = append(txs, loss)
		}
		matured = &m
	}
	txs = append(txs, ledger.Orphaned(*b, w.found(b), matured, w.nowMs)...)
	w.ok(w.store.MoveBlock(w.ctx, b.Hash, b.State, lease.Orphaned, "", txs...))
	b.State = lease.Orphaned
}
