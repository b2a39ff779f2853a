package stratum

import (
	"errors"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
)

var (
	errNoJob     = &Error{Code: CodeJobNotFound, Message: "Job not found"}
	errStaleJob  = &Error{Code: CodeJobNotFound, Message: "Stale job"}
	errDuplicate = &Error{Code: CodeDuplicate, Message: "Duplicate share"}
	errTooMany   = &Error{Code: CodeOther, Message: "Too many shares of one block"}
	errNoWork    = &Error{Code: CodeUnauthorized, Message: "No worker is authorized"}
)

// submit answers mining.submit.
func (s *Seat) submit(m *Message) {
	e, level, retuned := s.judge(m.Params)
	if e != nil {
		s.refuse(m, e)
		return
	}
	s.reply(m, "true")
	if level == noLevel { // not credited
		return
	}
	if retuned {
		s.flush()
		s.mu.Lock()
		s.post(s.again(nil, s.now), s.now)
	}
}

// judge judges a share and tells the Desk. level is noLevel when the share is
// answered true and not credited; retuned says that the difficulty changes.
func (s *Seat) judge(params []byte) (e *Error, level int8, retuned bool) {
	sub := &s.s.submit
	if s.claim == nil { // only this goroutine sets it
		return s.blame(errNotSubscribed, nil, nil), 0, false
	}
	if err := sub.parse(s.s.room[:0], params); err != nil {
		e := &Error{Code: CodeOther, Message: Printable(err.Error(), maxRefusalText)}
		return s.blame(e, nil, nil), 0, false
	}
	w := s.workerNamed(sub.user)
	if w == nil {
		e := errUnauthorized
		if len(s.workers) == 0 {
			e = errNoWork
		}
		return s.blame(e, nil, nil), 0, false
	}
	job, issue, late := s.find(sub.job)
	if issue == nil {
		return s.refused(errNoJob, w, nil, nil), 0, false
	}
	if late {
		return s.refused(errStaleJob, w, job.work, s.tooLate(w, job.work, issue)), 0, false
	}
	header, hash, err := s.check(job.work, issue)
	if err != nil {
		e := asError(err)
		if e.Code == CodeLowDifficulty && job.easiest < job.level && hash.Meets(s.srv.levels.at(job.easiest).target) {
			s.shard.tally.lateRetarget.Add(1)
			return nil, noLevel, false
		}
		return s.blame(e, w, job.work), 0, false
	}
	if e := s.remember(job.work, hash); e == errTooMany {
		a := s.share(w, job.work, issue, header, hash)
		return s.refused(e, w, job.work, &a), 0, false
	} else if e != nil {
		return s.blame(e, w, job.work), 0, false
	}
	a := &s.s.accepted
	*a = s.share(w, job.work, issue, header, hash)
	if err := s.srv.cfg.Desk.Accepted(a); err != nil {
		return s.refused(asError(err), w, job.work, nil), 0, false
	}
	return nil, job.level, s.credit(job.level)
}

func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeOther, Message: Printable(err.Error(), maxRefusalText)}
}

// find returns the job that a share names, and the issue to judge it by; late
// says that it cannot count any more.
func (s *Seat) find(raw []byte) (job handed, issue *Issue, late bool) {
	id, ok := parseID64(raw)
	if !ok {
		return job, nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.jobs) - 1; i >= 0; i-- {
		h := &s.jobs[i]
		if h.id != id {
			continue
		}
		issue = h.terms(s.srv.levels, s.claim, s.srv.cfg.Extranonce2Size)
		late = h.work.tip.retired.Load() || h.replaced != 0 && s.now-h.replaced > int64(s.srv.limits.JobTime)
		return *h, issue, late
	}
	return job, nil, false
}

