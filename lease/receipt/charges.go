package receipt

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Charges is what the lease cost up to an hour, and what became of what was
// prepaid for it. All amounts are satoshi, of the lease's whole life.
type Charges struct {
	ThroughMs int64          `json:"through_ms"` // the hours that end by then are settled; 0: none is
	Receipts  int64          `json:"receipts"`   // so many of the bundle's, the first ones, are of those hours
	Billable  lease.Quantity `json:"billable"`   // work of them that the price is for; of model leased at most what was contracted, by the day
	Due       int64          `json:"due"`        // by the prices
	Charged   int64          `json:"charged"`    // of it, what the prepayment covered; the rest is not owed
	Up        int64          `json:"up"`         // hours that the SLA counts as such, like the next two
	Down      int64          `json:"down"`
	Excluded  int64          `json:"excluded"`

	Prepaid   int64 `json:"prepaid"`             // came in
	Credited  int64 `json:"credited"`            // by the SLA, to be used up
	PaidBack  int64 `json:"credited_back"`       // by the SLA when the lease was over, to be paid out
	ExitFee   int64 `json:"exit_fee,omitempty"`  // for leaving a fixed term early
	Refunded  int64 `json:"refunded"`            // of what was prepaid, to be paid out
	Corrected int64 `json:"corrected,omitempty"` // what corrections of the books changed, either sign
	Left      int64 `json:"left"`                // prepaid and not used up
}

// Sum is what must be left of the prepayments.
func (c *Charges) Sum() int64 {
	return c.Prepaid + c.Credited - c.Charged - c.ExitFee - c.Refunded + c.Corrected
}

// charged reports whether statements under the terms say what was charged.
func charged(t *lease.Terms) bool { return t.Prices != nil || t.SLA != nil }

// form checks that such charges can be.
func (c *Charges) form() error {
	if c.ThroughMs < 0 || c.ThroughMs%lease.MsPerHour != 0 || c.Receipts < 0 || c.Up < 0 || c.Down < 0 || c.Excluded < 0 {
		return fmt.Errorf("%d receipts and %d, %d and %d hours until %d ms are not possible", c.Receipts, c.Up, c.Down, c.Excluded, c.ThroughMs)
	}
	for _, sat := range []int64{c.Due, c.Charged, c.Prepaid, c.Credited, c.PaidBack, c.ExitFee, c.Refunded, c.Left} {
		if sat < 0 || sat > lease.MaxSat {
			return fmt.Errorf("an amount of %d sat, want 0 to %d", sat, int64(lease.MaxSat))
		}
	}
	switch {
	case c.Corrected < -lease.MaxSat || c.Corrected > lease.MaxSat:
		return fmt.Errorf("%d sat by corrections, want at most %d", c.Corrected, int64(lease.MaxSat))
	case c.Charged > c.Due:
		return fmt.Errorf("%d sat were charged, but only %d were due", c.Charged, c.Due)
	case c.Left != c.Sum():
		return fmt.Errorf("%d sat are left, but %d prepaid, %d credited, %d charged, %d for the exit, %d refunded and %d corrected leave %d",
			c.Left, c.Prepaid, c.Credited, c.Charged, c.ExitFee, c.Refunded, c.Corrected, c.Sum())
	case c.ThroughMs == 0 && (c.Receipts != 0 || c.Due != 0):
		return errors.New("something is due though nothing is settled")
	}
	return nil
}

// checkCharges compares what was charged with the settled receipts, which are
// the first ones, and the prices of the terms.
func (v *verifier) checkCharges() {
	c, terms := v.s.Charges, &v.b.Terms
	switch {
	case c == nil && !charged(terms):
		return
	case c == nil:
		v.report("charges", errors.New("the terms have prices or an SLA, but the statement does not say what was charged and credited"), "")
		return
	case !charged(terms):
		v.report("charges", errors.New("the terms have neither prices nor an SLA"), "")
		return
	}
	err := c.form()
	if err == nil && (c.Receipts > int64(len(v.b.Receipts)) || v.s.Earned != nil && v.s.Earned.Receipts != c.Receipts) {
		err = fmt.Errorf("%d receipts cannot be settled", c.Receipts)
	}
	if err == nil {
		err = v.checkDue(c, terms)
	}
	if err == nil {
		err = c.checkCredit(terms)
	}
	v.report("charges", err, "due %d sat for %s hashes of the first %d receipts, charged %d; %d prepaid and %d credited, %d refunded, %d left",
		c.Due, c.Billable.Work(), c.Receipts, c.Charged, c.Prepaid, c.Credited+c.PaidBack, c.Refunded, c.Left)
}

