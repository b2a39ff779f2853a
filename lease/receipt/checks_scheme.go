package receipt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

const million = 1_000_000

// byShare reports whether the terms pay shares by themselves.
func byShare(t *lease.Terms) bool { return t.Scheme == lease.SchemePPS || t.Scheme == lease.SchemeFPPS }

// own calls check with the well-formed templates under the statement's terms
// that are the house's, until one fails.
func (v *verifier) own(check func(*Template) error) error {
	for i := range v.b.Templates {
		t := &v.b.Templates[i]
		if !v.usable[i] || t.Terms != v.s.Terms || t.Pool != nil {
			continue
		}
		if err := check(t); err != nil {
			return fmt.Errorf("templates[%d]: %w", i, err)
		}
	}
	return nil
}

// checkOutputs looks for outputs that pay somebody else than the house and,
// where the terms say so, the leases of the split. A pool's job may pay
// anybody but the house: that would be the house's own block under another
// name, whose reward is not shared.
func (v *verifier) checkOutputs() error {
	house := v.b.Terms.HouseScript
	for i := range v.b.Templates {
		t := &v.b.Templates[i]
		// The house's own pool may well pay the house.
		if !v.usable[i] || t.Terms != v.s.Terms || t.Pool == nil || v.s.HousePool != nil {
			continue
		}
		if bad := t.outputTo(house); bad != "" {
			return fmt.Errorf("templates[%d] is said to be a pool's, but %s", i, bad)
		}
	}
	return v.own(func(t *Template) error {
		c, err := t.coinbase()
		if err != nil {
			return err
		}
		paying := 0
		for i, o := range c.Outputs {
			if o.Value == 0 {
				continue
			}
			// That these are the document's is Validate's matter.
			direct := paying < len(t.Direct)
			paying++
			if isHouse := hex.EncodeToString(o.Script) == house; isHouse == direct {
				if direct {
					return fmt.Errorf("output %d is said to pay leases, but its script is the house's", i)
				}
				return fmt.Errorf("output %d pays %d satoshi to %.80x, the terms say %.80s", i, o.Value, o.Script, house)
			}
		}
		most := 0
		if d := v.b.Terms.Direct; d != nil {
			most = int(d.MaxOutputs)
		}
		switch {
		case len(t.Direct) > 0 && most == 0:
			return fmt.Errorf("%d outputs pay leases directly, but the terms say that the house does", len(t.Direct))
		case len(t.Direct) > 0 && paying > most:
			return fmt.Errorf("%d outputs, at most %d by the terms", paying, most)
		}
		return nil
	})
}

// checkFees compares the fees with floor(reward · ppm / 10^6). Where shares are
// paid by themselves, the fee is taken of them.
func (v *verifier) checkFees() error {
	ppm := v.b.Terms.FeePPM
	if ppm < 0 || ppm > million {
		return fmt.Errorf("the terms ask for %d ppm", ppm)
	}
	return v.own(func(t *Template) error {
		hi, lo := bits.Mul64(uint64(t.Reward), uint64(ppm))
		fee, _ := bits.Div64(hi, lo, million)
		if byShare(&v.b.Terms) {
			fee = 0
		}
		if uint64(t.Fee) != fee {
			return fmt.Errorf("fee of %d sat of %d, the terms allow %d", t.Fee, t.Reward, fee)
		}
		return nil
	})
}

// checkScheme checks that splits have the form that the terms' scheme asks
// for, and what shares earn follows from the job.
func (v *verifier) checkScheme() error {
	terms := &v.b.Terms
	if err := v.own(func(t *Template) error { return t.follows(terms, v.s.Lease) }); err != nil {
		return err
	}
	if terms.Scheme != lease.SchemeFPPS {
		return nil
	}
	// The mean of the fees is fixed for a day.
	const msPerDay = 24 * lease.MsPerHour
	fees := make(map[int64]int64)
	for i, j := range v.b.Jobs {
		if j.Template < 0 || j.Template >= len(v.usable) || !v.usable[j.Template] {
			continue
		}
		t, day := &v.b.Templates[j.Template], j.CreatedMs/msPerDay
		if t.Earns == nil || t.Terms != v.s.Terms {
			continue
		}
		if have, ok := fees[day]; ok && have != t.Earns.FeesSat {
			return fmt.Errorf("jobs[%d]: fees of %d sat are paid, and %d on another job of the same day", i, t.Earns.FeesSat, have)
		}
		fees[day] = t.Earns.FeesSat
	}
	return nil
}

