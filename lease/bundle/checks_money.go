package bundle

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// gather is what the checks of the contract and of money compare with.
func (v *verifier) gather() *facts {
	if v.facts == nil {
		v.facts = newFacts(v.s)
	}
	return v.facts
}

// eachTemplate takes in the template of a job's leaf, in the order of the log;
// t is nil for one that is unsound.
func (v *verifier) eachTemplate(j *jobLeaf, t *receipt.Template, unsound error) {
	f := v.gather()
	for ; f.termsSeen < len(v.kept); f.termsSeen++ {
		if l := &v.kept[f.termsSeen]; l.kind == translog.KindTerms {
			f.fail("terms", l.index, f.addTerms(l))
		}
	}
	f.addJob(j, t, unsound)
}

// checkContract checks what the statement says of the contract, by the terms and
// the lease's leaves.
func (v *verifier) checkContract() {
	f := v.gather()
	for i := range v.kept {
		f.addLeaf(&v.kept[i])
		if l := &v.kept[i]; l.kind == translog.KindTerms && i >= f.termsSeen {
			f.fail("terms", l.index, f.addTerms(l))
		}
	}
	f.batches, f.splits = v.batches, v.splits
	v.pin("tenant-key", "tenant's key", v.TenantKey, v.s.TenantKey)
	v.report("terms", f.checkTerms(), "%x, in the log before the contract", v.s.Terms)
	v.report("contract", f.checkContract(), "the statement's is that of %d leaves of lease %s, which change nothing that may not change; its tag is %x",
		len(f.contracts), v.s.Lease, v.s.Tag)
	v.report("period", f.checkPeriod(), "%s", f.periodDetail())
}

// checkTemplates checks what jobs pay.
func (v *verifier) checkTemplates() {
	f := v.gather()
	v.report("templates", f.checkTemplates(v.jobs), "%d well-formed, each of the lease's terms and of a kind that its contract knows", len(f.jobs))
	if v.s.Pool != nil {
		v.report("outputs", f.wrong["outputs"], "none that pays anything pays the script of the house")
		v.r.NotApplicable = append(v.r.NotApplicable, "fee and scheme: the pool pays the tenant itself")
		return
	}
	if f.terms == nil {
		f.fail("outputs", -1, errNoTerms)
		f.fail("fee", -1, errNoTerms)
		f.fail("scheme", -1, errNoTerms)
		v.report("outputs", f.wrong["outputs"], "")
		v.report("fee", f.wrong["fee"], "")
		v.report("scheme", f.wrong["scheme"], "")
		return
	}
	v.report("outputs", f.wrong["outputs"], "every output that pays anything pays the script of the terms, or leases their part of the split")
	v.report("fee", f.wrong["fee"], "%d ppm of each block, as in the terms", f.terms.FeePPM)
	v.report("scheme", f.wrong["scheme"], "jobs have the form of %s", f.terms.Scheme)
}

var errNoTerms = errors.New("the terms are not there")

// checkMoney checks what was charged, credited and paid. What cannot be told from
// the bundle it says.
func (v *verifier) checkMoney() {
	f, s := v.gather(), v.s
	f.tallies = v.hashed.tallies
	v.report("meter", f.checkMeter(), "%s", f.meterDetail())
	v.report("hours", f.checkHours(), "%d settled hours, each in the log with the figures here, and with the work of its batches", len(s.Hours))
	v.report("charges", f.checkCharges(), "%s", f.chargesDetail())
	v.report("energy", f.checkEnergy(), "%s", f.energyDetail())
	v.report("earned", f.checkEarned(), "%s", f.earnedDetail())
	v.report("sla", f.checkService(), "%s", f.serviceDetail())
	v.report("books", f.checkBooks(), "%s", f.booksDetail())
	err := f.checkRewards(v.templates)
	if err == nil {
		err = v.checkFound()
	}
	v.report("rewards", err, "%d blocks rebuilt, each booked by its frozen split", len(s.Rewards))
	v.report("pool", f.checkPool(), "%s", f.poolDetail())
	v.report("house-pool", f.checkHousePool(), "%s", f.housePoolDetail())
	v.report("incomes", f.checkIncomes(), "%s", f.incomesDetail())
	counted, err := f.checkCounted()
	v.report("counted", err, "%s", counted)
	v.checkUpstream()
	v.report("derived", f.checkDerived(v.derived), "delivered %s H/s, 95 %% within %s to %s", v.r.DeliveredHps.Work(), v.r.IntervalHps[0].Work(), v.r.IntervalHps[1].Work())
	v.r.PaidTo = f.directScripts(v.templates)
	for _, what := range f.unchecked() {
		v.word(what)
	}
	if len(v.r.PaidTo) > 0 {
		v.word(fmt.Sprintf("that the scripts which coinbases paid the lease to are the tenant's own: %s", strings.Join(v.r.PaidTo, ", ")))
	}
}
