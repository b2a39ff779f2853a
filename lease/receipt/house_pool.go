package receipt

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// HousePool is what a statement says of work for the house's pool: where it
// went, what the pool answered, and the lease's part of what the pool paid.
type HousePool struct {
	URLs         []string       `json:"urls"` // that jobs came from, sorted
	Sent         uint64         `json:"sent"` // as in PoolReport, of this lease's shares
	Accepted     uint64         `json:"accepted"`
	Rejected     uint64         `json:"rejected"`
	Stale        uint64         `json:"stale"`
	SentWork     lease.Quantity `json:"sent_work"`
	AcceptedWork lease.Quantity `json:"accepted_work"`
	Incomes      []Income       `json:"incomes"` // by their time
}

// Income is the lease's part of a payment of the house's pool, which is shared
// by the work that was proven for the pool in the hours it is for.
type Income struct {
	Ref      string         `json:"ref"`      // of the payment
	FromMs   int64          `json:"from_ms"`  // Unix milliseconds, a full hour
	ToMs     int64          `json:"to_ms"`    // likewise, not in it
	Sat      int64          `json:"sat"`      // of the payment
	Work     lease.Quantity `json:"work"`     // of everybody
	First    int64          `json:"first"`    // the bundle's first receipt of that time, from 0
	Receipts int64          `json:"receipts"` // so many are of that time
	OwnWork  lease.Quantity `json:"own_work"` // of those on jobs of the pool
	GrossSat int64          `json:"gross_sat"`
	FeeSat   int64          `json:"fee_sat"` // of it, the house's by the terms
}

// NetSat is what of the payment is the lease's, in satoshi.
func (i *Income) NetSat() int64 { return i.GrossSat - i.FeeSat }

// Bounds of what a statement says of the house's pool.
const (
	MaxHousePools = 1000 // addresses
	MaxIncomes    = 1 << 16
	maxIncomeRef  = 200 // bytes
)

// earnsBy is what shares of the template earn by themselves under terms that
// pay so: what it says, or what a pool's job says.
func (t *Template) earnsBy() (sat int64, ok bool) {
	switch {
	case t.Earns != nil:
		return t.Earns.Sat, true
	case t.Pool != nil:
		v, err := t.Value()
		return v.Sat, err == nil
	}
	return 0, false
}

// check tells whether this can be a pool and its sums.
func (p *HousePool) check() error {
	if len(p.URLs) == 0 || len(p.URLs) > MaxHousePools || !slices.IsSorted(p.URLs) {
		return fmt.Errorf("%d addresses: want 1 to %d, sorted", len(p.URLs), MaxHousePools)
	}
	for i, url := range p.URLs {
		if i > 0 && url == p.URLs[i-1] {
			return fmt.Errorf("address %.80s is named twice", url)
		}
		one := lease.Pool{URLs: []string{url}, User: "-"}
		if err := one.Validate(); err != nil {
			return err
		}
	}
	sums := PoolReport{
		URLs: p.URLs[:1], User: "-", Sent: p.Sent, Accepted: p.Accepted, Rejected: p.Rejected, Stale: p.Stale,
		SentWork: p.SentWork, AcceptedWork: p.AcceptedWork,
	}
	return sums.check()
}

// checkHousePool checks that part of the statement by itself, and that the
// pools are those of the jobs.
func (v *verifier) checkHousePool() error {
	p := v.s.HousePool
	if v.s.Pool != nil {
		return errors.New("a lease works for its own pool or for the house's, not for both")
	}
	if err := p.check(); err != nil {
		return err
	}
	named := make(map[string]bool)
	for i := range v.b.Templates {
		if pool := v.b.Templates[i].Pool; pool != nil {
			named[pool.Address] = true
		}
	}
	for _, url := range p.URLs {
		if !named[url] {
			return fmt.Errorf("no job came from %.80s", url)
		}
	}
	return nil
}

