package bench

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// pacedRig is a rig with what it sent.
type pacedRig struct {
	*rig
	p     *pacer
	sent  []sentShare
	count int          // sent; the pacer's
	all   atomic.Int64 // count, once no more are sent; else 0
	line  []byte

	mu       sync.Mutex
	answered int
	replies  Replies
	took     []time.Duration
	stale    uint64
	mistaken uint64
}

// sentShare is when a share was sent, in nanoseconds since the start, and of
// which block it is.
type sentShare struct {
	at  atomic.Int64 // 0: it was answered, or not sent
	tip atomic.Uint64
}

// submit sends one share of the newest job. A connection that ended shows in
// the shares it lost.
func (r *pacedRig) submit() {
	if r.count == len(r.sent) {
		return
	}
	r.rig.mu.Lock()
	m := r.mill
	m.find(true)
	r.line = m.appendSubmit(r.line[:0], uint64(firstSubmit+r.count))
	tip := m.tip
	r.rig.mu.Unlock()
	s := &r.sent[r.count]
	r.count++
	s.tip.Store(tip)
	s.at.Store(max(int64(time.Since(r.p.start)), 1))
	_, _ = r.conn.Write(r.line)
}

// read takes verdicts in until all are there, or the connection ends.
func (r *pacedRig) read() {
	for {
		m, err := r.verdict()
		now := int64(time.Since(r.p.start))
		if err != nil {
			return
		}
		id, ok := m.NumericID()
		n := int(id) - firstSubmit
		if !ok || n < 0 || n >= len(r.sent) {
			continue
		}
		at := r.sent[n].at.Swap(0)
		if at == 0 {
			continue // answered twice, or never asked
		}
		e := m.Verdict()
		r.mu.Lock()
		r.answered++
		r.replies.count(e)
		r.took = append(r.took, time.Duration(now-at))
		if e != nil && e.Code == stratum.CodeJobNotFound {
			r.staleShare(r.sent[n].tip.Load())
		}
		done := r.answered == int(r.all.Load())
		r.mu.Unlock()
		if done {
			return
		}
	}
}

// staleShare counts a share that was refused as stale. It is a mistake when the server
// was not told of a block after the share's when its verdict is here already.
func (r *pacedRig) staleShare(tip uint64) {
	if tip >= r.p.tip.Load() {
		r.mistaken++
	} else {
		r.stale++
	}
}
