package stratum

import (
	"fmt"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Reasons of a Verdict on a share that was not sent or not answered. The
// pool's own reasons are those of Error.Reason.
const (
	ReasonDisconnected = "disconnected" // the connection of its job is gone
	ReasonVersionMask  = "version-mask" // the pool took back bits it rolled
	ReasonCongested    = "congested"    // the pool does not take more, or does not answer
	ReasonUnanswered   = "unanswered"   // sent, but the connection ended first
)

// Verdict is what became of a share.
type Verdict struct {
	Accepted bool
	Sent     bool          // it left for the pool
	Reason   string        // "" when accepted; else short and stable, for counters
	Err      error         // the pool's *Error or what was wrong; nil when accepted
	Latency  time.Duration // from Submit to the answer
}

// submission is a share on its way.
type submission struct {
	issue *Issue
	sent  time.Time
	done  func(Verdict)
}

// Submit sends a share of an issue this client handed on. It does not block.
// The share is checked first, by Issue.Check, and what the pool could only
// refuse stays here: shares above the target, duplicates, and shares of jobs
// that a clean job has replaced, unless they solve a block. done, if given,
// is called exactly once, possibly before Submit returns, and must not block.
func (c *Client) Submit(issue *Issue, share Share, done func(Verdict)) {
	sub := &submission{issue: issue, sent: time.Now(), done: done}
	header, hash, err := issue.Check(share)
	if err != nil {
		reason := "other"
		if e, ok := err.(*Error); ok {
			reason = e.Reason()
		}
		c.unsent(sub, reason, err)
		return
	}
	s := c.holder(issue)
	if s == nil {
		c.unsent(sub, ReasonDisconnected, fmt.Errorf("job %q: the connection it came from is gone", issue.ID))
		return
	}
	if reason, err := s.submit(sub, share, header, hash); err != nil {
		c.unsent(sub, reason, err)
	}
}

// holder returns the connection that an issue came from, if it still exists.
func (c *Client) holder(issue *Issue) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sessions {
		if s.holds(issue) {
			return s
		}
	}
	return nil
}

func (s *session) holds(issue *Issue) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(issue) != nil
}

// find looks an issue up; the newest ones come first. The caller holds s.mu.
func (s *session) find(issue *Issue) *issued {
	for n := len(s.issues) - 1; n >= 0; n-- {
		if s.issues[n].Issue == issue {
			return &s.issues[n]
		}
	}
	return nil
}

// submit queues a checked share. Without an error its verdict comes later.
func (s *session) submit(sub *submission, share Share, header miner.Header, hash miner.Hash) (reason string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	issue := sub.issue
	entry := s.find(issue)
	if entry == nil || s.err != nil {
		return ReasonDisconnected, fmt.Errorf("job %q: the connection it came from is gone", issue.ID)
	}
	if entry.stale && !solves(issue, hash) {
		return "stale", &Error{Code: CodeJobNotFound, Message: fmt.Sprintf("job %q was replaced by a clean one", issue.ID)}
	}
	// The pool judges by the mask now in force, whatever was when it sent
	// the job.
	bits := header.Version() & s.mask
	if issue.Version&^s.mask|bits != header.Version() {
		return ReasonVersionMask, fmt.Errorf("version %08x is outside the pool's mask %08x", header.Version(), s.mask)
	}
	if len(s.submits) >= maxInFlight {
		return ReasonCongested, fmt.Errorf("%d shares wait for the pool's answer", maxInFlight)
	}
	if !s.seen.Add(hash) {
		return "duplicate", &Error{Code: CodeDuplicate, Message: fmt.Sprintf("hash %s was submitted before", hash)}
	}
	share.VersionBits, share.HasVersion = bits, s.mask != 0
	id := s.lastID + 1
	params := AppendSubmit(nil, &Submit{User: s.pool.User, JobID: issue.ID, Share: share})
	if !s.queue(AppendRequest(nil, id, MethodSubmit, params)) {
		return ReasonCongested, fmt.Errorf("%d lines wait to be written to the pool", outQueue)
	}
	s.lastID = id
	s.submits[id] = sub
	if len(s.submits) == 1 {
		s.watch(s.c.cfg.SubmitTimeout)
	}
	return "", nil
}

// solves reports whether a hash is a block of its network.
func solves(issue *Issue, hash miner.Hash) bool {
	target, err := issue.Bits.Target()
	return err == nil && hash.Meets(target)
}

// watch makes sure that shares do not go unanswered: silence of the pool that
// its other lines could hide. The caller holds s.mu.
func (s *session) watch(d time.Duration) {
	if s.overdue != nil {
		s.overdue.Stop()
	}
	s.overdue = time.AfterFunc(d, func() {
		if s.late(time.Now()) {
			s.fail(fmt.Errorf("%w: shares go unanswered for %v", ErrSilent, s.c.cfg.SubmitTimeout))
		}
	})
}

// late reports whether the oldest share waits too long, and looks again later
// when it does not.
func (s *session) late(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.submits) == 0 || s.err != nil {
		return false
	}
	oldest := now
	for _, sub := range s.submits {
		if sub.sent.Before(oldest) {
			oldest = sub.sent
		}
	}
	left := s.c.cfg.SubmitTimeout - now.Sub(oldest)
	if left <= 0 {
		return true
	}
	s.watch(left)
	return false
}

// answered tells the verdict of the pool.
func (s *session) answered(sub *submission, e *Error) {
	v := Verdict{Accepted: e == nil, Sent: true, Latency: time.Since(sub.sent)}
	if e != nil {
		v.Reason, v.Err = e.Reason(), e
		s.log.Debug("share refused", "job", Printable(sub.issue.ID, MaxJobIDLen), "reason", v.Reason, "text", e.Message)
	}
	s.c.settle(sub, v)
}

// abandon settles the shares that the pool did not answer before the end.
func (s *session) abandon() {
	s.mu.Lock()
	left := s.submits
	s.submits = nil
	s.mu.Unlock()
	for _, sub := range left {
		s.c.settle(sub, Verdict{Sent: true, Reason: ReasonUnanswered, Err: s.err})
	}
}

func (c *Client) unsent(sub *submission, reason string, err error) {
	c.settle(sub, Verdict{Reason: reason, Err: err})
}

// settle counts a verdict and passes it on.
func (c *Client) settle(sub *submission, v Verdict) {
	c.mu.Lock()
	c.stats.verdict(sub.issue, v)
	c.mu.Unlock()
	if sub.done != nil {
		sub.done(v)
	}
}
