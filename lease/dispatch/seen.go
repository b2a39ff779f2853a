package dispatch

import (
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// How many previous blocks' headers are remembered, and for how long after the
// last share: pools may announce any number of them. What is forgotten is read
// from the store again, where it is by then.
const (
	maxSeen  = 256
	seenTime = 20 * storePatience
)

// headers are the hashes that count already, by the block they build on,
// whoever's job they were found on: a header counts once, though two pools
// should hand out the same work, or one go back to an earlier block.
type headers map[miner.Hash]*seenOn

// seenOn are those on one block.
type seenOn struct {
	stratum.Seen
	loaded bool // it holds what the store has
	used   time.Time
}

// on returns what is remembered of a block.
func (h headers) on(prev miner.Hash, now time.Time) *seenOn {
	s := h[prev]
	if s == nil {
		h.forget(now)
		s = new(seenOn)
		h[prev] = s
	}
	s.used = now
	return s
}

// forget makes room for another block.
func (h headers) forget(now time.Time) {
	var oldest miner.Hash
	for prev, s := range h {
		if now.Sub(s.used) > seenTime {
			delete(h, prev)
		} else if old := h[oldest]; old == nil || s.used.Before(old.used) {
			oldest = prev
		}
	}
	if len(h) >= maxSeen {
		delete(h, oldest)
	}
}