// check rebuilds and judges the header, with the merkle root of the last share
// if that had the same extranonce2.
func (s *Seat) check(w *work, i *Issue) (miner.Header, miner.Hash, error) {
	sub := &s.s.submit
	en2 := sub.share.Extranonce2
	if len(en2) != i.Extranonce2Size {
		return i.Check(sub.share) // it says what is wrong
	}
	if s.rootOf != w || string(s.rootEn2[:len(en2)]) != string(en2) {
		b := append(s.s.coinbase[:0], w.Job.Coinb1...)
		b = append(append(b, i.Extranonce1...), en2...)
		b = append(b, w.Job.Coinb2...)
		s.s.coinbase = b
		s.root = FoldBranches(miner.SHA256d(b), w.Job.Branches)
		s.rootOf = w
		copy(s.rootEn2[:], en2)
	}
	return i.CheckOn(s.root, sub.share)
}

// remember reports a header that was submitted before.
func (s *Seat) remember(w *work, h miner.Hash) *Error {
	seen := s.claim.seenOn(w.tip, s.srv.limits.SharesPerBlock, s.holds) // only this goroutine uses it
	if seen.Len() >= s.srv.limits.SharesPerBlock && !seen.Has(h) {
		s.shard.tally.limited[limitShares].Add(1)
		return errTooMany
	}
	if !seen.Add(h) {
		return errDuplicate
	}
	return nil
}

// holds reports whether there is a job of a tip that a share may name.
func (s *Seat) holds(t *tip) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.jobs, func(h handed) bool { return h.work.tip.prev == t.prev })
}

// share makes what the Desk gets. Its slices are its own.
func (s *Seat) share(w *worker, job *work, i *Issue, header miner.Header, hash miner.Hash) Accepted {
	share := s.s.submit.share
	share.Extranonce2 = append([]byte(nil), share.Extranonce2...)
	return Accepted{
		Seat: s, Worker: w.grant.Name, Grant: w.grant, Issue: i, Owner: job.Owner,
		Share: share, Header: header, Hash: hash, At: time.Unix(0, s.at),
	}
}

// tooLate returns what a late share would have been, or nil if nothing.
func (s *Seat) tooLate(w *worker, job *work, i *Issue) *Accepted {
	header, hash, err := s.check(job, i)
	if err != nil || s.remember(job, hash) != nil {
		return nil
	}
	a := s.share(w, job, i, header, hash)
	return &a
}

// credit counts a share that was accepted at a level, and reports whether the
// difficulty has to change.
func (s *Seat) credit(level int8) bool {
	s.shard.tally.accepted.Add(1)
	s.proportion(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted++
	s.lastShare = s.now
	s.rate.add(s.srv.levels.at(level).work, s.now)
	s.claim.good = true
	if !s.good {
		s.good = true
		s.srv.gate.worth(s.addr, 1)
	}
	s.tuner.share(level, s.level)
	return s.retune(s.now)
}

// refused counts a refusal and tells the Desk.
func (s *Seat) refused(e *Error, w *worker, job *work, late *Accepted) *Error {
	if i := e.Code - CodeOther; i >= 0 && i < refusals {
		s.shard.tally.refused[i].Add(1)
	} else {
		s.shard.tally.refused[0].Add(1)
	}
	r := &Refused{Seat: s, Err: e, Late: late}
	if w != nil {
		r.Worker, r.Grant = w.grant.Name, w.grant
	}
	if job != nil {
		r.Owner = job.Owner
	}
	s.srv.cfg.Desk.Refused(r)
	s.mu.Lock()
	s.denied++
	s.mu.Unlock()
	return e
}

// blame is refused for a share that no honest worker sends: not one that
// came too late, is beyond a limit, or that the Desk does not want.
func (s *Seat) blame(e *Error, w *worker, job *work) *Error {
	s.refused(e, w, job, nil)
	s.proportion(false)
	return e
}

// proportion watches how many shares are invalid, with old ones counting ever
// less, and ends the connection when there are too many.
func (s *Seat) proportion(sound bool) {
	if sound {
		s.sound++
		return
	}
	s.invalid++
	l := &s.srv.limits
	if all := s.sound + s.invalid; s.invalid >= l.InvalidShares && s.invalid*100 > all*l.InvalidPercent {
		s.srv.banOf(s)
		s.drop(dropInvalid)
	} else if all >= 4*l.InvalidShares {
		s.sound, s.invalid = s.sound/2, s.invalid/2
	}
}
