package stratum

import (
	"math"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// SeatInfo is a snapshot of a connection.
type SeatInfo struct {
	ID         uint64
	Remote     string
	Agent      string // as it calls itself; printable
	Since      time.Time
	Workers    []Grant // in the order of their logins
	Lane       *Lane   // nil: it waits
	Subscribed bool
	Worker     uint16           // its extranonce1
	Mask       uint32           // version bits it may roll now
	Asked      uint32           // version bits it would roll; 0: none
	Difficulty miner.Difficulty // last told
	Target     miner.Target     // of that difficulty
	Fixed      bool             // by the worker
	RateHps    uint64           // estimated hashes a second
	Accepted   uint64           // shares
	Refused    uint64           // shares
	LastShare  time.Time        // zero: none yet
}

// Info returns a snapshot.
func (s *Seat) Info() SeatInfo {
	now := s.srv.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := SeatInfo{
		ID: s.ID, Remote: s.Remote, Agent: s.agent, Since: s.srv.date(s.since), Lane: s.lane,
		Subscribed: s.claim != nil, Mask: s.mask, Asked: s.asked, Fixed: s.fixed,
		RateHps: s.rate.at(now), Accepted: s.accepted, Refused: s.denied,
	}
	for _, w := range s.workers {
		i.Workers = append(i.Workers, w.grant)
	}
	if s.claim != nil {
		i.Worker = uint16(s.claim.extranonce1[0])<<8 | uint16(s.claim.extranonce1[1])
	}
	if s.level != noLevel {
		at := s.srv.levels.at(s.level)
		i.Difficulty, i.Target = at.difficulty, at.target
	}
	if s.lastShare != 0 {
		i.LastShare = s.srv.date(s.lastShare)
	}
	return i
}

// RateHps estimates the hashes a second from the shares accepted in the last
// minutes. It is for allocation and for showing; what was delivered is what
// the shares prove.
func (s *Seat) RateHps() uint64 {
	now := s.srv.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rate.at(now)
}

// Close ends the connection. Its worker may connect again.
func (s *Seat) Close() { s.drop(dropClosed) }

// Show sends a text for people, which few devices show.
func (s *Seat) Show(text string) {
	now := s.srv.clock()
	s.mu.Lock()
	if s.claim == nil {
		s.mu.Unlock()
		return
	}
	s.post(AppendNotification(nil, MethodShowMessage, AppendStrings(nil, Printable(text, maxRefusalText))), now)
}

// rate is an average over time of the work of shares, of which old ones count
// ever less.
type rate struct {
	since, last int64
	work        float64 // hashes, as they count at last
}

// memory is the time, in nanoseconds, in which a share's weight falls to 1/e.
const memory = 300e9

func (r *rate) decay(now int64) {
	if r.since == 0 {
		r.since, r.last = now, now
	}
	if now > r.last {
		r.work *= math.Exp(-float64(now-r.last) / memory)
		r.last = now
	}
}

func (r *rate) add(work float64, now int64) {
	r.decay(now)
	r.work += work
}

// at returns the rate in hashes a second. The time that was watched is at
// least some seconds: of the first share nothing follows.
func (r *rate) at(now int64) uint64 {
	if r.since == 0 {
		return 0
	}
	r.decay(now)
	watched := memory * -math.Expm1(-max(float64(now-r.since), 10e9)/memory)
	return uint64(min(r.work/watched*1e9, math.MaxInt64))
}
