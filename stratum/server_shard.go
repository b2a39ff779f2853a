package stratum

import (
	"sync"
	"time"
)

// tickTime is how often connections are looked at that say nothing.
const tickTime = time.Second

// shard writes jobs to a part of the connections and looks after them.
type shard struct {
	srv   *Server
	tally tally
	wake  chan struct{}

	mu    sync.Mutex
	lanes []*Lane // with a job to write
	seats []*Seat
}

func (sh *shard) publish(l *Lane) {
	select {
	case <-sh.srv.done:
		return
	default:
	}
	sh.mu.Lock()
	sh.lanes = append(sh.lanes, l)
	sh.mu.Unlock()
	select {
	case sh.wake <- struct{}{}:
	default:
	}
}

func (sh *shard) add(s *Seat) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.slot = len(sh.seats)
	sh.seats = append(sh.seats, s)
}

func (sh *shard) remove(s *Seat) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	last := len(sh.seats) - 1
	sh.seats[s.slot] = sh.seats[last]
	sh.seats[s.slot].slot = s.slot
	sh.seats[last] = nil
	sh.seats = sh.seats[:last]
}

func (sh *shard) appendTo(dst []*Seat) []*Seat {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return append(dst, sh.seats...)
}

func (sh *shard) count() (subscribed, authorized int) {
	for _, s := range sh.appendTo(nil) {
		s.mu.Lock()
		if s.claim != nil {
			subscribed++
		}
		if len(s.workers) > 0 {
			authorized++
		}
		s.mu.Unlock()
	}
	return subscribed, authorized
}

// run works until the server is closed.
func (sh *shard) run(number int) {
	ticks := time.NewTicker(tickTime)
	defer ticks.Stop()
	var (
		lanes []*Lane
		seats []*Seat
		lines []byte
	)
	for {
		select {
		case <-sh.srv.done:
			return
		case <-sh.wake:
			sh.mu.Lock()
			lanes, sh.lanes = sh.lanes, lanes[:0]
			sh.mu.Unlock()
			for i, l := range lanes {
				seats = l.riders[number].appendTo(seats[:0])
				for _, s := range seats {
					lines = s.deliver(l, lines)
				}
				lanes[i] = nil
			}
		case <-ticks.C:
			now := sh.srv.clock()
			if number == 0 {
				sh.srv.sessions.sweep(now)
			}
			seats = sh.appendTo(seats[:0])
			for _, s := range seats {
				lines = s.tick(now, lines)
			}
		}
		clear(seats)
	}
}
