package stratum

import "github.com/hashlease/hashlease/miner"

// maxRecent is how many hashes a recent surely remembers; it holds at most
// twice as many. A pool that makes nearly every hash a share would otherwise
// fill the memory.
const maxRecent = 1 << 16

// recent is a Seen of bounded size, which forgets the oldest hashes.
type recent struct{ older, newer Seen }

// Add reports whether h is new, and remembers it.
func (r *recent) Add(h miner.Hash) bool {
	if r.older.Has(h) || !r.newer.Add(h) {
		return false
	}
	if r.newer.Len() == maxRecent {
		r.older, r.newer = r.newer, Seen{}
	}
	return true
}

// Reset forgets everything.
func (r *recent) Reset() { *r = recent{} }
