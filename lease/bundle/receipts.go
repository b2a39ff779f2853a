package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// checkBatch checks what the leaf of a batch says, beside what its receipts are.
func (v *verifier) checkBatch(o *openBatch) error {
	p := &v.s.Period
	number, after := v.s.Delivery.FirstBatch, int64(0)
	if n := len(v.batches); n > 0 {
		number, after = v.batches[n-1].number+1, v.batches[n-1].toMs
	}
	switch {
	case len(v.batches) == 0 && number != 0 && p.FromMs == lease.HourOf(v.s.StartMs)*lease.MsPerHour:
		return fmt.Errorf("it has the number %d, but the period begins with the lease: %d are missing before it", o.Number, number)
	case o.Number != number:
		return fmt.Errorf("it has the number %d, want %d: a batch is missing, doubled or out of order", o.Number, number)
	case o.FromMs < after:
		return fmt.Errorf("its window begins at %d ms, before the end of the one before it, %d: windows overlap", o.FromMs, after)
	case o.FromMs < p.FromMs || o.ToMs > p.ToMs:
		return fmt.Errorf("its window from %d to %d ms is not within the period, %d to %d", o.FromMs, o.ToMs, p.FromMs, p.ToMs)
	}
	return v.sums(&o.Batch)
}

// checkReceipts reports what came of the receipts.
func (v *verifier) checkReceipts() {
	h := &v.hashed
	v.r.Receipts, v.r.Kept = h.held, h.kept
	v.report("order", v.checkOrder(), "contract, jobs, batches and statement are in the log one after the other")
	v.report("batches", h.batches, "%d in a row, each with the root, the number and the work of its receipts", len(v.batches))
	err := h.receipts
	if err != nil && h.kept > h.held {
		err = fmt.Errorf("%d of %d do not hold, the first: %w", h.kept-h.held, h.kept, err)
	}
	v.report("receipts", err, "%d hashed, each meets the contract's target %v with the tag of lease %s", h.held, v.target, v.s.Lease)
	v.report("unique", v.checkUnique(), "%d headers, no two the same", h.held)
	if h.kept > 0 {
		v.word(fmt.Sprintf("that no batch follows number %d in the period: the next statement begins with the one behind it", v.batches[len(v.batches)-1].number))
		v.word("that no receipt of near the ends of the period counts in the one before or after it as well: whoever has their bundles can compare")
	}
	if h.thinned > 0 {
		v.report("thinned", v.checkThinned(), "%d of %d receipts were dropped, and those kept are as many as chance would have it: of the %d up to the last thinned batch %d meet a %dth of the target", h.n-h.kept, h.n, h.thinned, h.thin, lease.ThinFactor)
		// That the log has the number of all is no proof: the hashes of receipts
		// that were never made look like those of others that were dropped.
		v.word(fmt.Sprintf("how many receipts the thinned batches had: those that are left of them, and of batches before them, leave room for %s of them; whoever takes bundles before receipts are thinned can count them", thinRoom(h.thin)))
	}
	if h.batches == nil && h.receipts == nil && h.missing == nil {
		v.r.ProvenWork = lease.Quantity(v.evidence(h.n).Sum)
	} else {
		v.r.ProvenWork = lease.Quantity(v.evidence(h.held).Sum)
	}
	v.rates()
}

// rates fills in what follows from the proven work.
func (v *verifier) rates() {
	s := *v.s
	if s.Delivery.Receipts = v.hashed.held; v.r.ProvenWork == lease.Quantity(v.evidence(v.hashed.n).Sum) {
		s.Delivery.Receipts = v.hashed.n
	}
	d := s.Derive()
	v.r.DeliveredHps, v.r.IntervalHps = d.DeliveredHps, d.IntervalHps
}

// checkUnique looks for a header that counts twice, in one batch or in two. Of
// hashes, 16 bytes are compared, which are random in all of them.
func (v *verifier) checkUnique() error {
	marks := v.hashed.marks
	slices.SortFunc(marks, func(a, b [2]uint64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for i := 1; i < len(marks); i++ {
		if marks[i] == marks[i-1] {
			return fmt.Errorf("%w: one whose hash ends with %016x%016x, its bytes from the last one on", receipt.ErrTwice, marks[i][0], marks[i][1])
		}
	}
	v.hashed.marks = nil
	return nil
}

// Deviations of a thinned batch's receipts, in thousandths of the standard
// deviation: honest ones are beyond it once in 16 000 looks.
const thinnedMilli = 4000

// thinRoom is how much of the work of thinned batches could be made up, so many
// receipts meeting the smaller target, before checkThinned would see it.
func thinRoom(thin int64) string {
	permille := int64(1000)
	if thin > 0 {
		permille = min(new(big.Int).Sqrt(big.NewInt(thinnedMilli*thinnedMilli/thin)).Int64()+1, 1000)
	}
	return fmt.Sprintf("about %d.%d %%", permille/10, permille%10)
}

// checkThinned compares how many receipts meet the smaller target with how many
// the batches that were thinned commit to.
func (v *verifier) checkThinned() error {
	h := &v.hashed
	var kept lease.Evidence
	kept.AddN(receipt.ThinTarget(v.target).Work(), uint64(h.thin))
	committed := v.evidence(h.thinned).Sum
	z := kept.ZMilli(committed, receipt.ThinTarget(v.target).Work())
	if z >= thinnedMilli || z <= -thinnedMilli {
		return fmt.Errorf("thinned batches commit to %s hashes of work, but the receipts kept of them prove %s: z = %d/1000, honest ones are within ±%d", committed, kept.Sum, z, thinnedMilli)
	}
	return nil
}

// checkDelivery compares the statement's figures with the batches.
func (v *verifier) checkDelivery() {
	d, h := &v.s.Delivery, &v.hashed
	var first, firstLeaf, lastLeaf int64
	if n := len(v.batches); n > 0 {
		first, firstLeaf, lastLeaf = v.batches[0].number, v.batches[0].index, v.batches[n-1].index
	}
	proven := v.evidence(h.n).Sum
	err := errors.Join(
		unlike("receipts", h.n, d.Receipts), unlike("proven work", proven, d.ProvenWork.Work()),
		unlike("batches", int64(len(v.batches)), d.Batches), unlike("first_batch", first, d.FirstBatch),
		unlike("first_leaf", firstLeaf, d.FirstLeaf), unlike("last_leaf", lastLeaf, d.LastLeaf),
	)
	v.report("delivery", err, "%d receipts prove %s hashes in %d batches, as the statement says", h.n, proven, len(v.batches))
}

// unlike compares what was computed with what the statement says.
func unlike[T comparable](what string, have, says T) error {
	if have != says {
		return fmt.Errorf("%s: by the leaves %v, the statement says %v", what, have, says)
	}
	return nil
}
