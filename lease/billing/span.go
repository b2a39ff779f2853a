package billing

import (
	"cmp"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// span is the time [from, to) in Unix milliseconds.
type span struct{ from, to int64 }

// hourSpan is the whole of an hour since 1970.
func hourSpan(hour int64) span {
	return span{hour * lease.MsPerHour, (hour + 1) * lease.MsPerHour}
}

// cut is what of x lies in s; false for nothing. An x without end has to = 0.
func (s span) cut(x span) (span, bool) {
	if x.to == 0 {
		x.to = s.to
	}
	x = span{max(s.from, x.from), min(s.to, x.to)}
	return x, x.from < x.to
}

// union is the time that is in any of the spans, as disjoint spans in order.
func union(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// unpaused is the time in s that is in the lease's term and in none of its
// pauses, whoever paused it.
func unpaused(l *lease.Lease, s span) []span {
	s, ok := s.cut(span{l.StartMs, l.StopMs()})
	if !ok {
		return nil
	}
	var off []span
	for i := range l.Pauses {
		if p, ok := s.cut(span{l.Pauses[i].FromMs, l.Pauses[i].ToMs}); ok {
			off = append(off, p)
		}
	}
	var out []span
	for _, p := range union(off) {
		if s.from < p.from {
			out = append(out, span{s.from, p.from})
		}
		s.from = p.to
	}
	if s.from < s.to {
		out = append(out, s)
	}
	return out
}

// nextOwed is the first hour in [from, to] of which something is owed; false
// when there is none.
func nextOwed(l *lease.Lease, from, to int64) (int64, bool) {
	owed := func(last int64) bool {
		return l.OwedMs(from*lease.MsPerHour, (last+1)*lease.MsPerHour) > 0
	}
	if from > to || !owed(to) {
		return 0, false
	}
	lo, hi := from, to // the last hour is one
	for lo < hi {
		if mid := lo + (hi-lo)/2; owed(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, true
}
