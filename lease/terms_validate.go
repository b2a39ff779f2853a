package lease

import (
	"encoding/hex"
	"fmt"
)

// MaxTerms bounds the document of terms, in bytes: it has room in a leaf of the
// log.
const MaxTerms = 65_000

// Validate checks that the terms can be carried out. Whether a reserve is
// enough depends on the coin's reward, and is asked where that is known.
func (t *Terms) Validate() error {
	switch t.Format {
	case TermsFormat:
	case TermsFormat1:
		if t.PPLNS != nil || t.Reserve != nil || t.Direct != nil || t.Prices != nil || t.SLA != nil || t.Payout != nil || t.Scheme != SchemeTides {
			return fmt.Errorf("terms of format %s hold what only %s may", TermsFormat1, TermsFormat)
		}
	default:
		return fmt.Errorf("terms of format %.40q: want %s", t.Format, TermsFormat)
	}
	switch b, err := Canonical(t); {
	case err != nil:
		return fmt.Errorf("terms: %w", err)
	case len(b) > MaxTerms:
		return fmt.Errorf("terms of %d bytes: want at most %d; the text may name a longer document by its hash", len(b), MaxTerms)
	}
	if t.FeePPM < 0 || t.FeePPM > million {
		return fmt.Errorf("terms: fee of %d ppm, want 0 to 1000000", t.FeePPM)
	}
	if t.Tides.NetworkMultiple < 1 || t.Tides.MaxDays < 1 || t.Tides.MinSec < 1 {
		return fmt.Errorf("terms: the TIDES window needs positive bounds, has %+v", t.Tides)
	}
	if b, err := hex.DecodeString(t.HouseScript); err != nil || len(b) == 0 {
		return fmt.Errorf("terms: house script %.80q: want hexadecimal bytes", t.HouseScript)
	}
	if err := t.validateScheme(); err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	if err := t.Prices.validate(); err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	if t.SLA != nil {
		if err := t.SLA.Validate(); err != nil {
			return fmt.Errorf("terms: %w", err)
		}
	}
	if p := t.Payout; p != nil && (p.MinSat < 0 || p.MinSat > MaxSat || p.AddressDelayMs < 0 || p.AddressDelayMs > MaxAddressDelayMs) {
		return fmt.Errorf("terms: payouts from %d sat on, addresses after %d ms: want 0 to %d, and 0 to %d",
			p.MinSat, p.AddressDelayMs, int64(MaxSat), int64(MaxAddressDelayMs))
	}
	return nil
}

// validateScheme refuses on purpose: proportional, and the family of shared
// maximum pay per share (Rosenfeld, "Analysis of Bitcoin Pooled Mining Reward
// Systems", arXiv 1112.4980, sections 2.1, 4.2, 4.3 and 6.1).
func (t *Terms) validateScheme() error {
	byShare := t.Scheme == SchemePPS || t.Scheme == SchemeFPPS
	switch t.Scheme {
	case SchemeSolo, SchemeTides, SchemePPS, SchemeFPPS:
	case SchemePPLNS:
		if p := t.PPLNS; p == nil || p.XPPM < 1 || p.XPPM > MaxPPLNSPPM || p.CarryTo != CarryHouse {
			return fmt.Errorf("scheme %s: want a window of 1 to %d millionths of a block, carried to %q", t.Scheme, MaxPPLNSPPM, CarryHouse)
		}
	case "prop":
		return fmt.Errorf("scheme prop is not offered, because it can be hopped: a share is worth less the longer a round lasts, so who leaves early in each round takes from who stays; %s and %s pay a share the same whenever it comes", SchemePPLNS, SchemeTides)
	case "smpps", "esmpps", "rsmpps", "cppsrb":
		return fmt.Errorf("scheme %s is not offered, because the time in which its buffer recovers from bad luck is infinite on average, and who is owed then waits for as long; %s and %s pay from a stated reserve, %s and %s from blocks", t.Scheme, SchemePPS, SchemeFPPS, SchemePPLNS, SchemeTides)
	default:
		return fmt.Errorf("reward scheme %.30q: want %s, %s, %s, %s or %s", t.Scheme, SchemeTides, SchemePPLNS, SchemeSolo, SchemePPS, SchemeFPPS)
	}
	if t.PPLNS != nil && t.Scheme != SchemePPLNS {
		return fmt.Errorf("scheme %s has no window of %s", t.Scheme, SchemePPLNS)
	}
	switch r := t.Reserve; {
	case !byShare && r != nil:
		return fmt.Errorf("scheme %s needs no reserve", t.Scheme)
	case byShare && r == nil:
		return fmt.Errorf("scheme %s pays shares whether blocks are found or not: state the reserve that stands behind it", t.Scheme)
	case byShare && t.FeePPM == 0:
		return fmt.Errorf("scheme %s without a fee ruins the house sooner or later, whatever its reserve: set a fee", t.Scheme)
	case byShare && (r.Sat < 1 || r.Sat > MaxSat || r.RuinPPM < 1 || r.RuinPPM >= million):
		return fmt.Errorf("reserve of %d sat for a chance of ruin of %d ppm: want 1 to %d, and 1 to 999999", r.Sat, r.RuinPPM, int64(MaxSat))
	}
	if d := t.Direct; d != nil {
		if d.MaxOutputs < 2 || d.MaxOutputs > MaxDirectOutputs {
			return fmt.Errorf("coinbases with %d outputs: want 2 to %d", d.MaxOutputs, MaxDirectOutputs)
		}
		if byShare {
			return fmt.Errorf("scheme %s has paid the tenants already: its coinbases pay the house alone", t.Scheme)
		}
	}
	return nil
}

func (p *Prices) validate() error {
	if p == nil {
		return nil
	}
	if p.LowBudgetHours < 0 || p.LowBudgetHours > MaxLowBudgetHours {
		return fmt.Errorf("warning %d hours before the budget ends: want 0 to %d", p.LowBudgetHours, MaxLowBudgetHours)
	}
	if p.EarlyExitPPM < 0 || p.EarlyExitPPM > million {
		return fmt.Errorf("early exit costs %d ppm: want 0 to 1000000", p.EarlyExitPPM)
	}
	if p.Work != nil {
		if err := p.Work.Validate(); err != nil {
			return err
		}
	}
	if p.Power != nil {
		if err := p.Power.Validate(); err != nil {
			return err
		}
	}
	if p.RigFee != nil {
		if err := p.RigFee.Validate(); err != nil {
			return err
		}
	}
	if p.Slice != nil {
		return p.Slice.Validate()
	}
	return nil
}
