package stratum

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hashlease/hashlease/stratum/transport"
)

// stable is how long a connection must have worked for its pool's earlier
// failures to be forgotten.
const stable = 10 * time.Minute

// slot is what the client remembers of a pool between connections, under
// Client.mu.
type slot struct {
	pool Pool
	home transport.Endpoint // the configured address

	busy       bool // a connection exists or is being made
	failures   int  // in a row
	notBefore  time.Time
	away       transport.Endpoint // where the pool sent us for the next connection
	resume     string             // session id
	bare       bool               // hung up on mining.configure: leave extensions out next time
	configures bool               // has lived through mining.configure: never leave it out
}

// target is where the next connection goes.
func (s *slot) target() transport.Endpoint {
	if s.away.Host != "" {
		return s.away
	}
	return s.home
}

// choose returns the pool to connect to now, or -1 and how long to wait. Only
// pools better than the present one come into question, and one at a time.
func (c *Client) choose(now time.Time) (rank int, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait = time.Hour
	if c.trying {
		return -1, wait
	}
	better := c.slots
	if c.active != nil {
		better = c.slots[:c.active.rank]
	}
	for i, s := range better {
		if s.busy {
			continue
		}
		if d := s.notBefore.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		s.busy, c.trying = true, true
		return i, 0
	}
	return -1, wait
}

// work hands on an issue of a session. The first one of a better pool than
// the present one makes the switch.
func (c *Client) work(s *session, issue *Issue) {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	c.mu.Lock()
	old := c.active
	if old != s {
		if s.left || !slices.Contains(c.sessions, s) {
			c.mu.Unlock()
			return
		}
		c.active, c.trying = s, false
		if old != nil {
			old.left = true
		}
		c.stats.connected(time.Now())
	}
	c.stats.newest = issue
	c.mu.Unlock()
	if old != s {
		s.log.Info("mining", "difficulty", issue.Target.Difficulty().String(), "version_mask", hex32(issue.Mask))
		c.nudge()
	}
	c.handler.Work(issue)
	if old != nil && old != s {
		// Only now, or the shares found meanwhile would have nowhere to go.
		old.log.Info("leaving for a preferred pool")
		old.retire()
	}
}

// ended books the end of a connection, or of the attempt to make one, and
// plans the next.
func (c *Client) ended(ctx context.Context, s *session, err error) {
	c.deliver.Lock()
	defer c.deliver.Unlock()
	c.mu.Lock()
	now := time.Now()
	sl := c.slots[s.rank]
	sl.busy = false
	c.sessions = slices.DeleteFunc(c.sessions, func(o *session) bool { return o == s })
	lost := c.active == s
	if lost {
		c.active = nil
	} else if !s.left {
		c.trying = false
	}
	ours := s.left || ctx.Err() != nil // the decision to end it
	redirected := !ours && errors.Is(err, errRedirected)
	delay := c.plan(sl, s, err, ours, now)
	if !ours && !redirected {
		c.stats.failed(s, err)
	}
	c.mu.Unlock()

	switch {
	case ours:
	case redirected:
		s.log.Info("the pool sends us elsewhere", "to", s.redirect.String())
	default:
		s.log.Warn("pool lost", "error", Printable(err.Error(), maxErrorText), "retry_in", delay.Round(time.Millisecond))
		if c.cfg.OnFailure != nil {
			c.cfg.OnFailure(s.endpoint.String(), err)
		}
	}
	if lost {
		c.handler.Idle(err)
	}
	c.nudge()
}

// plan decides when a pool is tried again, and how. ours says that the
// connection ended because we wanted it to.
func (c *Client) plan(sl *slot, s *session, err error, ours bool, now time.Time) time.Duration {
	sl.resume = s.resumeID()
	if s.conn != nil {
		sl.learn(s.reached(), hungUp(err))
	}
	sl.away = transport.Endpoint{}
	if ours {
		sl.failures, sl.notBefore = 0, now
		return 0
	}
	if s.lived(now) >= stable {
		sl.failures = 0
	}
	sl.failures++
	delay := c.backoff(sl.failures)
	if errors.Is(err, ErrSilent) && len(c.slots) > 1 {
		// A pool that connects and then says nothing would cost the whole
		// timeout again and again: leave it alone for longer each time.
		delay = c.cfg.BackoffMax << min(sl.failures-1, 5)
	}
	if errors.Is(err, errRedirected) {
		sl.away = s.redirect
		delay = max(delay, s.redirectWait)
	}
	sl.notBefore = now.Add(delay)
	return delay
}

// learn finds out whether a pool hangs up on mining.configure, as some do on
// methods they do not know, or on the id of an old session. A pool that hangs
// up on everything is down, and should not lose version rolling for it when it
// is up again.
func (s *slot) learn(reached stage, hungUp bool) {
	if reached == stageSubscribe {
		s.resume = ""
	}
	switch {
	case reached > stageConfigure && !s.bare:
		s.configures = true
	case reached == stageConfigure && hungUp:
		s.bare = !s.configures
	case reached == stageSubscribe && hungUp:
		s.bare = false
	}
}

// backoff is BackoffMin doubled for each failure after the first, at most
// BackoffMax, less up to half of it by chance, so that a pool that comes back
// is not stormed.
func (c *Client) backoff(failures int) time.Duration {
	d := c.cfg.BackoffMin << min(failures-1, 20)
	if d <= 0 || d > c.cfg.BackoffMax {
		d = c.cfg.BackoffMax
	}
	return d - rand.N(d/2+1)
}
