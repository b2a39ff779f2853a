package stratum_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// TestFlood lets a pool make nearly every hash a share and answer none: what
// waits for it has a bound.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{Difficulty: "1e-10"})
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		p.MuteShares(true)
		const shares, most = 6000, 4096
		for n := range shares {
			c.Submit(i, solve(t, i, uint64(n)), nil)
			if n%100 == 0 {
				synctest.Wait() // until what is queued has left
			}
		}
		synctest.Wait()
		if sent, kept := p.Calls(stratum.MethodSubmit), c.Stats().Unsent[stratum.ReasonCongested]; sent > most || uint64(sent)+kept != shares {
			t.Errorf("%d shares sent without an answer, want at most %d; %d kept back", sent, most, kept)
		}
		p.MuteShares(false)
		if v := submit(c, i, solve(t, i, shares)); v.Sent || v.Reason != stratum.ReasonCongested {
			t.Errorf("%+v, want it kept back", v)
		}
	})
}

// TestChatter lets a pool fill the log with what it may say to people.
func TestChatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p, cfg := inMemory(t, stratumtest.Options{})
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c, err := stratum.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := newRecorder()
		stop := run(t, c, r)
		i := r.await(t, "work", anyIssue)
		for range 1000 {
			p.ShowMessage("hello")
			p.Reconnect("evil.example.org", 0, 0)
		}
		synctest.Wait()
		if v := submit(c, i, solve(t, i, 0)); !v.Accepted {
			t.Errorf("%+v", v)
		}
		stop()
		if n := strings.Count(log.String(), "\n"); n > 120 {
			t.Errorf("%d lines of log", n)
		}
	})
}

// TestErrorIsPrintable puts control characters into the error of a
// connection, as certificates and close frames can.
func TestErrorIsPrintable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c, err := stratum.NewClient(stratum.ClientConfig{
			Pools: []stratum.Pool{{URL: "tcp://pool.example:1", User: "u"}},
			Dial: func(context.Context, string) (net.Conn, error) {
				return nil, errors.New("closed: \x1b[2J\r\n" + strings.Repeat("x", 10_000))
			},
			Logger: slog.New(slog.NewJSONHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, c, newRecorder())
		synctest.Wait()
		stop()
		text := log.String()
		if !strings.Contains(text, "closed: ") || strings.Contains(text, `\u001b`) || strings.Contains(text, `\r`) || len(text) > 1000 {
			t.Errorf("%d bytes of log: %.300s", len(text), text)
		}
	})
}

// TestEndIsNoFailure proves that a client which is told to end does not count
// that against its pool.
func TestEndIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{})
		c, err := stratum.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := newRecorder()
		stop := run(t, c, r)
		i := r.await(t, "work", anyIssue)
		stop()
		if s := c.Stats(); s.Failures != 0 || s.LastError != "" || s.Connects != 1 {
			t.Errorf("%+v", s)
		}
		run(t, c, r)
		synctest.Wait()
		if again, _ := r.newest(); again == i {
			t.Error("does not connect at once when run again")
		}
		wellBehaved(t, p)
	})
}
