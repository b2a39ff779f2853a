package render

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
)

// share is what of the contracted was delivered: by the work of the settled
// hours where something was owed in them, else by the rates.
func (w *writer) share() (text, of string) {
	if !w.m.all.contracted.IsZero() {
		of = "of the work owed"
		if w.s.State != bundle.Final {
			of = "of the work owed in settled hours"
		}
		return percent(w.m.all.proven.Big(), w.m.all.contracted.Big()), of
	}
	return percent(w.d.DeliveredHps.Work().Big(), w.s.ContractedHps.Work().Big()), "of the contracted rate"
}

// interval names the unit once where both ends have the same.
func (w *writer) interval() string {
	low, high := w.c.rate(w.d.IntervalHps[0].Work(), false), w.c.rate(w.d.IntervalHps[1].Work(), true)
	number, unit, _ := strings.Cut(low, nbsp)
	if strings.HasSuffix(high, nbsp+unit) {
		low = number
	}
	return low + " to " + high
}

func (w *writer) delivery() []block {
	s, open := w.s, w.s.State != bundle.Final
	d := &s.Delivery
	share, of := w.share()
	mean := "mean of the whole period"
	if term := s.TermMs(); term < s.Period.ToMs-s.Period.FromMs {
		mean = "mean of the period’s " + span(term) + " within the term"
	}
	facts := []fact{
		{Label: "Contracted", Value: w.c.rate(s.ContractedHps.Work(), false), Note: "SHA-256d; one receipt planned per " + span(s.ProofMs) + " of it"},
		{Label: "Delivered", Value: w.c.rate(w.d.DeliveredHps.Work(), false), Note: mean + "; " + share + " " + of, Open: open},
		{Label: "95 % interval", Value: w.interval(), Note: "of the rate that the receipts are evidence of", Open: open},
		{Label: "Proven work", Value: hashes(d.ProvenWork.Work()), Note: groupDigits(d.ProvenWork.Work().String()) + " hashes expected behind the receipts", Open: open},
		{Label: "Counted", Value: hashes(d.CountedHashes.Work()), Note: w.counted(), Open: open},
		{Label: "Receipts", Value: group(d.Receipts), Note: refused(d), Open: open},
	}
	if n := w.m.all.owedMs; n > 0 && n < w.m.settledMs() {
		facts = append(facts, fact{Label: "Owed", Value: span(w.m.all.owedMs), Note: "of the " + span(w.m.settledMs()) + " settled: the rest was outside the term or paused"})
	}
	facts = append(facts, w.running())
	if d.Batches > 0 {
		facts = append(facts, fact{Label: "In the log", Value: count(d.Batches, "batch", "batches"),
			Note: "of receipts, from leaf " + group(d.FirstLeaf) + " to leaf " + group(d.LastLeaf)})
	}
	blocks := []block{{Facts: facts}}
	if c := w.chartOf(); c != nil {
		blocks = append(blocks, block{Chart: c}, block{Table: w.m.table(s, w.c)},
			block{Note: "Rates are means over the time of each line, rounded down. More than was owed in one hour makes up for less in another of the same UTC day. The figures of every hour are in the CSV of hours."})
	} else if open {
		blocks = append(blocks, block{Text: "No hour of this period is settled yet: there is nothing to chart."})
	} else {
		blocks = append(blocks, block{Text: "Nothing was owed or delivered in any hour of this period."})
	}
	return blocks
}

// counted tells how the engine's own count compares. All receipts of a lease
// are of the work of its target.
func (w *writer) counted() string {
	d := &w.s.Delivery
	c := d.CountedHashes.Work()
	if c.IsZero() {
		return "no engine of the provider’s counted hashes: machines do not tell theirs"
	}
	var e lease.Evidence
	e.AddN(w.s.Target().Work(), uint64(max(d.Receipts, 0)))
	return percent(d.ProvenWork.Work().Big(), c.Big()) + " of it proven, " + signedMilli(e.ZMilli(c, w.s.PlannedWork())) +
		" standard deviations of luck away; the provider’s own count"
}

// running tells how long the node ran. Where the term is only a part of the
// period, that is no share of anything.
func (w *writer) running() fact {
	p, open := w.s.Period, w.s.State != bundle.Final
	length := p.ToMs - p.FromMs
	if w.s.TermMs() < length {
		return fact{Label: "Node running", Value: span(p.RunningMs), Note: "of the period’s " + span(length), Open: open}
	}
	return fact{Label: "Node running", Value: percentOf(p.RunningMs, length), Note: span(p.RunningMs) + " of " + span(length), Open: open}
}

// refused tells how many shares were no receipts, and why.
func refused(d *bundle.Delivery) string {
	all := new(big.Int).SetInt64(max(d.Receipts, 0))
	rejected, stale := new(big.Int).SetUint64(d.Rejected), new(big.Int).SetUint64(d.Stale)
	all.Add(all, rejected).Add(all, stale)
	if all.Sign() == 0 {
		return "and no other share"
	}
	text := "besides, rejected " + groupDigits(rejected.String()) + " (" + percent(rejected, all) + "), stale " + groupDigits(stale.String()) + " (" + percent(stale, all) + ")"
	why := ""
	for _, reason := range slices.Sorted(maps.Keys(d.Verdicts)) {
		if reason != lease.Stale {
			why += ", " + clean(reason) + nbsp + groupDigits(new(big.Int).SetUint64(d.Verdicts[reason]).String())
		}
	}
	if why != "" {
		text += "; rejected were" + why[1:]
	}
	return text
}

// answers are what the first screen says.
func (w *writer) answers() []answer {
	s := w.s
	share, of := w.share()
	all := []answer{{
		Question: "What did I get?", Value: w.c.rate(w.d.DeliveredHps.Work(), false),
		Notes: []string{share + " " + of, "contracted " + w.c.rate(s.ContractedHps.Work(), false), "95 % interval " + w.interval()},
	}}
	pay := answer{Question: "What did I pay?", Value: "Nothing", Notes: []string{"the terms have no prices"}}
	if c := s.Charges; c != nil {
		pay.Value, pay.Notes = sats(c.Charged), []string{coins(c.Charged) + " " + w.x.Unit}
		if s.Model == lease.Leased && !c.Billable.Work().IsZero() {
			pay.Notes = append(pay.Notes, "for "+hashes(c.Billable.Work())+" of proven work")
		}
		if len(s.Hours) == 0 && s.State != bundle.Final {
			pay.Notes = append(pay.Notes, "no hour is settled yet")
		}
		if c.Charged < c.Due {
			pay.Notes = append(pay.Notes, sats(c.Due-c.Charged)+" more were due and are waived")
		}
	}
	all = append(all, pay, w.slaAnswer())
	check := answer{Question: "Can I check it?", Value: "Yes, yourself"}
	if n := s.Delivery.Receipts; n > 0 {
		check.Notes = []string{count(n, "proof of work", "proofs of work") + " in the bundle", "offline, without trusting the provider", "how: see Proof"}
	} else {
		check.Notes = []string{"nothing was mined: there are no receipts", "the books are in the log", "how: see Proof"}
	}
	return append(all, check)
}
