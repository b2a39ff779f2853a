package lease

import (
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// Window is a stretch of one lease's time to be judged. Only time in which work
// was contracted is part of it: within the term, and not paused by the tenant.
type Window struct {
	Contracted miner.Work // in that time
	Unit       miner.Work // the work planned for one receipt, at least one hash
	Evidence   Evidence   // of the receipts
	Ms         int64      // how much time that is
	// ExcludedMs is how much of it the provider need not answer for, with
	// evidence: the tenant's pool refused or was out of reach, or maintenance
	// had been announced, up to the limit of the SLA. What is excluded for two
	// reasons counts once.
	ExcludedMs int64
}

// Judgement is how a window counts, with what it was reached by.
type Judgement struct {
	Kind  WindowKind `json:"kind"`
	Upper Quantity   `json:"upper"` // upper 97.5 % bound of the work delivered
	// Due is the work that the provider must answer for: the contracted one,
	// less that of excluded time as far as it is missing. So exclusion excuses
	// what was not delivered, and never makes what was delivered more than was
	// contracted.
	Due Quantity `json:"due"`
}

// enoughReceipts is how many planned receipts a window must have for its bound
// to be judged by alone: luck then brings down four windows in 100 000.
const enoughReceipts = 400

// Judge tells whether the window was up. It is down when even the upper bound
// of the work delivered is below DownPPM of the contracted, or when no receipt
// came although the chance of that is below one in a thousand; but excluded
// where that would not be so with only the work contracted for time that is
// not excluded.
//
// Where fewer than 400 receipts were planned, the bound alone would be missed
// by luck in up to one window of a hundred, and in one of twenty by a tenant
// who watches its receipts and pauses the lease just then. There a Sequential
// test must find them too few as well, which no choice of the moment deceives.
func (s *SLA) Judge(w Window) Judgement {
	_, upper := w.Evidence.Interval(w.Unit)
	j := Judgement{Kind: WindowUp, Upper: Quantity(upper), Due: Quantity(w.Contracted)}
	if w.Contracted.IsZero() {
		j.Kind = WindowIdle
		return j
	}
	rest := w.unexcluded()
	j.Due = Quantity(larger(rest, smaller(w.Contracted, w.Evidence.Sum)))
	switch {
	case !s.down(w.Contracted, upper, w):
	case s.down(rest, upper, w):
		j.Kind = WindowDown
	default:
		j.Kind = WindowExcluded
	}
	return j
}

// down tells whether a window is down if so much work was contracted.
func (s *SLA) down(contracted, upper miner.Work, w Window) bool {
	c := contracted.Big()
	floor := new(big.Int).Mul(c, big.NewInt(s.DownPPM))
	if floor.Cmp(new(big.Int).Mul(upper.Big(), big.NewInt(million))) > 0 && w.tooFew(contracted) {
		return true
	}
	if w.Evidence.N > 0 {
		return false
	}
	// e^-L < 0.001 for L > 6.90776 receipts.
	return c.Mul(c, big.NewInt(100_000)).Cmp(new(big.Int).Mul(w.Unit.Big(), big.NewInt(690_776))) >= 0
}

// tooFew tells whether a bound that is too low is not luck, if so much work was
// contracted.
func (w *Window) tooFew(contracted miner.Work) bool {
	unit := larger(w.Unit, w.Evidence.Max)
	if contracted.Cmp(unit.Mul(enoughReceipts)) >= 0 {
		return true
	}
	var s Sequential
	if err := s.Add(contracted, w.Evidence.Sum, unit); err != nil {
		return false // no receipt was planned
	}
	d := s.Test()
	return d.Short()
}

// unexcluded is the work contracted for time that is not excluded, rounded up.
func (w *Window) unexcluded() miner.Work {
	left := w.Ms - min(max(w.ExcludedMs, 0), w.Ms)
	if w.Ms <= 0 || left == w.Ms {
		return w.Contracted
	}
	return scale(w.Contracted.Big(), big.NewInt(left), big.NewInt(w.Ms), true)
}

func larger(a, b miner.Work) miner.Work {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

func smaller(a, b miner.Work) miner.Work {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}
