package auditor

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
)

// sourced is the last placement of a source.
type sourced struct {
	hour        int64
	part, parts int
	lease       string // the last one in it
}

func (a *Auditor) addPlacement(i int64, d *leaf.Placement) {
	last, known := a.sources[d.Source]
	unfinished := known && last.part+1 < last.parts
	switch {
	case unfinished && (d.Hour != last.hour || d.Part != last.part+1 || d.Parts != last.parts):
		a.found(Placements, i, "source %s: part %d of %d of hour %d follows part %d of %d of hour %d", d.Source, d.Part, d.Parts, d.Hour, last.part, last.parts, last.hour)
	case !unfinished && d.Part != 0:
		a.found(Placements, i, "source %s: hour %d begins with part %d", d.Source, d.Hour, d.Part)
	case !unfinished && known && d.Hour <= last.hour:
		a.found(Placements, i, "source %s: hour %d comes after hour %d, or twice", d.Source, d.Hour, last.hour)
	case unfinished && d.Work[0].Lease <= last.lease:
		a.found(Placements, i, "source %s: hour %d has lease %s twice, or out of order", d.Source, d.Hour, d.Work[0].Lease)
	}
	a.sources[d.Source] = sourced{d.Hour, d.Part, d.Parts, d.Work[len(d.Work)-1].Lease}
	a.settled[d.Hour] = true
	for k := range d.Work {
		w := &d.Work[k]
		if w.Lease != lease.House && a.leases[w.Lease] == nil {
			a.found(Placements, i, "source %s worked for lease %s, which is not in the log before it", d.Source, w.Lease)
		}
		if w.Receipts == 0 && w.Proven.Work().IsZero() {
			continue
		}
		key := leaseHour{d.Hour, w.Lease}
		h := a.hours[key]
		h.placed, h.placedIn, h.leaf = h.placed.Add(w.Proven.Work()), h.placedIn+w.Receipts, i
		a.put(key, &h)
	}
}

// finishPlacements looks at the hours of leases that are not equal. Those that
// were not settled, or not sealed as a whole, may still become so.
func (a *Auditor) finishPlacements() {
	for source, last := range a.sources {
		if last.part+1 < last.parts {
			a.found(Placements, -1, "source %s: hour %d ends with part %d of %d", source, last.hour, last.part, last.parts)
		}
	}
	keys := slices.SortedFunc(maps.Keys(a.hours), func(x, y leaseHour) int {
		if x.hour != y.hour {
			return int(min(max(x.hour-y.hour, -1), 1))
		}
		return strings.Compare(x.lease, y.lease)
	})
	for _, key := range keys {
		b := a.hours[key]
		if !a.settled[key.hour] || a.sealedMs/lease.MsPerHour <= key.hour {
			continue
		}
		a.found(Placements, b.leaf, "hour %d of lease %s: sources proved %v by %d receipts, batches %v by %d", key.hour, key.lease, b.placed, b.placedIn, b.proven, b.receipts)
	}
}
