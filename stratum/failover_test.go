package stratum_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// pair returns a primary and a backup pool in memory and a configuration that
// names them in this order.
func pair(t *testing.T) (primary, backup *stratumtest.Pool, n *network, cfg stratum.ClientConfig) {
	t.Helper()
	o := stratumtest.Options{InMemory: true, Difficulty: easy}
	primary, backup = stratumtest.NewPool(t, o), stratumtest.NewPool(t, o)
	n = &network{pools: map[string]*stratumtest.Pool{"one.example.com": primary, "two.example.org": backup}}
	return primary, backup, n, stratum.ClientConfig{
		Pools: []stratum.Pool{
			{URL: "stratum+tcp://one.example.com:3333", User: "u1"},
			{URL: "stratum+tcp://two.example.org:3333", User: "u2"},
		},
		Dial: n.Dial,
	}
}

// on waits, in a bubble's time, until the client mines at the named host.
func on(t *testing.T, c *stratum.Client, host string, within time.Duration) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) <= within {
		synctest.Wait()
		if s := c.Stats(); host == "" && s.Pool == "" || host != "" && strings.Contains(s.Pool, "//"+host+":") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("after %v at %q, want %q; %+v", within, c.Stats().Pool, host, c.Stats())
}

func TestFailoverAndReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, backup, _, cfg := pair(t)
		c, r := start(t, cfg)
		on(t, c, "one.example.com", 0)

		primary.Down(true)
		on(t, c, "two.example.org", time.Second)
		i, _ := r.newest()
		if !i.Clean {
			t.Error("the backup's first job is not clean for us")
		}
		if v := submit(c, i, solve(t, i, 0)); !v.Accepted || backup.Accepted() != 1 {
			t.Errorf("%+v", v)
		}
		for range 10 { // the primary is tried in vain
			time.Sleep(time.Minute)
			backup.NewJob(false)
		}
		on(t, c, "two.example.org", 0)

		primary.Down(false)
		on(t, c, "one.example.com", 2*time.Minute)
		if len(r.losses()) != 1 {
			t.Errorf("idle %v, want once: the way back has no gap", r.losses())
		}
		if now, _ := backup.Connections(); now != 0 {
			t.Error("the backup is still connected")
		}
		if i, _ = r.newest(); !i.Clean {
			t.Error("the primary's first job is not clean for us")
		}
		if v := submit(c, i, solve(t, i, 0)); !v.Accepted || primary.Accepted() != 1 {
			t.Errorf("%+v", v)
		}
		if s := c.Stats(); s.Connects != 3 || s.User != "u1" {
			t.Errorf("%+v", s)
		}
		wellBehaved(t, primary)
		wellBehaved(t, backup)
	})
}

// TestReturnSettlesShares proves that shares on their way to a backup get
// their answers when the primary is back.
func TestReturnSettlesShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, backup, _, cfg := pair(t)
		primary.Down(true)
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		backup.MuteShares(true)
		var verdict stratum.Verdict
		c.Submit(i, solve(t, i, 0), func(v stratum.Verdict) { verdict = v })
		primary.Down(false)
		r.await(t, "the primary", func(n *stratum.Issue) bool { return n != i })
		synctest.Wait()
		backup.MuteShares(false)
		if v := submit(c, i, solve(t, i, 1)); !v.Accepted {
			t.Errorf("a share for the pool being left: %+v", v)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if verdict.Reason != stratum.ReasonUnanswered || !verdict.Sent || c.Stats().Unanswered != 1 {
			t.Errorf("%+v, want it unanswered", verdict)
		}
		if now, _ := backup.Connections(); now != 0 {
			t.Error("the backup is still connected")
		}
	})
}

// finder finds a share of the old work just when it gets the new.
type finder struct {
	*recorder
	submit func(new *stratum.Issue)
}

func (f finder) Work(i *stratum.Issue) {
	f.submit(i)
	f.recorder.Work(i)
}

// TestReturnTakesSharesToTheLast proves that a backup is not left before the
// miner has the primary's work.
func TestReturnTakesSharesToTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, backup, _, cfg := pair(t)
		primary.Down(true)
		c, err := stratum.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := newRecorder()
		run(t, c, finder{r, func(*stratum.Issue) {
			if old, _ := r.newest(); old != nil {
				c.Submit(old, solve(t, old, 0), nil)
			}
		}})
		i := r.await(t, "work", anyIssue)
		primary.Down(false)
		r.await(t, "the primary", func(n *stratum.Issue) bool { return n != i })
		synctest.Wait()
		if s := c.Stats(); s.Accepted != 1 || backup.Accepted() != 1 {
			t.Errorf("%+v", s)
		}
		wellBehaved(t, backup)
	})
}