// addIncome adds the i-th receipt, which holds, to the work of the income that
// it is for. Receipts come in their order.
func (v *verifier) addIncome(i int64, r *Receipt) {
	if v.s.HousePool == nil {
		return
	}
	all := v.s.HousePool.Incomes
	if v.shared == nil {
		v.shared = make([]miner.Work, len(all))
	}
	for v.income < len(all) && i >= all[v.income].First && i-all[v.income].First >= all[v.income].Receipts {
		v.income++
	}
	if v.income == len(all) || i < all[v.income].First {
		return
	}
	if j := &v.b.Jobs[r.Job]; v.b.Templates[j.Template].Pool != nil {
		v.shared[v.income] = v.shared[v.income].Add(miner.Target(j.Target).Work())
	}
}

// checkIncomes checks the lease's parts of what the house's pool paid.
func (v *verifier) checkIncomes() error {
	all := v.s.HousePool.Incomes
	if all == nil || len(all) > MaxIncomes {
		return fmt.Errorf("%d incomes: want a list of at most %d", len(all), MaxIncomes)
	}
	if len(all) > 0 && byShare(&v.b.Terms) {
		return errors.New("shares are paid by themselves, what the pool pays is the house's")
	}
	var end, next int64 // of the one before
	for k := range all {
		i := &all[k]
		if err := i.check(end, next, int64(len(v.b.Receipts)), v.b.Terms.FeePPM); err != nil {
			return fmt.Errorf("incomes[%d]: %w", k, err)
		}
		own := miner.Work{}
		if v.shared != nil {
			own = v.shared[k]
		}
		if i.OwnWork.Work() != own {
			return fmt.Errorf("incomes[%d]: work of %s of the lease, its %d receipts from %d on prove %s", k, i.OwnWork.Work(), i.Receipts, i.First, own)
		}
		end, next = i.ToMs, i.First+i.Receipts
	}
	return nil
}

// check checks an income after one that ended at a time, and at a receipt.
func (i *Income) check(end, next, receipts, feePPM int64) error {
	work, own := i.Work.Work(), i.OwnWork.Work()
	switch {
	case i.Ref == "" || len(i.Ref) > maxIncomeRef:
		return fmt.Errorf("a reference of %d bytes", len(i.Ref))
	case i.FromMs < end || i.ToMs <= i.FromMs || i.FromMs%lease.MsPerHour != 0 || i.ToMs%lease.MsPerHour != 0:
		return fmt.Errorf("from %d to %d ms: want full hours, each after the one before", i.FromMs, i.ToMs)
	case i.Sat < 1 || i.Sat > lease.MaxSat:
		return fmt.Errorf("a payment of %d sat", i.Sat)
	case i.First < next || i.Receipts < 0 || i.First > receipts || i.Receipts > receipts-i.First:
		return fmt.Errorf("%d receipts from %d on, of %d", i.Receipts, i.First, receipts)
	case own.IsZero() || own.Cmp(work) > 0:
		return fmt.Errorf("work of %s of %s", own, work)
	}
	// The satoshi that floors leave go one each to the largest remainders.
	part := own.Big()
	part.Mul(part, big.NewInt(i.Sat)).Quo(part, work.Big())
	if floor := part.Int64(); i.GrossSat != floor && i.GrossSat != floor+1 || i.GrossSat > i.Sat {
		return fmt.Errorf("%d sat of %d for work of %s of %s, which is %d", i.GrossSat, i.Sat, own, work, floor)
	}
	if feePPM < 0 || feePPM > million {
		return fmt.Errorf("the terms ask for %d ppm", feePPM)
	}
	hi, lo := bits.Mul64(uint64(i.GrossSat), uint64(feePPM))
	if fee, _ := bits.Div64(hi, lo, million); uint64(i.FeeSat) != fee {
		return fmt.Errorf("fee of %d sat of %d, the terms allow %d", i.FeeSat, i.GrossSat, fee)
	}
	return nil
}

// uncheckedOfHousePool says what a bundle with work for the house's pool does
// not show.
func (v *verifier) uncheckedOfHousePool() []string {
	list := []string{
		"that jobs came from the house's pool, and all that it paid is shared: the payments, the work of everybody and what the pool answered are the provider's word",
	}
	if size, places := v.tagRoom(); size > 0 && places > 0 {
		list = append(list, fmt.Sprintf("that the tag stands where the pool's connection puts it: it has %d bytes there, which a coinbase made for somebody else has in a given place by chance once in 2^%d, "+
			"and in one of %d places, chosen afterwards, once in %s", size, 8*size, places, oneIn(size, places)))
	}
	return list
}
