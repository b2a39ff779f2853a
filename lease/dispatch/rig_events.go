package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// placed is the body of an event of lease.EventPlacement: a rig was moved, with
// what spoke for it. Needs are what a lease is behind and what its contract
// asks for over the next quantum, less what the rigs that stay with it make;
// they are negative for a lease that is ahead. Needs and rates are in units of
// 2^20 hashes, as they were compared.
type placed struct {
	Rig        string `json:"rig"`
	Run        int64  `json:"run"`
	Connection uint64 `json:"connection"` // of the rig, in that run
	From       string `json:"from"`       // a lease, the house, or Waiting
	To         string `json:"to"`
	SinceMs    int64  `json:"since_ms"`   // when it came to where it was, Unix milliseconds
	QuantumMs  int64  `json:"quantum_ms"` // the least time it stays
	RateMhps   int64  `json:"rate_mhps"`  // of the rig, as its shares prove
	FromNeedMh int64  `json:"from_need_mh"`
	ToNeedMh   int64  `json:"to_need_mh"`
}

// maxMoves bounds the moves that wait while the store does not answer.
const maxMoves = 1000

// moved is the event of a move. It names the lease, but no tenant: the other
// lease may be somebody else's.
func (d *Dispatcher) moved(m *mount, p *placement, now time.Time) (lease.Event, error) {
	e, err := lease.NewEvent(lease.EventPlacement, now.UnixMilli(), fmt.Sprintf("placement:%d:%d:%d", d.run, m.seat.ID, m.since.UnixMilli()), placed{
		Rig: m.name(), Run: d.run, Connection: m.seat.ID, From: m.destination(p.from), To: m.destination(p.to),
		SinceMs: m.since.UnixMilli(), QuantumMs: quantum.Milliseconds(),
		RateMhps: p.rate.exact(), FromNeedMh: p.left.exact(), ToNeedMh: p.need.exact(),
	})
	if e.Lease = p.to; p.to == "" {
		e.Lease = p.from
	}
	return e, err
}

// exact is a number that canonical JSON can hold.
func (m megahash) exact() int64 {
	const most = 1 << 53
	return int64(min(max(m, -most), most))
}

// note keeps an event until it is stored.
func (r *rigs) note(e lease.Event, err error) {
	if err != nil || len(r.moves) == maxMoves {
		r.unkept++
		return
	}
	r.moves = append(r.moves, e)
}

// keepMoves stores what was noted. What fails is tried again.
func (d *Dispatcher) keepMoves(ctx context.Context) {
	r := &d.rigs
	if len(r.moves) == 0 && r.unkept == 0 {
		return
	}
	if err := d.Store.PutEvents(context.WithoutCancel(ctx), r.moves...); err != nil {
		return // the store is watched elsewhere
	}
	if r.unkept > 0 {
		d.Log.Warn("moves of rigs are not on record: the store did not answer", "moves", r.unkept)
	}
	r.moves, r.unkept = nil, 0
}
