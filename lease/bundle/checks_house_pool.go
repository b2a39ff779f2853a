package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// maxIncomeRef bounds the name of a payment, in bytes.
const maxIncomeRef = 200

// checkHousePool checks what is said of work for the house's pool by itself, and
// that the pools are those of the jobs.
func (f *facts) checkHousePool() error {
	p := f.s.HousePool
	if p == nil {
		return nil // a pool's job is then none of the lease's: see wrongKind
	}
	if f.s.Pool != nil {
		return errors.New("a lease works for its own pool or for the house's, not for both")
	}
	if len(p.URLs) == 0 && len(p.Incomes) == 0 && p.Counts.Sent == 0 {
		return errors.New("it names no pool, and no payment of one")
	}
	worked := make(map[string]bool)
	for _, t := range f.tallies {
		if pool := f.jobs[t.job].pool; pool != 0 {
			worked[f.pools[pool-1].address] = true
		}
	}
	for i, url := range p.URLs {
		switch {
		case i > 0 && url <= p.URLs[i-1]:
			return fmt.Errorf("address %.80s is named twice or not in order", url)
		case !worked[url] && f.whole():
			return fmt.Errorf("no receipt is on a job of %.80s", url)
		case (&lease.Pool{URLs: []string{url}, User: "-"}).Validate() != nil:
			return fmt.Errorf("address %.80s is no pool's", url)
		}
		delete(worked, url)
	}
	if len(worked) > 0 {
		return fmt.Errorf("receipts are on jobs of %d pools that are not named", len(worked))
	}
	return p.Counts.check()
}

// checkIncomes checks the lease's parts of what the house's pool paid.
func (f *facts) checkIncomes() error {
	if f.terms == nil {
		return errNoTerms
	}
	named := make(map[int64]bool)
	if p := f.s.HousePool; p != nil {
		if len(p.Incomes) > 0 && byShare(f.terms) {
			return errors.New("shares are paid by themselves, what the pool pays is the house's")
		}
		lines := make(map[int64]*Line)
		for i := range f.s.Books.Lines {
			lines[f.s.Books.Lines[i].Leaf] = &f.s.Books.Lines[i]
		}
		for i := range p.Incomes {
			in := &p.Incomes[i]
			if err := f.checkIncome(in, lines[in.Leaf]); err != nil {
				return fmt.Errorf("payment %.80s: %w", in.Ref, err)
			}
			if in.Leaf >= 0 && named[in.Leaf] {
				return fmt.Errorf("payment %.80s: leaf %d is of another one", in.Ref, in.Leaf)
			}
			named[in.Leaf] = true
		}
	}
	for i := range f.s.Books.Lines {
		l := &f.s.Books.Lines[i]
		if l.Kind == ledger.KindIncome && !named[l.Leaf] && l.ReversedBy == nil && !isCorrection(l) {
			return fmt.Errorf("%s is booked, and no payment of the house's pool", l.Key)
		}
	}
	return nil
}

// checkIncome checks one payment.
func (f *facts) checkIncome(in *Income, line *Line) error {
	work, own := in.Work.Work(), in.OwnWork.Work()
	switch {
	case in.Ref == "" || len(in.Ref) > maxIncomeRef:
		return fmt.Errorf("a reference of %d bytes", len(in.Ref))
	case in.ToMs <= in.FromMs || in.FromMs%lease.MsPerHour != 0 || in.ToMs%lease.MsPerHour != 0:
		return fmt.Errorf("from %d to %d ms: want full hours", in.FromMs, in.ToMs)
	case in.Sat < 1:
		return fmt.Errorf("of %d sat", in.Sat)
	case own.IsZero() || own.Cmp(work) > 0:
		return fmt.Errorf("work of %s of %s", own, work)
	}
	// The satoshi that floors leave go one each to the largest remainders.
	part := own.Big()
	part.Mul(part, big.NewInt(in.Sat)).Quo(part, work.Big())
	if whole := part.Int64(); in.GrossSat != whole && in.GrossSat != whole+1 || in.GrossSat > in.Sat {
		return fmt.Errorf("%d sat of %d for work of %s of %s, which is %d", in.GrossSat, in.Sat, own, work, whole)
	}
	if fee := reward.Fee(in.GrossSat, f.terms.FeePPM); in.FeeSat != fee {
		return fmt.Errorf("fee of %d sat of %d, the terms allow %d", in.FeeSat, in.GrossSat, fee)
	}
	if proven, known := f.pooledWork(in); known && proven != own {
		return fmt.Errorf("work of %s of the lease, its receipts on jobs of the pool prove %s", own, proven)
	}
	if in.NetSat() == 0 && in.Leaf == -1 {
		return nil // nothing is booked for the lease
	}
	if line == nil || line.Kind != ledger.KindIncome || line.Ref != in.Ref || line.owed(ledger.Available(f.s.Tenant)) != in.NetSat() {
		return fmt.Errorf("%d sat of it are the lease's, which leaf %d does not book", in.NetSat(), in.Leaf)
	}
	return nil
}

// pooledWork is what the lease proved for the house's pool in the time of a
// payment; known is false where that is not all in the bundle.
func (f *facts) pooledWork(in *Income) (sum miner.Work, known bool) {
	p := f.s.Period
	if in.FromMs < p.FromMs && !f.fromStart() || in.ToMs > p.ToMs {
		return sum, false
	}
	if f.pooled == nil {
		f.pooled = f.newPooled()
	}
	if !f.pooled.sorted {
		return sum, false
	}
	// Windows lie in one hour each, and payments are for full hours.
	at := func(ms int64) int {
		n, _ := slices.BinarySearchFunc(f.batches, ms, func(b batchLeaf, ms int64) int { return cmp.Compare(b.fromMs, ms) })
		return n
	}
	from, to := at(in.FromMs), at(in.ToMs)
	if f.pooled.thinned[from] != f.pooled.thinned[to] {
		return sum, false
	}
	return f.s.Target().Work().Mul(uint64(f.pooled.receipts[to] - f.pooled.receipts[from])), true
}

// pooled says of the batches, one after the other, how many receipts on pools'
// jobs the ones before have, and how many of these are thinned.
type pooled struct {
	receipts, thinned []int64 // one more than batches
	sorted            bool    // batches are by time, as they must be
}

func (f *facts) newPooled() *pooled {
	p := &pooled{
		receipts: make([]int64, len(f.batches)+1), thinned: make([]int64, len(f.batches)+1),
		sorted: slices.IsSortedFunc(f.batches, func(a, b batchLeaf) int { return cmp.Compare(a.fromMs, b.fromMs) }),
	}
	for _, t := range f.tallies {
		if f.jobs[t.job].pool != 0 {
			p.receipts[t.batch+1] += int64(t.n)
		}
	}
	for i := range f.batches {
		p.receipts[i+1] += p.receipts[i]
		p.thinned[i+1] = p.thinned[i]
		if b := &f.batches[i]; int64(b.kept) < b.n {
			p.thinned[i+1]++
		}
	}
	return p
}
