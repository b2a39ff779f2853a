package stratum

import "slices"

// silence is how long a connection is left without a line, in nanoseconds:
// some devices hang up after 60 seconds.
const silence = 40e9

// deliver hands out the newest job of a lane. buf is for the lines, and
// returned.
func (s *Seat) deliver(l *Lane, buf []byte) []byte {
	now := s.srv.clock()
	s.mu.Lock()
	w := l.newest.Load()
	if s.lane != l || s.claim == nil || w == nil || w == s.newest {
		s.mu.Unlock()
		return buf
	}
	buf = s.give(buf[:0], w, now)
	s.post(buf, now)
	return buf
}

// Move puts the connection on another lane, whose job it gets at once. Shares
// of the old lane's jobs are judged and credited by their own issues.
func (s *Seat) Move(l *Lane) {
	s.mu.Lock()
	s.move(l)
}

// move is Move. The caller holds mu, which move gives up.
func (s *Seat) move(l *Lane) {
	now := s.srv.clock()
	if w := s.changeLane(l); w != nil {
		s.post(s.give(nil, w, now), now)
	} else {
		s.mu.Unlock()
	}
	s.arrived(l)
}

// arrived asks for another lane than one that was closed meanwhile: its Close
// may not have seen the connection on it.
func (s *Seat) arrived(l *Lane) {
	if l != nil && l.closed.Load() {
		go s.rehome(l) // the caller may hold what the Desk needs
	}
}

// changeLane changes the lane and returns what is to be handed out, or nil. The
// caller holds mu.
func (s *Seat) changeLane(l *Lane) *work {
	if s.why != dropNone || s.lane == l {
		return nil
	}
	number := s.shardNumber()
	if s.lane != nil {
		s.lane.riders[number].remove(s)
	}
	if s.lane = l; l == nil {
		return nil
	}
	l.riders[number].add(s)
	w := l.newest.Load()
	if s.claim == nil || w == s.newest {
		return nil
	}
	return w
}

// rehome asks for another lane than one that was closed.
func (s *Seat) rehome(from *Lane) {
	s.mu.Lock()
	on, known := s.lane == from, s.known
	s.mu.Unlock()
	if !on {
		return
	}
	to := s.srv.cfg.Desk.Home()
	if known {
		to = s.srv.cfg.Desk.Place(s)
	}
	if to == from || to != nil && to.closed.Load() {
		return
	}
	s.mu.Lock()
	if s.lane != from { // it was moved while the Desk thought about it
		s.mu.Unlock()
		return
	}
	s.move(to)
}

// give appends the lines that make w the newest work of the connection, under
// a new id if it had it before or gets it with another ntime. The caller holds
// mu.
func (s *Seat) give(dst []byte, w *work, now int64) []byte {
	id, time := w.id, w.anew(0, now)
	clean := s.newest == nil || s.newest.tip.prev != w.tip.prev
	again := false
	for i := range s.jobs {
		h := &s.jobs[i]
		again = again || h.work == w
		if h.work.headers == w.headers {
			time = max(time, w.anew(h.time, now))
		}
	}
	if again || time != w.Job.Time {
		id = s.srv.nextID()
	}
	if mask := s.asked & w.Mask; s.configured && mask != s.mask {
		dst = s.tellMask(dst, mask)
	}
	if level := min(s.want, w.ceiling); level != s.level {
		dst = s.tellLevel(dst, level, now)
	}
	if n := len(s.jobs); n > 0 {
		s.jobs[n-1].replaced = now
		s.prune(now)
	}
	s.newest = w
	s.jobs = append(s.jobs, handed{id: id, work: w, time: time, mask: s.mask & w.Mask, level: s.level, easiest: s.level})
	s.shard.tally.notifies.Add(1)
	return w.appendNotify(dst, id, time, clean)
}

// prune forgets jobs whose shares come too late, and those beyond the limit.
func (s *Seat) prune(now int64) {
	l := &s.srv.limits
	n := 0
	for n < len(s.jobs) && s.jobs[n].replaced != 0 && now-s.jobs[n].replaced > int64(l.JobTime) {
		n++
	}
	if over := len(s.jobs) + 1 - l.Jobs; over > n {
		n = over
		s.shard.tally.limited[limitJobs].Add(1)
	}
	s.jobs = slices.Delete(s.jobs, 0, n)
}

// again appends the newest work anew if its level is not what it should be.
// The caller holds mu.
func (s *Seat) again(dst []byte, now int64) []byte {
	if s.newest == nil || s.claim == nil || min(s.want, s.newest.ceiling) == s.level {
		return dst
	}
	return s.give(dst, s.newest, now)
}

func (s *Seat) tellLevel(dst []byte, level int8, now int64) []byte {
	for i := range s.jobs {
		s.jobs[i].easiest = min(s.jobs[i].easiest, level)
	}
	s.level = level
	s.tuner.restart(now)
	s.shard.tally.difficulties.Add(1)
	return append(dst, s.srv.levels.at(level).line...)
}

func (s *Seat) tellMask(dst []byte, mask uint32) []byte {
	s.grantMask(mask)
	return AppendNotification(dst, MethodSetVersionMask, AppendSetVersionMask(nil, mask))
}

// grantMask makes mask hold from now on, for the jobs that are out there too.
// The caller holds mu.
func (s *Seat) grantMask(mask uint32) {
	s.mask = mask
	for i := range s.jobs {
		h := &s.jobs[i]
		if union := h.mask | mask&h.work.Mask; union != h.mask {
			h.mask, h.issue = union, nil
		}
	}
}

// clamp keeps a level within the bounds of the server and the peer's wishes.
func (s *Seat) clamp(level int8) int8 {
	if !s.fixed {
		level = max(level, s.suggested)
	}
	return min(max(level, s.least, s.srv.min), s.srv.max)
}

// retune lets vardiff decide. It reports whether the level has to change; then
// again says so. The caller holds mu.
func (s *Seat) retune(now int64) bool {
	if s.newest == nil {
		s.tuner.restart(now)
		return false
	}
	v := &s.srv.vardiff
	next := s.level
	if s.fixed {
		next = s.tuner.flood(next, v.FixedInterval, now)
	} else {
		next = s.tuner.next(next, v.Interval, now)
	}
	if next == s.level {
		return false
	}
	s.want = s.clamp(next)
	if min(s.want, s.newest.ceiling) == s.level {
		s.tuner.restart(now)
		return false
	}
	return true
}

// tick looks after a connection that says nothing. buf is for lines, and
// returned.
func (s *Seat) tick(now int64, buf []byte) []byte {
	l := &s.srv.limits
	s.mu.Lock()
	drop := dropNone
	switch {
	case len(s.workers) == 0 && now-s.since > int64(l.PreAuthTime):
		drop = dropPreAuthTime
	case (s.newest != nil || s.claim == nil) && now-s.heard.Load() > int64(l.IdleTime):
		drop = dropIdle
	}
	if drop != dropNone {
		s.mu.Unlock()
		s.drop(drop)
		return buf
	}
	buf = buf[:0]
	if s.claim != nil {
		if len(s.workers) > 0 && s.retune(now) {
			buf = s.again(buf, now)
		}
		if len(buf) == 0 && now-s.wrote >= silence && s.level != noLevel {
			buf = append(buf, s.srv.levels.at(s.level).line...)
		}
	}
	s.post(buf, now)
	return buf
}
