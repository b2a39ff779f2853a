package bundle

import (
	"math"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Derived follows from what the statement says. Nobody signs it: it stands in
// the bundle for readers that do not compute. Rates are over Statement.TermMs, the
// time in which the node did not run counted as time without work.
type Derived struct {
	DeliveredHps lease.Quantity    `json:"delivered_hps"` // rounded down
	IntervalHps  [2]lease.Quantity `json:"interval_hps"`  // 95 %, rounded outward to six digits

	// PoolZMilli is how far the work that the tenant's pool accepted is from the
	// proven work, in thousandths of the standard deviation of their difference;
	// nil without a pool.
	PoolZMilli *int64 `json:"pool_z_milli,omitempty"`
}

// maxDerived bounds the document, in bytes.
const maxDerived = 1 << 12

// Encode writes the derived figures as canonical JSON.
func (d *Derived) Encode() ([]byte, error) { return lease.Canonical(d) }

// DecodeDerived reads what Encode writes, and nothing else.
func DecodeDerived(document []byte) (*Derived, error) {
	d := new(Derived)
	return d, decodeDocument("derived figures", document, maxDerived, d)
}

// equal reports whether two say the same.
func (d *Derived) equal(o *Derived) bool {
	z, other := d.PoolZMilli, o.PoolZMilli
	return d.DeliveredHps == o.DeliveredHps && d.IntervalHps == o.IntervalHps &&
		(z == other || z != nil && other != nil && *z == *other)
}

// PlannedWork is the work of one receipt as the contract plans it.
func (s *Statement) PlannedWork() miner.Work {
	return lease.ProofWork(s.ContractedHps.Work(), s.ProofMs)
}

// Target is what every receipt of the lease meets: the contract fixes it.
func (s *Statement) Target() miner.Target { return miner.TargetForWork(s.PlannedWork()) }

// evidenceOf is so many receipts of the contract's target.
func (s *Statement) evidenceOf(receipts int64) (ev lease.Evidence) {
	if receipts > 0 {
		ev.AddN(s.Target().Work(), uint64(receipts))
	}
	return ev
}

// Derive computes the derived figures.
func (s *Statement) Derive() Derived {
	ms := s.TermMs()
	ev := s.evidenceOf(s.Delivery.Receipts)
	lo, hi := ev.Interval(s.PlannedWork())
	delivered, _ := lease.Rate(ev.Sum, ms)
	low, _ := lease.Rate(lo, ms)
	_, high := lease.Rate(hi, ms)
	d := Derived{
		DeliveredHps: hps(delivered),
		IntervalHps:  [2]lease.Quantity{hps(sixDigits(low, false)), hps(sixDigits(high, true))},
	}
	if p := s.Pool; p != nil {
		unit := s.Target().Work().Big()
		if p.Counts.Sent > 0 {
			unit.Add(unit, divide(p.Counts.SentWork.Work(), p.Counts.Sent).Big())
		}
		z := zMilli(p.Counts.AcceptedWork.Work(), ev.Sum, new(big.Rat).SetInt(unit))
		d.PoolZMilli = &z
	}
	return d
}

func hps(n uint64) lease.Quantity { return lease.Quantity(miner.Hashes(n)) }

// divide is w/n, rounded down.
func divide(w miner.Work, n uint64) miner.Work {
	q := w.Big()
	work, _ := miner.WorkFromBig(q.Quo(q, new(big.Int).SetUint64(n)))
	return work
}

// zMilli is the deviation of a from b in thousandths of the standard deviation
// that counts of max(a, b) hashes have with a variance of unit for each hash,
// rounded towards zero, at most 10^9 in size.
//
// What a pool credits and what receipts prove both count the same hashes, each in
// units of its own target, and so have variance p and w for a hash, p and w being
// the work of these targets. They are taken for independent, which they are not:
// the true variance of the difference is less than p+w.
func zMilli(a, b miner.Work, unit *big.Rat) int64 {
	const limit = 1_000_000_000
	d := new(big.Int).Sub(a.Big(), b.Big())
	sign := int64(d.Sign())
	if sign == 0 {
		return 0
	}
	most := a
	if b.Cmp(a) > 0 {
		most = b
	}
	den := new(big.Int).Mul(most.Big(), unit.Num())
	if den.Sign() == 0 {
		return sign * limit
	}
	d.Mul(d, d).Mul(d, big.NewInt(1_000_000)).Mul(d, unit.Denom())
	z := d.Sqrt(d.Quo(d, den))
	if !z.IsInt64() || z.Int64() > limit {
		return sign * limit
	}
	return sign * z.Int64()
}

// sixDigits rounds to six significant digits, down or up: coarser by far than
// what floating point could do to the bounds of an interval, so that all
// verifiers agree on them.
func sixDigits(n uint64, up bool) uint64 {
	unit := uint64(1)
	for n/unit >= 1_000_000 {
		unit *= 10
	}
	rest := n % unit
	switch {
	case !up || rest == 0:
		return n - rest
	case n-rest > math.MaxUint64-unit:
		return math.MaxUint64
	}
	return n - rest + unit
}
