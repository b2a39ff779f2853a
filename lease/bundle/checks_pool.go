package bundle

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

// Bounds of the comparison with a pool's own figure, in thousandths of a
// standard deviation: what 19 of 20 honest figures stay within, and what only
// one in 30 000 does not.
const (
	insideMilli = 1960
	credibMilli = 4000
)

// fewShares is how many shares a pool must be due for none at all to be short
// by credibMilli.
const fewShares = 16

// checkPool compares the tenant's accounts at pools with the contract, and what
// pools are said to have answered with itself.
func (f *facts) checkPool() error {
	p, l := f.s.Pool, f.lease()
	switch {
	case (p == nil) != (l.Pool == nil):
		return errors.New("the contract has a pool and the statement says nothing of it, or the reverse")
	case p == nil:
		return nil
	case p.User != l.Pool.User || !slices.Equal(p.URLs, l.Pool.URLs):
		return fmt.Errorf("user %.80s at %.200s, by the contract it is %.80s at %.200s", p.User, strings.Join(p.URLs, ", "), l.Pool.User, strings.Join(l.Pool.URLs, ", "))
	}
	for i, a := range p.Former {
		if i > 0 && a.UntilMs > p.Former[i-1].UntilMs {
			return errors.New("former accounts are not in the order of their end, the last first")
		}
		if !f.workedFor(&a) {
			return fmt.Errorf("user %.80s at %.200s is a former account by no leaf of the contract", a.User, strings.Join(a.URLs, ", "))
		}
	}
	return p.Counts.check()
}

// workedFor reports whether the contract had an account.
func (f *facts) workedFor(a *PoolAccount) bool {
	return slices.ContainsFunc(f.contracts, func(c contractAt) bool {
		return c.private.PoolUser == a.User && slices.Equal(c.private.PoolURLs, a.URLs)
	})
}

// check tells whether these can be a pool's answers.
func (c *PoolCounts) check() error {
	left := c.Sent
	for _, n := range []uint64{c.Accepted, c.Rejected, c.Stale} {
		if n > left {
			return fmt.Errorf("of %d shares sent, %d accepted, %d rejected and %d stale are not possible", c.Sent, c.Accepted, c.Rejected, c.Stale)
		}
		left -= n
	}
	sent, accepted := c.SentWork.Work(), c.AcceptedWork.Work()
	switch {
	case accepted.Cmp(sent) > 0:
		return fmt.Errorf("work of %s accepted, but only %s sent", accepted, sent)
	case (c.Sent == 0) != sent.IsZero() || (c.Accepted == 0) != accepted.IsZero():
		return errors.New("shares without work, or work without shares")
	case c.Accepted == c.Sent && accepted != sent:
		return fmt.Errorf("all shares accepted, but work of %s of %s", accepted, sent)
	}
	return nil
}

// poolShare is the mean work of the pool's targets over the receipts that are in
// the bundle; without any, over the shares that were sent.
func (f *facts) poolShare() *big.Rat {
	sum, n := new(big.Int), int64(0)
	for _, t := range f.tallies {
		if pool := f.jobs[t.job].pool; pool != 0 {
			w := f.pools[pool-1].work.Big()
			sum.Add(sum, w.Mul(w, big.NewInt(int64(t.n))))
			n += int64(t.n)
		}
	}
	if n == 0 {
		c := &f.s.Pool.Counts
		if c.Sent == 0 {
			return new(big.Rat)
		}
		return new(big.Rat).SetInt(divide(c.SentWork.Work(), c.Sent).Big())
	}
	return new(big.Rat).SetFrac(sum, big.NewInt(n))
}

// proven is the work that the period's batches prove.
func (f *facts) proven() miner.Work {
	var n int64
	for i := range f.batches {
		n += f.batches[i].n
	}
	return f.s.evidenceOf(n).Sum
}

