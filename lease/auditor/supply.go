package auditor

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/miner"
)

// HourState says how what was produced in an hour compares with what was leased.
type HourState string

// States of hours.
const (
	HourOpen     HourState = "open"     // only a part of it is sealed
	HourCovered  HourState = "covered"  // the upper bound of what was produced reaches what was leased
	HourShort    HourState = "short"    // it does not: an outage, or an oversell
	HourOversold HourState = "oversold" // it does not, though there was work in each window of it, nor did it in any such hour of the week before
)

// Hour compares what was leased with what was produced. A hosted lease brings
// its own machines: it counts on neither side. Work is in hashes.
type Hour struct {
	Hour     int64          `json:"hour"` // since 1970 UTC
	FromMs   int64          `json:"from_ms"`
	ToMs     int64          `json:"to_ms"`  // of what is sealed of it
	Leases   int            `json:"leases"` // that were in their terms
	Leased   lease.Quantity `json:"leased"` // contracted rates × time, rounded down
	Produced lease.Quantity `json:"produced"`
	Low      lease.Quantity `json:"low"`  // 95 % interval of the work that was done
	High     lease.Quantity `json:"high"` // of which the upper bound is compared
	Receipts uint64         `json:"receipts"`
	Worked   bool           `json:"worked"` // there are batches in each window of it
	State    HourState      `json:"state"`
}

const (
	weekHours = 7 * 24
	windows   = lease.MsPerHour / lease.BatchMs // of an hour
	maxHours  = 50 * 366 * 24                   // of a log: fifty years
)

// supply sums up batches by hour.
type supply struct {
	hoursOf map[int64]lease.Evidence
	worked  map[int64]uint16 // a bit for each window with batches
	firstMs int64            // of the first window; -1: none
	unit    miner.Work       // the largest work of a receipt, as far as batches tell
	full    int              // hours that were compared
}

func newSupply() supply {
	return supply{hoursOf: map[int64]lease.Evidence{}, worked: map[int64]uint16{}, firstMs: -1}
}

// add takes up a batch. The largest receipt is not in it: what stands for it is
// the mean that work weighs, Σw²/Σw, of the batch that has the largest. With one
// target a batch it is exact, and otherwise a bound of the same kind.
func (s *supply) add(a *Auditor, d *leaf.Batch) {
	if c := a.leases[d.Lease]; c != nil && c.first.Model == lease.Hosted {
		return
	}
	if s.firstMs < 0 || d.FromMs < s.firstMs {
		s.firstMs = d.FromMs
	}
	sq, _ := new(big.Int).SetString(d.SumSq, 10) // Read has seen to it
	mean := new(big.Int).Add(sq, d.Sum.Work().Big())
	mean.Sub(mean, big.NewInt(1)).Quo(mean, d.Sum.Work().Big())
	most, ok := miner.WorkFromBig(mean)
	if !ok {
		most = d.Sum.Work() // addBatch has noted that it cannot be
	}
	if most.Cmp(s.unit) > 0 {
		s.unit = most
	}
	hour := d.FromMs / lease.MsPerHour
	e := s.hoursOf[hour]
	e.Merge(lease.Evidence{N: uint64(d.N), Sum: d.Sum.Work(), SumSq: sq, Max: most})
	s.hoursOf[hour] = e
	s.worked[hour] |= 1 << (d.FromMs / lease.BatchMs % windows)
}

// hours compares each hour from the first batch to the last.
func (s *supply) hours(a *Auditor) []Hour {
	all := []Hour{}
	if s.firstMs < 0 {
		return all
	}
	first, last := s.firstMs/lease.MsPerHour, (a.sealedMs-1)/lease.MsPerHour
	if last-first >= maxHours {
		a.found(Batches, -1, "batches span %d hours: their times cannot be", last-first+1)
		return all
	}
	for h := first; h <= last; h++ {
		all = append(all, s.hour(a, h))
	}
	for i := range all {
		s.judge(a, all, i)
	}
	return all
}

// hour sums one up, as far as it is sealed.
func (s *supply) hour(a *Auditor, hour int64) Hour {
	h := Hour{Hour: hour, FromMs: max(hour*lease.MsPerHour, s.firstMs), ToMs: min((hour+1)*lease.MsPerHour, a.sealedMs)}
	var leased miner.Work // hashes a second × milliseconds
	for _, c := range a.leases {
		d := &c.last
		if d.Model == lease.Hosted {
			continue
		}
		from, to := max(h.FromMs, d.StartMs), h.ToMs
		if d.StopMs != 0 {
			to = min(to, d.StopMs)
		}
		if from < to {
			h.Leases++
			leased = leased.Add(d.ContractedHps.Work().Mul(uint64(to - from)))
		}
	}
	hashes, _ := miner.WorkFromBig(new(big.Int).Quo(leased.Big(), big.NewInt(1000)))
	e := s.hoursOf[hour]
	low, high := e.Interval(s.unit)
	h.Leased, h.Produced, h.Low, h.High = lease.Quantity(hashes), lease.Quantity(e.Sum), lease.Quantity(low), lease.Quantity(high)
	h.Receipts, h.Worked = e.N, s.worked[hour] == 1<<windows-1
	if h.ToMs-h.FromMs < lease.MsPerHour {
		h.State = HourOpen
	}
	return h
}

// judge compares a full hour with what was leased in it. One that is short, and
// in which the provider worked all the time, is compared with the best of such
// hours in a week: whoever never came up to what it leases has sold too much,
// and who did has had an outage.
func (s *supply) judge(a *Auditor, all []Hour, i int) {
	h := &all[i]
	if h.State == HourOpen {
		return
	}
	s.full++
	leased := h.Leased.Work()
	if h.High.Work().Cmp(leased) >= 0 {
		h.State = HourCovered
		return
	}
	h.State = HourShort
	if !h.Worked {
		return
	}
	best := h.High.Work()
	for k := max(0, i-weekHours+1); k < i; k++ {
		if w := all[k].High.Work(); all[k].Worked && w.Cmp(best) > 0 {
			best = w
		}
	}
	if best.Cmp(leased) < 0 {
		h.State = HourOversold
		a.found(Oversell, -1, "oversold in hour %d: %v hashes were leased, and in no hour of the week before were more than %v made (97.5 %% bound)", h.Hour, leased, best)
	}
}

// compared says what was compared, "" if nothing.
func (s *supply) compared(r *Report) string {
	if s.full == 0 {
		return ""
	}
	return fmt.Sprintf("%s: no more was leased than has been produced; %d short of what was leased", count(s.full, "full hour", "full hours"), r.Short)
}
