package stratum

import (
	"slices"
	"sync"

	"github.com/hashlease/hashlease/miner"
)

// maxTips is how many previous blocks are remembered: the newest of each chain
// that lanes are on, which are more if need be, and those just left.
const maxTips = 64

// tips are the previous blocks of all lanes. Lanes may be on different chains,
// and some of their upstreams are slower than others: a block is retired once
// a lane that had it as its tip goes on to another one.
type tips struct {
	mu  sync.Mutex
	all []*tip // newest last
}

// at returns the tip of a lane whose tip was old and whose new job is of prev.
func (t *tips) at(old *tip, prev miner.Hash, clean bool) *tip {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.find(old, prev, clean)
	if old != nil {
		old.lanes--
	}
	now.lanes++
	return now
}

// leave says that a lane is closed whose tip was old.
func (t *tips) leave(old *tip) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old != nil {
		old.lanes--
	}
}

// find is at without the count of lanes. The caller holds mu.
func (t *tips) find(old *tip, prev miner.Hash, clean bool) *tip {
	moved := clean && old != nil && old.prev != prev
	if moved {
		old.retired.Store(true)
	}
	i := slices.IndexFunc(t.all, func(known *tip) bool { return known.prev == prev })
	if i >= 0 {
		if known := t.all[i]; !known.retired.Load() || !moved {
			return known
		}
		// A chain that goes back to it makes it a tip again, but not its jobs.
		t.all = slices.Delete(t.all, i, i+1)
	}
	if len(t.all) >= maxTips {
		t.forget()
	}
	fresh := &tip{prev: prev}
	t.all = append(t.all, fresh)
	return fresh
}

// forget makes room for a tip. It takes none that a lane is on, for what one
// lane's upstream says, however fast, must not make the work of others stale.
// The caller holds mu.
func (t *tips) forget() {
	i := slices.IndexFunc(t.all, func(known *tip) bool { return known.lanes == 0 && known.retired.Load() })
	if i < 0 {
		i = slices.IndexFunc(t.all, func(known *tip) bool { return known.lanes == 0 })
	}
	if i >= 0 {
		t.all[i].retired.Store(true)
		t.all = slices.Delete(t.all, i, i+1)
	}
}