// checkUpstream compares what the tenant's pool is said to have accepted with the
// receipts, and with the figure that the tenant has of the pool itself.
func (v *verifier) checkUpstream() {
	f, p := v.facts, v.s.Pool
	if p == nil {
		if v.PoolWork != nil {
			v.report("pool-work", errors.New("the lease works for no pool of its own"), "")
		}
		return
	}
	share := f.poolShare()
	unit := new(big.Rat).Add(share, new(big.Rat).SetInt(v.s.Target().Work().Big()))
	// What came too late for us may not have for the pool.
	proven, accepted := f.proven(), p.Counts.AcceptedWork.Work()
	done := proven.Add(v.s.Target().Work().Mul(min(v.s.Delivery.Stale, maxIndex)))
	var err error
	if z := zMilli(accepted, done, unit); z >= failedMilli && beyondPercent(done, accepted) {
		err = fmt.Errorf("work of %s accepted, but with %d stale shares only %s were done: %d.%03d standard deviations",
			accepted, v.s.Delivery.Stale, done, z/1000, z%1000)
	}
	z, note := zMilli(accepted, proven, unit), ""
	if z <= -notedMilli {
		note = "; NOTE: the pool took less than was proven: ask why"
	}
	c := &p.Counts
	v.report("upstream", err, "the provider says: sent %d shares, accepted %d, rejected %d, stale %d; accepted work %s of %s proven, z = %d/1000%s",
		c.Sent, c.Accepted, c.Rejected, c.Stale, accepted, proven, z, note)
	if v.PoolWork == nil {
		v.skip("pool-work", "what the pool itself shows of its account: give it by --pool-work to compare")
		return
	}
	v.checkPoolWork(*v.PoolWork, proven, share, unit)
}

// checkPoolWork holds the pool's own figure against what the provider reports
// of it, which counts the same shares, and against the receipts.
func (v *verifier) checkPoolWork(credited, proven miner.Work, share, unit *big.Rat) {
	c := &v.s.Pool.Counts
	accepted := c.AcceptedWork.Work()
	zReported, zProven := zMilli(credited, accepted, share), zMilli(credited, proven, unit)
	// What the pool refused, or lost, it is not expected to credit.
	refused := c.SentWork.Work().Sub(smaller(accepted, c.SentWork.Work()))
	zRest := zMilli(credited.Add(refused), proven, unit)
	var err error
	switch {
	case zReported <= -credibMilli && beyondPercent(credited, accepted):
		err = fmt.Errorf("the pool credited %s, but the provider says it accepted %s: %d.%03d standard deviations short: is it the right account and period?",
			credited, accepted, -zReported/1000, -zReported%1000)
	case zRest <= -credibMilli && beyondPercent(credited.Add(refused), proven):
		err = fmt.Errorf("the pool credited %s and refused or lost %s, but %s were proven: %d.%03d standard deviations short",
			credited, refused, proven, -zRest/1000, -zRest%1000)
	}
	note := "within the 95 % interval"
	few := new(big.Rat).Mul(share, big.NewRat(fewShares, 1))
	switch {
	case few.Cmp(new(big.Rat).SetInt(proven.Big())) > 0:
		note = "NOTE: at the pool's difficulty, as the jobs give it, these are too few shares to tell"
	case zProven >= credibMilli || zReported >= credibMilli:
		note = "NOTE: more than this lease's, as of an account with other miners, which could hide what is missing"
	case zProven < -insideMilli || zProven > insideMilli || zReported < -insideMilli || zReported > insideMilli:
		note = "NOTE: outside the 95 % interval, look again next time"
	}
	v.report("pool-work", err, "%s by the pool, %s accepted as the provider reports (z = %d/1000), %s proven (z = %d/1000): %s",
		credited, accepted, zReported, proven, zProven, note)
}

// beyondPercent reports whether a is less than b by more than a hundredth of b.
func beyondPercent(a, b miner.Work) bool { return a.Cmp(b.Sub(divide(b, 100))) < 0 }
