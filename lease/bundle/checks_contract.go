package bundle

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// checkTerms checks that the terms are in the log, and before the contract.
func (f *facts) checkTerms() error {
	switch {
	case f.wrong["terms"] != nil:
		return f.wrong["terms"]
	case f.terms == nil:
		return fmt.Errorf("no leaf has the terms %x", f.s.Terms)
	case len(f.contracts) > 0 && f.contracts[0].index < f.termsIndex:
		return fmt.Errorf("the terms became public with leaf %d, after the contract with leaf %d", f.termsIndex, f.contracts[0].index)
	}
	return nil
}

// checkContract compares the statement with the leaves of the lease, which may
// differ in few things.
func (f *facts) checkContract() error {
	if err := f.wrong["contract"]; err != nil {
		return err
	}
	c := f.contract()
	if c == nil {
		return errors.New("no leaf has the contract")
	}
	for i := 1; i < len(f.contracts); i++ {
		if err := f.contracts[i].follows(&f.contracts[i-1]); err != nil {
			return fmt.Errorf("leaf %d changes the contract of leaf %d: %w", f.contracts[i].index, f.contracts[i-1].index, err)
		}
	}
	l := f.lease()
	if c.ContractedHps.Work().Hi != 0 {
		return fmt.Errorf("a contracted rate of %s", c.ContractedHps.Work())
	}
	if err := l.Validate(); err != nil {
		return err
	}
	s := f.s
	tag := lease.NewTag(lease.TagInput{
		Provider: s.Provider[:], Lease: s.Lease, Tenant: s.TenantKey[:], Nonce: s.Nonce, Terms: lease.TermsHash(s.Terms),
	})
	return errors.Join(
		same("tag of this provider, lease, tenant, nonce and terms", receipt.B16(tag), s.Tag),
		same("tenant by the contract", c.private.Tenant, s.Tenant),
		same("tenant's key by the contract", c.private.TenantKey, s.TenantKey),
		same("provider's key by the contract", c.private.Provider, s.Provider),
		same("nonce by the contract", c.private.Nonce, s.Nonce),
		same("tag by the contract", c.Tag, s.Tag),
		same("hash of the terms by the contract", c.Terms, s.Terms),
		same("model by the contract", c.Model, s.Model),
		same("contracted rate by the contract", c.ContractedHps, s.ContractedHps),
		same("proof interval by the contract", c.ProofMs, s.ProofMs),
		same("start by the contract", c.StartMs, s.StartMs),
		same("end by the contract", c.StopMs, s.StopMs),
	)
}

// follows tells what of a contract changed that never may.
func (c *contractAt) follows(was *contractAt) error {
	closed := was.StopMs != was.EndMs
	switch {
	case c.Model != was.Model:
		return fmt.Errorf("its model was %s and is %s", was.Model, c.Model)
	case c.ContractedHps != was.ContractedHps || c.ProofMs != was.ProofMs:
		return fmt.Errorf("its rate was %s H/s with a proof in %d ms, and is %s in %d: that moves the target of its receipts",
			was.ContractedHps.Work(), was.ProofMs, c.ContractedHps.Work(), c.ProofMs)
	case c.Tag != was.Tag || c.Terms != was.Terms:
		return errors.New("its tag or its terms are others")
	case c.StartMs != was.StartMs:
		return fmt.Errorf("its start was %d and is %d ms", was.StartMs, c.StartMs)
	case c.private.Tenant != was.private.Tenant || c.private.TenantKey != was.private.TenantKey ||
		c.private.Nonce != was.private.Nonce || c.private.Provider != was.private.Provider:
		return errors.New("its tenant, a key or the nonce are others")
	case !slices.Equal(c.private.Rigs, was.private.Rigs) || !slices.Equal(c.private.Cores, was.private.Cores):
		return errors.New("its rigs or processors are others")
	case (len(c.private.PoolURLs) == 0) != (len(was.private.PoolURLs) == 0):
		return errors.New("it has a pool now, or has none any more")
	case c.EndMs != was.EndMs && (was.EndMs == 0 || c.EndMs != 0 && c.EndMs < was.EndMs):
		return fmt.Errorf("its term ended at %d and ends at %d ms: it only gets longer", was.EndMs, c.EndMs)
	case closed && (c.StopMs == 0 || c.StopMs > was.StopMs):
		return fmt.Errorf("it was closed at %d ms and goes on to %d", was.StopMs, c.StopMs)
	}
	return nil
}

// checkPeriod checks the time that the statement is about.
func (f *facts) checkPeriod() error {
	p, s := f.s.Period, f.s
	settled := p.ToMs%lease.MsPerHour == 0 && p.SettledMs == p.ToMs
	switch {
	case p.ToMs <= p.FromMs || p.FromMs%lease.MsPerHour != 0:
		return fmt.Errorf("from %d to %d ms is no period: want one that begins with a full hour", p.FromMs, p.ToMs)
	case p.FromMs < f.firstMs():
		return fmt.Errorf("it begins at %d ms, the lease at %d", p.FromMs, s.StartMs)
	case p.RunningMs > p.ToMs-p.FromMs:
		return fmt.Errorf("running for %d ms of %d", p.RunningMs, p.ToMs-p.FromMs)
	case p.SettledMs%lease.MsPerHour != 0 || p.SettledMs != 0 && p.SettledMs <= p.FromMs || p.SettledMs > p.ToMs:
		return fmt.Errorf("settled up to %d ms: want 0, or a full hour of the period", p.SettledMs)
	case settled != (s.State == Final):
		return fmt.Errorf("%s, but settled up to %d of %d ms", s.State, p.SettledMs, p.ToMs)
	}
	return nil
}

// firstMs is the beginning of the hour that the lease starts in.
func (f *facts) firstMs() int64 { return lease.HourOf(f.s.StartMs) * lease.MsPerHour }

// fromStart reports whether nothing of the lease was before the period.
func (f *facts) fromStart() bool { return f.s.Period.FromMs == f.firstMs() }

// same compares what was computed with what the statement says.
func same[T comparable](what string, have, want T) error {
	if have != want {
		return fmt.Errorf("%s is %v, the statement says %v", what, readable(have), readable(want))
	}
	return nil
}

// readable is bytes and quantities as people read them.
func readable(v any) any {
	switch v := v.(type) {
	case receipt.B16:
		return fmt.Sprintf("%x", v[:])
	case receipt.B32:
		return fmt.Sprintf("%x", v[:])
	case lease.Quantity:
		return v.Work()
	}
	return v
}
