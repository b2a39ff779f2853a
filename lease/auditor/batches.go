package auditor

import (
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/miner"
)

// batches is where a lease's batches have come to.
type batches struct {
	next int64 // number
	toMs int64 // end of the last one's window
}

// leaseHour is an hour of a lease.
type leaseHour struct {
	hour  int64
	lease string
}

// balance is what batches prove of an hour, less what placements say.
type balance struct {
	proven, placed     miner.Work
	receipts, placedIn uint64
	leaf               int64 // the last one that changed it
}

func (b *balance) equal() bool { return b.proven == b.placed && b.receipts == b.placedIn }

func (a *Auditor) addBatch(i int64, d *leaf.Batch) {
	b := a.batches[d.Lease]
	if b == nil {
		b = &batches{}
		a.batches[d.Lease] = b
	}
	if d.Number != b.next {
		a.found(Batches, i, "batch gap: lease %s has batch %d after batch %d", d.Lease, d.Number, b.next-1)
	}
	if d.FromMs < b.toMs {
		a.found(Batches, i, "windows overlap: batch %d of lease %s begins at %d ms, the one before ends at %d ms", d.Number, d.Lease, d.FromMs, b.toMs)
	}
	b.next, b.toMs = d.Number+1, max(b.toMs, d.ToMs)
	a.checkSums(i, d)
	a.checkOwner(i, d)
	a.sealedMs = max(a.sealedMs, d.ToMs)

	key := leaseHour{d.FromMs / lease.MsPerHour, d.Lease}
	h := a.hours[key]
	h.proven, h.receipts, h.leaf = h.proven.Add(d.Sum.Work()), h.receipts+uint64(d.N), i
	a.put(key, &h)
	a.supply.add(a, d)
}

// checkSums looks at whether there can be such receipts at all.
func (a *Auditor) checkSums(i int64, d *leaf.Batch) {
	sum := d.Sum.Work().Big()
	square := new(big.Int).Mul(sum, sum)
	sq, _ := new(big.Int).SetString(d.SumSq, 10) // Read has seen to it
	if sq.Cmp(square) > 0 || square.Cmp(new(big.Int).Mul(sq, big.NewInt(d.N))) > 0 {
		a.found(Batches, i, "batch %d of lease %s: no %d receipts have the work %v and the squares %s", d.Number, d.Lease, d.N, sum, d.SumSq)
	}
}

// lateMs is for how long after a lease stopped its last work may come in.
const lateMs = lease.MsPerHour

// checkOwner wants the batch's lease, with a tag that everybody can see.
func (a *Auditor) checkOwner(i int64, d *leaf.Batch) {
	if d.Lease == lease.House {
		return
	}
	c := a.leases[d.Lease]
	switch {
	case c == nil:
		a.found(Batches, i, "batch %d of lease %s comes before the lease", d.Number, d.Lease)
	case !c.mapped:
		c.mapped = true // said once
		a.found(Tags, i, "batch %d of lease %s, whose tag is in no map", d.Number, d.Lease)
	case c.last.StopMs != 0 && d.FromMs >= c.last.StopMs+lateMs:
		a.found(Batches, i, "batch %d of lease %s begins at %d ms, the lease stopped at %d ms", d.Number, d.Lease, d.FromMs, c.last.StopMs)
	case d.ToMs <= c.last.StartMs:
		a.found(Batches, i, "batch %d of lease %s ends at %d ms, the lease starts at %d ms", d.Number, d.Lease, d.ToMs, c.last.StartMs)
	}
}

// put remembers an hour until batches and placements are equal.
func (a *Auditor) put(key leaseHour, b *balance) {
	if b.equal() {
		a.compareds++
		delete(a.hours, key)
		return
	}
	a.hours[key] = *b
}
