package render

import (
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// result sets what the lease cost against what it earned.
func (w *writer) result() []block {
	s, open := w.s, w.s.State != bundle.Final
	used, credited := -lines(s, ledger.KindUsage, ledger.KindPower, ledger.KindExit), s.Credited()
	corrected := lines(s, ledger.KindReversal)
	cost := fact{Label: "Cost", Value: sats(used - credited), Note: "used " + sats(used) + ", credited by the SLA " + sats(credited), Open: open}
	facts := []fact{cost}
	if corrected != 0 {
		facts = append(facts, fact{Label: "Corrections", Value: signedSats(corrected), Note: "of mistakes, in your favour where positive", Open: open})
	}
	if s.Pool != nil {
		return []block{{Facts: append(facts, fact{Label: "Coins", Value: dash, Note: "what your pool paid you is not known to the provider"})}}
	}
	earned := s.Earned()
	var pending, direct int64
	for i := range s.Rewards {
		r := &s.Rewards[i]
		if r.State == lease.Adopted {
			pending += r.Sat
		}
		if r.State == lease.Mature {
			direct += r.Direct
		}
	}
	note := "booked in the period"
	if pending > 0 {
		note += "; of blocks not mature yet, " + sats(pending)
	}
	if direct > 0 {
		note += "; paid by blocks themselves, " + sats(direct)
	}
	facts = append(facts, fact{Label: "Coins", Value: sats(earned), Note: note, Open: open || pending > 0})
	if s.Charges != nil {
		note := "coins less cost"
		if corrected != 0 {
			note += ", with corrections"
		}
		facts = append(facts, fact{Label: "Net", Value: signedSats(earned - used + credited + corrected), Note: note, Open: open || pending > 0})
	}
	return []block{{Facts: facts}, {Note: "How likely such a result was is not stated here."}}
}

func signedSats(n int64) string {
	if n > 0 {
		return "+" + sats(n)
	}
	return sats(n)
}

// energy is what hosted rigs used.
func (w *writer) energy() []block {
	e := w.s.Energy
	if e == nil {
		return []block{{Text: "Energy is not metered for this lease."}}
	}
	fj := miner.Work(e.Used).Big()
	quality := "quality " + clean(e.Quality)
	if e.Quality == bundle.QualityNameplate {
		quality += ": the rigs’ nameplate efficiency times the proven work"
	}
	facts := []fact{{Label: "Energy", Value: ratio(fj, new(big.Int).Mul(big.NewInt(3_600_000), big.NewInt(1_000_000_000_000_000)), 3) + nbsp + "kWh", Note: quality, Open: w.s.State != bundle.Final, Guess: e.Quality == bundle.QualityNameplate}}
	if work := w.s.Delivery.ProvenWork.Work().Big(); work.Sign() > 0 {
		// J/TH = (fJ/10^15) / (H/10^12)
		facts = append(facts, fact{Label: "Efficiency", Value: ratio(fj, work.Mul(work, big.NewInt(1000)), 2) + nbsp + "J/TH", Note: "of proven work"})
	}
	return []block{{Facts: facts}, {Note: "Where the power comes from, and so its carbon, is not part of this statement."}}
}

func powerPrice(p *lease.Power) string {
	return sats(p.SatPerMWh) + " per MWh at a PUE of " + ratio(big.NewInt(p.PUEPPM), big.NewInt(1_000_000), 3)
}
