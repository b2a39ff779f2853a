package stratum

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	maxIssues     = 64          // jobs of a connection whose shares are still taken
	maxTimeAhead  = 2 * 60 * 60 // seconds that ntime may run ahead of the job's
	maxShown      = 200         // characters of a pool's message to people
	maxErrorText  = 400         // characters of an error, which may quote the pool
	maxRedirectIn = time.Minute // the longest wait a pool can ask for
)

// issued is an issue handed on.
type issued struct {
	*Issue
	stale bool // a clean job came after it
}

// notify takes a new job.
func (s *session) notify(params []byte) error {
	j, err := ParseNotify(params)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.job = j
	s.issueJob()
	return nil
}

// issueJob fixes the terms of the newest job and hands it on, once we may
// submit shares. The caller holds s.mu.
func (s *session) issueJob() {
	if s.job == nil || s.stage != stageReady {
		return
	}
	j := s.job
	s.job = nil
	last := j.Time
	if last > math.MaxUint32-maxTimeAhead {
		last = math.MaxUint32 - maxTimeAhead
	}
	i := &Issue{
		Job:             *j,
		Extranonce1:     s.geometry.Extranonce1,
		Extranonce2Size: s.geometry.Extranonce2Size,
		Mask:            s.mask,
		Target:          s.difficulty.PoolTarget(),
		MinTime:         j.Time,
		MaxTime:         last + maxTimeAhead,
	}
	if s.readyAt.IsZero() {
		// What was mined before this connection is worthless on it.
		i.Clean = true
		s.readyAt = time.Now()
		s.limit.Stop()
	}
	if n := len(s.issues); n > 0 && s.issues[n-1].PrevHash != i.PrevHash {
		s.seen.Reset()
	}
	if i.Clean {
		for n := range s.issues {
			s.issues[n].stale = true
		}
	}
	s.checkCoinbase(i)
	s.issue(i)
}

// issue hands an issue on. The caller holds s.mu.
func (s *session) issue(i *Issue) {
	if len(s.issues) == maxIssues {
		s.issues = slices.Delete(s.issues, 0, 1)
	}
	s.issues = append(s.issues, issued{Issue: i})
	s.fresh = i
}

// checkCoinbase warns, once a connection, of a coinbase that no node would
// take. The pool may pay for such shares all the same, so it is mined.
func (s *session) checkCoinbase(i *Issue) {
	if s.warned {
		return
	}
	extranonce := append(bytes.Clone(i.Extranonce1), make([]byte, i.Extranonce2Size)...)
	if _, err := ParseCoinbase(i.Coinbase(extranonce)); err != nil {
		s.warned = true
		s.log.Warn("the pool's job can never become a block", "job", Printable(i.ID, MaxJobIDLen), "error", err)
	}
}

// setDifficulty counts from the next job.
func (s *session) setDifficulty(params []byte) error {
	d, err := ParseSetDifficulty(params)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Cmp(s.difficulty) != 0 {
		s.log.Debug("difficulty", "of_next_job", d.String())
	}
	s.difficulty = d
	return nil
}

// setExtranonce counts from the next job.
func (s *session) setExtranonce(params []byte) error {
	sub, err := ParseSetExtranonce(params)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.geometry != nil {
		sub.SessionID = s.geometry.SessionID
		s.geometry = sub
	}
	return nil
}

// setVersionMask counts at once (BIP310): the newest issue is handed on again
// under the new mask.
func (s *session) setVersionMask(params []byte) error {
	mask, err := ParseSetVersionMask(params)
	if err != nil {
		return err
	}
	mask &= s.c.cfg.Mask
	s.mu.Lock()
	defer s.mu.Unlock()
	narrower, changed := s.mask&^mask != 0, s.mask != mask
	s.mask = mask
	if n := len(s.issues); n > 0 && changed {
		again := *s.issues[n-1].Issue
		again.Mask, again.Clean = mask, narrower // work outside the mask is in vain
		s.issue(&again)
	}
	return nil
}

// reconnect follows the pool within its own domain.
func (s *session) reconnect(params []byte) error {
	r, err := ParseReconnect(params)
	if err != nil {
		return err
	}
	to, err := follow(s.endpoint, r)
	if err == nil && !sameDomain(s.c.slots[s.rank].home.Host, to.Host) {
		err = fmt.Errorf("%s is not in the domain of %s", to.Host, s.c.slots[s.rank].home.Host)
	}
	if err != nil {
		if s.mayLog() {
			s.log.Warn("ignoring client.reconnect", "error", err)
		}
		return nil
	}
	s.mu.Lock()
	s.redirect = to
	s.redirectWait = min(time.Duration(min(r.WaitSec, 1<<20))*time.Second, maxRedirectIn)
	s.mu.Unlock()
	return errRedirected
}

// showMessage logs what the pool wants people to read.
func (s *session) showMessage(params []byte) error {
	raw, err := first(params)
	if err == nil && s.mayLog() {
		s.log.Info("message from the pool", "text", Printable(plain(raw), maxShown))
	}
	return nil
}

// mayLog counts a line of log that the pool causes, and reports whether it
// has not caused too many: a pool must not fill our disks.
func (s *session) mayLog() bool {
	s.heard++
	return s.heard <= maxHeard
}
