package stratum

import (
	"fmt"
	"maps"
	"math/bits"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// ClientStats is what happened to a Client since it was made.
type ClientStats struct {
	Pool       string           // address of the present pool; "" when there is none
	User       string           // there
	Since      time.Time        // of the present connection's first job
	Difficulty miner.Difficulty // of the newest issue handed on
	Mask       uint32           // version bits of the newest issue

	Accepted   uint64            // shares
	Rejected   map[string]uint64 // by the pool, by reason
	Unsent     map[string]uint64 // kept back, by reason
	Unanswered uint64            // the connection ended before the answer
	Work       miner.Work        // expected hashes of the accepted shares, at their jobs' targets
	Latency    Latency           // from Submit to the answer

	Connects  uint64 // connections that gave work
	Failures  uint64 // connections lost, and attempts that came to nothing
	LastError string // of the last failure
}

// RejectedTotal returns the rejected shares of all reasons.
func (s *ClientStats) RejectedTotal() (n uint64) {
	for _, v := range s.Rejected {
		n += v
	}
	return n
}

// Stats returns a snapshot.
func (c *Client) Stats() ClientStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats.ClientStats
	s.Rejected, s.Unsent = maps.Clone(s.Rejected), maps.Clone(s.Unsent)
	s.Latency = c.stats.latency.summary()
	if a := c.active; a != nil {
		s.Pool, s.User, s.Since = a.endpoint.String(), a.pool.User, c.stats.since
		s.Difficulty, s.Mask = c.stats.newest.Target.Difficulty(), c.stats.newest.Mask
	}
	return s
}

// counters collect ClientStats, under Client.mu.
type counters struct {
	ClientStats
	latency histogram
	since   time.Time
	newest  *Issue
}

func (n *counters) connected(now time.Time) {
	n.Connects++
	n.since = now
}

func (n *counters) failed(s *session, err error) {
	n.Failures++
	n.LastError = Printable(fmt.Sprintf("%s: %v", s.endpoint, err), maxErrorText)
}

func (n *counters) verdict(issue *Issue, v Verdict) {
	switch {
	case v.Accepted:
		n.Accepted++
		n.Work = n.Work.Add(issue.Target.Work())
	case !v.Sent:
		count(&n.Unsent, v.Reason)
	case v.Reason == ReasonUnanswered:
		n.Unanswered++
		return
	default:
		count(&n.Rejected, v.Reason)
	}
	if v.Sent {
		n.latency.add(v.Latency)
	}
}

func count(m *map[string]uint64, key string) {
	if *m == nil {
		*m = make(map[string]uint64)
	}
	(*m)[key]++
}

// Latency sums up durations: the value that half, nine tenths and 99 of 100
// do not exceed, each rounded up by at most a quarter, and the largest.
type Latency struct {
	Count              uint64
	P50, P90, P99, Max time.Duration
}

// histogram counts durations in buckets of a quarter of an octave of
// microseconds.
type histogram struct {
	buckets [256]uint64
	count   uint64
	max     time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.count++
	h.max = max(h.max, d)
}

// bucketOf returns the bucket of a duration: its first bit's place and the
// two bits below it.
func bucketOf(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < 4 {
		return int(us)
	}
	shift := bits.Len64(us) - 3
	return 4*shift + int(us>>shift)
}

// bucketEnd returns the duration below which all of a bucket lie.
func bucketEnd(b int) time.Duration {
	if b < 4 {
		return time.Duration(b+1) * time.Microsecond
	}
	shift := b/4 - 1
	return time.Duration(uint64(b%4+5)<<shift) * time.Microsecond
}

func (h *histogram) summary() Latency {
	return Latency{Count: h.count, P50: h.quantile(50), P90: h.quantile(90), P99: h.quantile(99), Max: h.max}
}

func (h *histogram) quantile(percent uint64) time.Duration {
	rank := (h.count*percent + 99) / 100
	var sum uint64
	for b, n := range h.buckets {
		if sum += n; n > 0 && sum >= rank {
			return min(bucketEnd(b), h.max)
		}
	}
	return 0
}

// hex32 writes version bits as the protocol does.
func hex32(n uint32) string { return fmt.Sprintf("%08x", n) }
