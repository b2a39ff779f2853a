package receipt

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// PoolReport is where the work of a lease with a pool went, and what the pool
// said to it, as the provider reports it. The password is in no document.
type PoolReport struct {
	URLs         []string       `json:"urls"`
	User         string         `json:"user"` // the tenant's at the pool
	Sent         uint64         `json:"sent"` // shares; what has no verdict is in this number alone
	Accepted     uint64         `json:"accepted"`
	Rejected     uint64         `json:"rejected"` // but for stale ones
	Stale        uint64         `json:"stale"`
	SentWork     lease.Quantity `json:"sent_work"` // of the pool's target when each share was made
	AcceptedWork lease.Quantity `json:"accepted_work"`

	// Former are the accounts at pools that the tenant pointed the lease to
	// before, the last first. Sums are of all together.
	Former []PoolAccount `json:"former,omitempty"`
}

// PoolAccount is an account at a pool that a lease worked for.
type PoolAccount struct {
	URLs    []string `json:"urls"`
	User    string   `json:"user"`
	UntilMs int64    `json:"until_ms"` // Unix milliseconds
}

// MaxFormerPools bounds the former accounts in a statement.
const MaxFormerPools = 1000

// names reports whether an address is one of the lease's, now or before.
func (p *PoolReport) names(address string) bool {
	return slices.Contains(p.URLs, address) ||
		slices.ContainsFunc(p.Former, func(a PoolAccount) bool { return slices.Contains(a.URLs, address) })
}

// NewPoolReport puts together what a statement says about a pool.
func NewPoolReport(p *lease.Pool, u *lease.Upstream) *PoolReport {
	return &PoolReport{
		URLs: append([]string{}, p.URLs...), User: p.User,
		Sent: u.Sent, Accepted: u.Accepted, Rejected: u.Rejected, Stale: u.Stale,
		SentWork: lease.Quantity(u.SentWork), AcceptedWork: lease.Quantity(u.AcceptedWork),
	}
}

// Lost is how many of the shares sent have no verdict.
func (p *PoolReport) Lost() uint64 { return p.Sent - p.Accepted - p.Rejected - p.Stale }

// check tells whether this can be a pool and its sums.
func (p *PoolReport) check() error {
	pool := lease.Pool{URLs: p.URLs, User: p.User}
	if err := pool.Validate(); err != nil {
		return err
	}
	if len(p.Former) > MaxFormerPools {
		return fmt.Errorf("%d former accounts, at most %d", len(p.Former), MaxFormerPools)
	}
	for i, a := range p.Former {
		former := lease.Pool{URLs: a.URLs, User: a.User}
		if err := former.Validate(); err != nil {
			return fmt.Errorf("former account: %w", err)
		}
		if a.UntilMs < 0 || i > 0 && a.UntilMs > p.Former[i-1].UntilMs {
			return errors.New("former accounts are not in the order of their end, the last first")
		}
	}
	left := p.Sent
	for _, n := range []uint64{p.Accepted, p.Rejected, p.Stale} {
		if n > left {
			return fmt.Errorf("of %d shares sent, %d accepted, %d rejected and %d stale are not possible", p.Sent, p.Accepted, p.Rejected, p.Stale)
		}
		left -= n
	}
	sent, accepted := p.SentWork.Work(), p.AcceptedWork.Work()
	switch {
	case accepted.Cmp(sent) > 0:
		return fmt.Errorf("work of %s accepted, but only %s sent", accepted, sent)
	case (p.Sent == 0) != sent.IsZero() || (p.Accepted == 0) != accepted.IsZero():
		return errors.New("shares without work, or work without shares")
	case p.Accepted == p.Sent && accepted != sent:
		return fmt.Errorf("all shares accepted, but work of %s of %s", accepted, sent)
	}
	return nil
}

// poolUnit is the variance, for every hash made, of the difference between
// what a pool credits and what receipts prove. Both count the same hashes,
// each in units of its own target, and so have variance p and w for a hash,
// where p is the mean work of the pool's targets, weighed by the receipts found
// under them, and w = Σw²/Σw. They are taken for independent, which they are
// not: the true variance is less. Without receipts it is the work planned for
// one.
func (b *Bundle) poolUnit(ev lease.Evidence, perJob []uint64) *big.Rat {
	if b.Statement.Pool == nil {
		return nil
	}
	if ev.N == 0 || ev.Sum.IsZero() {
		return new(big.Rat).SetInt(b.Statement.expectedWork().Big())
	}
	return new(big.Rat).Add(new(big.Rat).SetFrac(ev.SumSq, ev.Sum.Big()), b.poolShare(ev.N, perJob))
}

// poolShare is the mean work of the pool's targets over n receipts.
func (b *Bundle) poolShare(n uint64, perJob []uint64) *big.Rat {
	sum := new(big.Int)
	for i, k := range perJob {
		at := b.Jobs[i].Template
		if k == 0 || at < 0 || at >= len(b.Templates) || b.Templates[at].Pool == nil {
			continue
		}
		w := miner.Target(b.Templates[at].Pool.Target).Work().Big()
		sum.Add(sum, w.Mul(w, new(big.Int).SetUint64(k)))
	}
	if n == 0 {
		return new(big.Rat)
	}
	return new(big.Rat).SetFrac(sum, new(big.Int).SetUint64(n))
}

// zMilli is the deviation of a from b in thousandths of the standard deviation
// that counts of max(a, b) hashes have with a variance of unit for each hash,
// rounded towards zero, at most 10^9 in size.
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
