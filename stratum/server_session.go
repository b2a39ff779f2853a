package stratum

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
)

// claim is an extranonce1, two bytes that are unique in the node, and what is
// tied to it. It belongs to one connection, and after its end to who knows the
// session id.
type claim struct {
	id          string // session id, for mining.subscribe
	extranonce1 []byte
	jobs        []handed
	seen        []seenTip
	good        bool // a share counted
	want        int8 // level
	ends        int64
}

// claimEnd is a place in the queue of ended sessions.
type claimEnd struct {
	claim *claim
	ends  int64
}

// seenTip are the header hashes submitted on one previous block.
type seenTip struct {
	tip  *tip
	seen Seen
}

// keptTips is how many left tips' hashes are kept, should the chain return.
const keptTips = 2

// seenOn returns the hashes of a tip. It forgets those of others that were left,
// but for the newest. Upstreams may also change their block without a word of
// the old one: beyond most hashes, those go that no job is left of, which
// inPlay says.
func (c *claim) seenOn(t *tip, most int, inPlay func(*tip) bool) *Seen {
	for i := range c.seen {
		if c.seen[i].tip == t || c.seen[i].tip.prev == t.prev {
			c.seen[i].tip = t
			return &c.seen[i].seen
		}
	}
	left, hashes := 0, 0
	for i := len(c.seen) - 1; i >= 0; i-- {
		known := c.seen[i].tip
		if known.retired.Load() {
			left++
		}
		hashes += c.seen[i].seen.Len()
		if known.retired.Load() && left > keptTips || hashes > most && !inPlay(known) {
			c.seen = append(c.seen[:i], c.seen[i+1:]...)
		}
	}
	c.seen = append(c.seen, seenTip{tip: t})
	return &c.seen[len(c.seen)-1].seen
}

// spent reports whether no share of any of its jobs could count any more, so
// that another worker may have the extranonce1.
func (c *claim) spent(now int64, jobTime int64) bool {
	for i := range c.jobs {
		w := c.jobs[i].work
		since := w.replaced.Load()
		if !w.tip.retired.Load() && (since == 0 || now < since+jobTime) {
			return false
		}
	}
	return true
}

// sessions hands out extranonce1 values and keeps ended sessions for a while.
type sessions struct {
	limits Limits
	first  uint16

	mu     sync.Mutex
	used   [1 << 16 / 64]uint64 // a bit for each extranonce1
	free   int
	next   uint16 // where to look first: values are reused as late as possible
	live   map[string]*Seat
	ended  map[string]*claim // that can be resumed
	queue  []claimEnd        // of ended ones, oldest first; some were resumed since
	unripe []*claim          // whose extranonce1 has to rest
}

func newSessions(l Limits, first uint16) *sessions {
	return &sessions{
		limits: l, first: first, next: first, free: 1<<16 - int(first),
		live: make(map[string]*Seat), ended: make(map[string]*claim),
	}
}

// open gives a connection a new session, or nil when no extranonce1 is free.
func (t *sessions) open(s *Seat, now int64) *claim {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free == 0 {
		t.ripen(now)
	}
	if t.free == 0 {
		return nil
	}
	n := t.next
	for t.used[n/64]&(1<<(n%64)) != 0 {
		n = t.after(n)
	}
	t.used[n/64] |= 1 << (n % 64)
	t.next = t.after(n)
	t.free--
	c := &claim{id: hex.EncodeToString(id[:]), extranonce1: binary.BigEndian.AppendUint16(nil, n)}
	t.live[c.id] = s
	return c
}

func (t *sessions) after(n uint16) uint16 {
	if n == 1<<16-1 {
		return t.first
	}
	return n + 1
}

// find returns the connection that has a session now.
func (t *sessions) find(id string) *Seat {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live[id]
}

// resume gives a connection an ended session, or nil.
func (t *sessions) resume(id string, s *Seat, now int64) *claim {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.ended[id]
	if c == nil || now >= c.ends {
		return nil
	}
	delete(t.ended, id)
	t.live[id] = s
	return c
}

// end takes the session of a connection that is over. It reports whether an
// older session had to be forgotten for it.
func (t *sessions) end(c *claim, now int64) (forgot bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, c.id)
	if !c.good { // nothing that counts was found with it
		t.release(c)
		return false
	}
	c.ends = now + int64(t.limits.SessionTime)
	t.ended[c.id] = c
	t.queue = append(t.queue, claimEnd{c, c.ends})
	forgot = len(t.ended) > t.limits.Sessions
	t.expire(now)
	return forgot
}

// expire forgets sessions that are too old or too many. The caller holds mu.
func (t *sessions) expire(now int64) {
	for len(t.queue) > 0 {
		c := t.queue[0].claim
		if t.ended[c.id] == c && c.ends == t.queue[0].ends {
			if now < c.ends && len(t.ended) <= t.limits.Sessions {
				return
			}
			delete(t.ended, c.id)
			c.seen = nil
			t.unripe = append(t.unripe, c)
		}
		t.queue[0] = claimEnd{}
		t.queue = t.queue[1:]
	}
}

// ripen frees the extranonce1 values whose jobs are over. The caller holds mu.
func (t *sessions) ripen(now int64) {
	kept := t.unripe[:0]
	for _, c := range t.unripe {
		if c.spent(now, int64(t.limits.JobTime)) {
			t.release(c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(t.unripe[len(kept):])
	t.unripe = kept
}

func (t *sessions) release(c *claim) {
	n := binary.BigEndian.Uint16(c.extranonce1)
	t.used[n/64] &^= 1 << (n % 64)
	t.free++
}

// sweep is called now and then.
func (t *sessions) sweep(now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
	t.ripen(now)
}

func (t *sessions) parked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ended)
}

// handed is a job as it was handed to one connection: what its Issue is made
// of once a share of it comes in.
type handed struct {
	id       uint64
	work     *work
	issue    *Issue // nil before the first share
	replaced int64  // Unix nanoseconds since when the connection has a newer one; 0: it has not
	time     uint32 // ntime
	mask     uint32 // union of the masks in force since it was sent
	level    int8   // it is judged by
	easiest  int8   // level in force since it was sent
}

// terms returns the issue, made when it is needed first.
func (i *handed) terms(levels *levels, c *claim, extranonce2Size int) *Issue {
	if i.issue == nil {
		i.issue = &Issue{
			Job:             i.work.Job,
			Extranonce1:     c.extranonce1,
			Extranonce2Size: extranonce2Size,
			Mask:            i.mask,
			Target:          levels.at(i.level).target,
			MinTime:         i.work.MinTime,
			MaxTime:         i.work.MaxTime,
		}
		if i.id != i.work.id {
			i.issue.ID, i.issue.Time = string(appendID64(nil, i.id)), i.time
		}
	}
	return i.issue
}