// TestLosses ends connections in every way and proves that the client goes to
// the backup, saying why.
func TestLosses(t *testing.T) {
	for name, c := range map[string]struct {
		harm   func(*stratumtest.Pool)
		share  bool // submit one after the harm
		within time.Duration
		want   error
		text   string
	}{
		"hung up":            {harm: (*stratumtest.Pool).Drop, want: nil, text: "hung up"},
		"garbage":            {harm: func(p *stratumtest.Pool) { p.Send("HTTP/1.1 400 Bad Request") }, want: stratum.ErrMalformed},
		"too long a line":    {harm: func(p *stratumtest.Pool) { p.SendLong(20_000) }, want: stratum.ErrLineTooLong},
		"bad job":            {harm: func(p *stratumtest.Pool) { p.Send(`{"method":"mining.notify","params":[1,2,3]}`) }, want: stratum.ErrMalformed},
		"bad difficulty":     {harm: func(p *stratumtest.Pool) { p.Send(`{"method":"mining.set_difficulty","params":[0]}`) }, want: stratum.ErrMalformed},
		"bad extranonce":     {harm: func(p *stratumtest.Pool) { p.Send(`{"method":"mining.set_extranonce","params":["00",1]}`) }, want: stratum.ErrMalformed},
		"bad mask":           {harm: func(p *stratumtest.Pool) { p.Send(`{"method":"mining.set_version_mask","params":[1]}`) }, want: stratum.ErrMalformed},
		"silence":            {harm: func(p *stratumtest.Pool) { p.Mute(true) }, within: 121 * time.Second, want: stratum.ErrSilent},
		"shares unanswered":  {harm: func(p *stratumtest.Pool) { p.MuteShares(true) }, share: true, within: 61 * time.Second, want: stratum.ErrSilent, text: "unanswered"},
		"half a line at end": {harm: func(p *stratumtest.Pool) { p.Send(`{"id":1`); p.Drop() }, want: stratum.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				primary, _, _, cfg := pair(t)
				client, r := start(t, cfg)
				i := r.await(t, "work", anyIssue)
				c.harm(primary)
				if c.share {
					go keepTalking(t, primary)
					client.Submit(i, solve(t, i, 0), nil)
				}
				if c.within > 0 {
					time.Sleep(c.within - 2*time.Second)
					on(t, client, "one.example.com", 0)
				}
				on(t, client, "two.example.org", 3*time.Second)
				losses := r.losses()
				if len(losses) != 1 || c.want != nil && !errors.Is(losses[0], c.want) || !strings.Contains(losses[0].Error(), c.text) {
					t.Errorf("losses %q, want %v, %q", losses, c.want, c.text)
				}
				if s := client.Stats(); s.Failures != 1 || !strings.Contains(s.LastError, "one.example.com") {
					t.Errorf("%+v", s)
				}
				if v := submit(client, i, solve(t, i, 1)); v.Sent || v.Reason != stratum.ReasonDisconnected {
					t.Errorf("share of the lost connection: %+v", v)
				}
			})
		})
	}
}

// keepTalking hides the silence of a pool towards shares behind other lines.
func keepTalking(t *testing.T, p *stratumtest.Pool) {
	for range 100 {
		select {
		case <-time.After(time.Second):
			p.NewJob(false)
		case <-t.Context().Done():
			return
		}
	}
}

// TestStuck fills the queue of a connection that takes no more, which is then
// lost, and proves that Submit never blocks.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, _, _, cfg := pair(t)
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		synctest.Wait()
		primary.Freeze(true)
		reasons := make(map[string]int)
		var mu sync.Mutex
		for n := range 300 {
			c.Submit(i, solve(t, i, uint64(n)), func(v stratum.Verdict) {
				mu.Lock()
				defer mu.Unlock()
				reasons[v.Reason]++
			})
		}
		on(t, c, "two.example.org", 35*time.Second)
		mu.Lock()
		defer mu.Unlock()
		if reasons[stratum.ReasonCongested] == 0 || reasons[stratum.ReasonUnanswered] < 200 {
			t.Errorf("%v", reasons)
		}
		if l := r.losses(); len(l) != 1 || !strings.Contains(l[0].Error(), "writing") {
			t.Errorf("losses %v", l)
		}
	})
}