// checkDue computes what was due where the bundle has all that it is computed
// from: for work of model leased.
func (v *verifier) checkDue(c *Charges, terms *lease.Terms) error {
	var proven lease.Evidence
	for i, n := range v.settled {
		if n > 0 {
			proven.AddN(miner.Target(v.b.Jobs[i].Target).Work(), n)
		}
	}
	billable := c.Billable.Work()
	if billable.Cmp(proven.Sum) > 0 {
		return fmt.Errorf("work of %s is charged for, but the first %d receipts prove only %s", billable, c.Receipts, proven.Sum)
	}
	prices := terms.Prices
	if prices == nil {
		prices = new(lease.Prices)
	}
	free := false
	switch v.s.Model {
	case lease.Leased:
		if most := v.contracted(c.ThroughMs); billable.Big().Cmp(most) > 0 {
			return fmt.Errorf("work of %s is charged for, contracted until then were %s", billable, most)
		}
		due := int64(0)
		if prices.Work != nil {
			var err error
			if due, err = prices.Work.Charge(billable); err != nil && !errors.Is(err, lease.ErrAmount) {
				return err
			}
		}
		if c.Due != due {
			return fmt.Errorf("%d sat are due, but by the price of the terms %s hashes cost %d", c.Due, billable, due)
		}
	case lease.Hosted:
		free = prices.Power == nil && prices.RigFee == nil
	case lease.VirtualHosted:
		free = prices.Slice == nil
	}
	if free && c.Due != 0 {
		return fmt.Errorf("%d sat are due, but the terms have no price for model %s", c.Due, v.s.Model)
	}
	return nil
}

// contracted is the work that was contracted from the lease's start to a
// moment, but for pauses.
func (v *verifier) contracted(throughMs int64) *big.Int {
	ms := max(min(throughMs, v.s.Period.ToMs)-v.s.Period.FromMs, 0)
	work := v.s.ContractedHps.Work().Big()
	return work.Mul(work, big.NewInt(ms)).Quo(work, big.NewInt(1000))
}

// checkCredit checks that credits and the exit's fee are such as the terms
// know.
func (c *Charges) checkCredit(terms *lease.Terms) error {
	if credit := c.Credited + c.PaidBack; credit > 0 && terms.SLA == nil || credit > c.Charged {
		return fmt.Errorf("%d sat credited of %d charged are not possible under the terms", credit, c.Charged)
	}
	ppm := int64(0)
	if terms.Prices != nil {
		ppm = terms.Prices.EarlyExitPPM
	}
	most := new(big.Int).Mul(big.NewInt(c.ExitFee+c.Refunded), big.NewInt(ppm))
	if most.Quo(most, big.NewInt(million)); most.Cmp(big.NewInt(c.ExitFee)) < 0 {
		return fmt.Errorf("leaving early cost %d sat of %d, the terms allow %d ppm", c.ExitFee, c.ExitFee+c.Refunded, ppm)
	}
	return nil
}

// uncheckedOfCharges says what a bundle does not show of charges.
func (v *verifier) uncheckedOfCharges() []string {
	c := v.s.Charges
	if c == nil {
		return nil
	}
	list := []string{"what came in, how hours stand by the SLA, what was credited, refunded and corrected: the provider's word; compare your own payments"}
	if c.Due > 0 && v.s.Model != lease.Leased {
		list = append(list, fmt.Sprintf("what was due: what machines, processors or energy a lease of model %s used is the provider's word", v.s.Model))
	}
	if v.s.Model == lease.VirtualHosted {
		list = append(list, "that nobody else had the processors: work for others on them leaves no trace in the bundle")
	}
	return list
}
