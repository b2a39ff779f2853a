package lease

import (
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// Evidence sums up receipts: what an interval of the hash rate needs.
// Its zero value is no receipt at all.
type Evidence struct {
	N     uint64
	Sum   miner.Work // Σw
	Max   miner.Work // the largest w
	SumSq *big.Int   // Σw², up to 256 bits; nil is zero
}

// Add counts one receipt of work w.
func (e *Evidence) Add(w miner.Work) { e.AddN(w, 1) }

// AddN counts n receipts of work w each.
func (e *Evidence) AddN(w miner.Work, n uint64) {
	if n == 0 {
		return
	}
	e.N += n
	e.Sum = e.Sum.Add(w.Mul(n))
	if w.Cmp(e.Max) > 0 {
		e.Max = w
	}
	sq := w.Big()
	sq.Mul(sq, sq).Mul(sq, new(big.Int).SetUint64(n))
	if e.SumSq != nil {
		sq.Add(sq, e.SumSq)
	}
	e.SumSq = sq
}

// Merge counts the receipts of o too.
func (e *Evidence) Merge(o Evidence) {
	if o.N == 0 {
		return
	}
	e.N += o.N
	e.Sum = e.Sum.Add(o.Sum)
	if o.Max.Cmp(e.Max) > 0 {
		e.Max = o.Max
	}
	sq := new(big.Int)
	if e.SumSq != nil {
		sq.Set(e.SumSq)
	}
	if o.SumSq != nil {
		sq.Add(sq, o.SumSq)
	}
	e.SumSq = sq
}