// TestConfigureIsNotUnlearned proves that a pool which was down does not lose
// version rolling for it, though it hung up on mining.configure then.
func TestConfigureIsNotUnlearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{})
		hangUp := stratumtest.NewPool(t, stratumtest.Options{InMemory: true, Configure: stratumtest.HangUp, RefuseUser: true})
		var down atomic.Bool
		cfg.Dial = func(ctx context.Context, url string) (net.Conn, error) {
			if down.Load() {
				return hangUp.Dial(ctx, url)
			}
			return p.Dial(ctx, url)
		}
		_, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		down.Store(true)
		p.Drop()
		time.Sleep(10 * time.Minute)
		if n := hangUp.Calls(stratum.MethodSubscribe); n != 0 {
			t.Errorf("mining.configure was left out %d times", n)
		}
		down.Store(false)
		again := r.await(t, "work again", func(n *stratum.Issue) bool { return n != i })
		if again.Mask != i.Mask {
			t.Errorf("mask %08x, then %08x", i.Mask, again.Mask)
		}
	})
}

// TestNoJob goes on when a pool lets us in and then has nothing to do, or
// does not let us in.
func TestNoJob(t *testing.T) {
	for name, o := range map[string]stratumtest.Options{
		"no job":       {NoJob: true},
		"unauthorized": {RefuseUser: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, _, n, cfg := pair(t)
				o.InMemory = true
				n.pools["one.example.com"] = stratumtest.NewPool(t, o)
				c, _ := start(t, cfg)
				on(t, c, "two.example.org", 31*time.Second)
				want := stratum.ErrHandshake.Error()
				if o.RefuseUser {
					want = stratum.ErrUnauthorized.Error()
				}
				if s := c.Stats(); !strings.Contains(s.LastError, want) {
					t.Errorf("last error %q, want %q", s.LastError, want)
				}
			})
		})
	}
}

// TestBackoff counts how often a dead pool is dialled.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		start(t, stratum.ClientConfig{Pools: []stratum.Pool{{URL: "tcp://dead.example:1", User: "u"}}, Dial: n.Dial})
		synctest.Wait()
		if d := n.dials("dead.example"); d != 1 {
			t.Fatalf("dialled %d times at once", d)
		}
		time.Sleep(time.Minute)
		if d := n.dials("dead.example"); d < 6 || d > 9 {
			t.Errorf("dialled %d times in the first minute, want 6 to 9", d)
		}
		before := n.dials("dead.example")
		time.Sleep(time.Hour)
		if d := n.dials("dead.example") - before; d < 60 || d > 121 {
			t.Errorf("dialled %d times in an hour, want 60 to 121", d)
		}
	})
}

// TestSilentPrimaryIsLeftAlone proves that a pool which connects, and then
// says nothing, does not cost its silence again and again.
func TestSilentPrimaryIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, backup, n, cfg := pair(t)
		c, _ := start(t, cfg)
		on(t, c, "one.example.com", 0)
		backupJobs := make(chan struct{})
		go func() {
			defer close(backupJobs)
			for range 4 * 60 {
				time.Sleep(time.Minute)
				backup.NewJob(false)
			}
		}()
		time.Sleep(4 * time.Hour) // the primary has a job for whoever connects, no more
		<-backupJobs
		if d := n.dials("one.example.com"); d < 4 || d > 15 {
			t.Errorf("the silent pool was dialled %d times in four hours, want 4 to 15", d)
		}
		_ = primary
	})
}

func TestResume(t *testing.T) {
	for _, o := range []stratumtest.Options{{Resume: true}, {}, {RefuseResume: true}, {HangUpResume: true}} {
		t.Run(fmt.Sprintf("resume %t refuse %t hang up %t", o.Resume, o.RefuseResume, o.HangUpResume), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, cfg := inMemory(t, o)
				c, r := start(t, cfg)
				i := r.await(t, "work", anyIssue)
				p.Drop()
				time.Sleep(time.Minute)
				again := r.await(t, "work again", func(n *stratum.Issue) bool { return n != i })
				if same := string(again.Extranonce1) == string(i.Extranonce1); same != o.Resume {
					t.Errorf("extranonce1 %x, then %x", i.Extranonce1, again.Extranonce1)
				}
				if v := submit(c, again, solve(t, again, 0)); !v.Accepted {
					t.Errorf("%+v", v)
				}
				wellBehaved(t, p)
			})
		})
	}
}
