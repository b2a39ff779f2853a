package leaf

import (
	"math/big"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Bounds of what a leaf names.
const (
	maxName = 255 // bytes of a lease's ID, a source, a kind
	maxBits = 256 // of a sum of squares
)

// check tells what is wrong with a public part, "" if nothing is, and whether a
// private part belongs to it.
func check(doc any) (why string, private bool) {
	switch d := doc.(type) {
	case *Terms:
		if !isObject(d.Terms) {
			why = "the terms are no JSON object"
		}
	case *Lease:
		return d.check(), true
	case *Job:
		switch {
		case d.CreatedMs < 0:
			why = "it was made before 1970"
		case !isObject(d.Template):
			why = "the template is no JSON object"
		}
	case *Placement:
		why = d.check()
	case *Batch:
		why = d.check()
	case *Block:
		why = d.check()
	case *Transaction:
		if !isName(d.Kind) || d.Part < 0 || d.Part >= d.Parts {
			why = "no kind, or no such part"
		}
		return why, true
	case *Service:
		return d.check(), d.About != AboutExclusionEnd
	case *Statement:
		if !isName(d.Lease) || d.FromMs >= d.ToMs || d.Number < 1 {
			why = "no lease, period or number"
		}
	case *TagMap:
		if d.Entries < 0 || d.AtMs < 0 {
			why = "less than no entries, or of before 1970"
		}
	}
	return why, false
}

// checkPrivate tells what is wrong with a private part.
func checkPrivate(doc any) string {
	switch d := doc.(type) {
	case *LeasePrivate:
		if !isName(d.Tenant) {
			return "no tenant"
		}
		for i := range d.Pauses {
			if p := &d.Pauses[i]; p.Number < 0 || p.ToMs != 0 && p.ToMs < p.FromMs || i > 0 && p.Number <= d.Pauses[i-1].Number {
				return "a pause that cannot be"
			}
		}
	case *TransactionPrivate:
		if d.Key == "" || d.Number < 0 || d.Postings == nil {
			return "no key, number or postings"
		}
	case *lease.SettledHour:
		if !isName(d.Lease) {
			return "no lease"
		}
	}
	return ""
}

func (d *Lease) check() string {
	switch {
	case !isName(d.Lease):
		return "no lease"
	case d.Model != lease.Leased && d.Model != lease.Hosted && d.Model != lease.VirtualHosted:
		return "an unknown model"
	case d.ContractedHps.Work().IsZero() || d.ProofMs <= 0:
		return "no rate, or no time of a proof"
	case d.EndMs != 0 && (d.StopMs == 0 || d.StopMs > d.EndMs):
		return "it stops after its term"
	case !knownDestinations(d.Destinations):
		return "destinations that cannot be"
	}
	return ""
}

func knownDestinations(d []string) bool {
	return slices.Equal(d, []string{DestinationHouse}) || slices.Equal(d, []string{DestinationPool}) ||
		slices.Equal(d, []string{DestinationHouse, DestinationPool})
}

func (d *Placement) check() string {
	if !isName(d.Source) || d.Part < 0 || d.Part >= d.Parts || len(d.Work) == 0 {
		return "no source, part or work"
	}
	for i := range d.Work {
		if w := &d.Work[i]; !isName(w.Lease) || i > 0 && w.Lease <= d.Work[i-1].Lease {
			return "a lease twice, or not in order"
		}
	}
	return ""
}

func (d *Batch) check() string {
	sq, ok := new(big.Int).SetString(d.SumSq, 10)
	switch {
	case !isName(d.Lease) || d.Number < 0:
		return "no lease, or no number"
	case d.FromMs < 0 || d.FromMs >= d.ToMs || d.FromMs/lease.BatchMs != (d.ToMs-1)/lease.BatchMs:
		return "it is not within one window"
	case d.N < 1 || d.Sum.Work().IsZero():
		return "no receipts, or no work"
	case !ok || sq.Sign() <= 0 || sq.BitLen() > maxBits || sq.String() != d.SumSq:
		return "a sum of squares that cannot be"
	}
	return ""
}

func (d *Block) check() string {
	switch d.State {
	case lease.Candidate, lease.Adopted, lease.Mature, lease.Orphaned, lease.Rejected:
	default:
		return "an unknown state"
	}
	if d.Job < 0 || d.Appearances < 0 || !isName(d.Lease) {
		return "no job, or no lease"
	}
	return ""
}

func (d *Service) check() string {
	exclusion := d.Exclusion > 0 && d.FromMs > 0 && (d.ToMs == 0 || d.ToMs >= d.FromMs) &&
		(d.Kind == lease.ExcludeMaintenance || d.Kind == lease.ExcludePool) && d.Hour == 0 && d.Window == ""
	switch d.About {
	case AboutHour:
		switch d.Window {
		case lease.WindowIdle, lease.WindowUp, lease.WindowDown, lease.WindowExcluded:
		default:
			return "an unknown kind of window"
		}
		none := d.Exclusion == 0 && d.Kind == "" && d.AnnouncedMs == 0 && d.FromMs == 0 && d.ToMs == 0
		if !isName(d.Lease) || d.Hour <= 0 || !none {
			return "not just the hour of a lease"
		}
	case AboutExclusion:
		if !exclusion {
			return "an exclusion that cannot be"
		}
	case AboutExclusionEnd:
		if !exclusion || d.ToMs == 0 {
			return "the end of an exclusion that cannot be"
		}
	default:
		return "about nothing that is known"
	}
	return ""
}

// isName tells whether something is named, as all that has a Ref is.
func isName(s string) bool { return s != "" && len(s) <= maxName && !strings.ContainsRune(s, 0) }

// isObject tells whether a JSON value is an object.
func isObject(text []byte) bool { return len(text) > 0 && text[0] == '{' }