// follows checks the template of a lease's work or reward against the terms.
func (t *Template) follows(terms *lease.Terms, leaseID string) error {
	switch {
	case t.Format == TemplateFormat1 && terms.Format != lease.TermsFormat1:
		return fmt.Errorf("format %s, whose coinbases commit to nothing, under terms of format %s", t.Format, terms.Format)
	case t.Carry != 0 && terms.Scheme != lease.SchemePPLNS:
		return fmt.Errorf("%d sat are carried, but not by %s", t.Carry, terms.Scheme)
	case byShare(terms) != (t.Earns != nil):
		return fmt.Errorf("scheme %s, but what shares earn is said or missing", terms.Scheme)
	}
	switch terms.Scheme {
	case lease.SchemeSolo:
		if len(t.Split) > 0 && (len(t.Split) > 1 || t.Split[0].Lease != leaseID) {
			return fmt.Errorf("a block is its finder's, but the split of lease %s's job names lease %.70s in %d parts", leaseID, t.Split[0].Lease, len(t.Split))
		}
	case lease.SchemePPS:
		if t.Earns.Sat != t.Reward || t.Earns.FeesSat != 0 {
			return fmt.Errorf("shares are paid by %d sat a block, its reward is %d", t.Earns.Sat, t.Reward)
		}
	case lease.SchemeFPPS:
		subsidy := t.Earns.Sat - t.Earns.FeesSat
		if subsidy > t.Reward || !t.isSubsidy(subsidy, terms.Coin) {
			return fmt.Errorf("shares are paid by %d sat a block with fees of %d: %d are not the subsidy at height %d, of a reward of %d", t.Earns.Sat, t.Earns.FeesSat, subsidy, t.Height, t.Reward)
		}
	}
	return nil
}

// worth is what the first n receipts that hold earn by themselves, in satoshi,
// rounded down: the sum of work·sat/network work, less the fee.
func (v *verifier) worth(perJob []uint64) *big.Int {
	type value struct {
		bits U32
		sat  int64
	}
	sums := make(map[value]*big.Int)
	for i, n := range perJob {
		if n == 0 {
			continue
		}
		t := &v.b.Templates[v.b.Jobs[i].Template]
		sat, ok := t.earnsBy()
		if !ok {
			continue
		}
		of := value{t.Bits, sat}
		if sums[of] == nil {
			sums[of] = new(big.Int)
		}
		work := miner.Target(v.b.Jobs[i].Target).Work().Big()
		sums[of].Add(sums[of], work.Mul(work, new(big.Int).SetUint64(n)))
	}
	total := new(big.Rat)
	for of, work := range sums {
		target, err := miner.Bits(of.bits).Target()
		if err != nil {
			continue // not usable
		}
		work.Mul(work, big.NewInt(of.sat))
		total.Add(total, new(big.Rat).SetFrac(work, target.Work().Big()))
	}
	total.Mul(total, big.NewRat(million-min(max(v.b.Terms.FeePPM, 0), million), million))
	return new(big.Int).Quo(total.Num(), total.Denom())
}

// checkEarned compares what was credited by the share with the receipts that
// were settled, which are the first ones.
func (v *verifier) checkEarned() {
	e := v.s.Earned
	if !byShare(&v.b.Terms) || v.s.Pool != nil {
		if e != nil {
			v.report("earned", errors.New("shares earn nothing by themselves under these terms"), "")
		}
		return
	}
	if e == nil || e.Receipts < 0 || e.Receipts > int64(len(v.b.Receipts)) || e.Sat < 0 {
		v.report("earned", errors.New("what shares earned is missing or not possible"), "")
		return
	}
	all, settled := v.worth(v.perJob), v.worth(v.settled)
	v.r.EarnedSat = all.String()
	// What is summed up by the hour may be a fraction of a satoshi below.
	var err error
	if short := new(big.Int).Sub(settled, big.NewInt(e.Sat)); short.Sign() < 0 || short.Cmp(big.NewInt(1)) > 0 {
		err = fmt.Errorf("the first %d receipts are worth %s sat by their jobs, the statement says %d", e.Receipts, settled, e.Sat)
	}
	v.report("earned", err, "%d sat for the first %d receipts, by bits and reward of their jobs less %d ppm; all are worth %s", e.Sat, e.Receipts, v.b.Terms.FeePPM, all)
}

// directScripts are those that coinbases of the bundle's blocks paid the lease
// to, in hexadecimal, each once.
func (v *verifier) directScripts() (scripts []string) {
	var seen [][]byte
	for i := range v.b.Blocks {
		n := v.b.Blocks[i].Template
		if n < 0 || n >= len(v.usable) || !v.usable[n] {
			continue
		}
		for _, d := range v.b.Templates[n].Direct {
			if slices.Contains(d.Leases, v.s.Lease) && !slices.ContainsFunc(seen, func(s []byte) bool { return bytes.Equal(s, d.Script) }) {
				seen = append(seen, d.Script)
				scripts = append(scripts, hex.EncodeToString(d.Script))
			}
		}
	}
	return scripts
}
