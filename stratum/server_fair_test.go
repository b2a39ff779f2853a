package stratum_test

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// TestClockIsSet sets the machine's clock back and forth by hours: nobody is
// dropped, banned or late for it, and shares have the date of the new time.
func TestClockIsSet(t *testing.T) {
	var by atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(by.Load())) }
	inBubble(t, stratum.ServerConfig{Now: now}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "fd=1e-7")
		since := h.desk.seat(t, 0).Info().Since
		for n, step := range []time.Duration{-5 * time.Hour, 3 * time.Hour, 90 * time.Minute, -24 * time.Hour} {
			must(t, c.Mine())
			one := found(t, c)
			h.desk.home.Publish(laneJob(t, 1, strings.Repeat("x", n+1)))
			must(t, c.Notified())
			by.Add(int64(step))
			pass(2 * time.Second)
			must(t, one()) // of a job replaced two seconds ago
			must(t, c.Mine())
			shares := h.desk.shares()
			if at := shares[len(shares)-1].At; !at.Equal(now()) {
				t.Errorf("a share of %v, now it is %v", at, now())
			}
			i := h.desk.seat(t, 0).Info()
			if d := i.Since.Sub(since); d != time.Duration(by.Load()) || !i.LastShare.Equal(now()) {
				t.Errorf("since %v, last share at %v", i.Since, i.LastShare)
			}
		}
	})
}

// TestBlankLines says nothing, but much of it.
func TestBlankLines(t *testing.T) {
	inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{MessageRate: 10, MessageBurst: 100}}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c, err := plain().Connect(newBuffered(h.dial("")), "user", "x")
		must(t, err)
		flood := h.dial("")
		_, err = io.WriteString(flood, authorize)
		must(t, err)
		_, err = io.ReadFull(flood, make([]byte, len(`{"id":2,"result":true,"error":null}`)+1))
		must(t, err)
		for range 200 {
			if _, err = io.WriteString(flood, strings.Repeat("\r\n", 512)); err != nil {
				break
			}
		}
		synctest.Wait()
		if st := h.Stats(); err == nil || st.Dropped["message-rate"] != 1 || st.BytesIn > 150<<10 {
			t.Errorf("%v: %+v", err, st)
		}
		must(t, c.Mine())
	})
}

// TestBlameless has shares refused that are good: because the node does not
// want them, or there are too many. That is no reason to ban a rig.
func TestBlameless(t *testing.T) {
	inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{InvalidShares: 5, SharesPerBlock: 30}}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c, err := plain().Connect(newBuffered(h.dial("192.0.2.1:1")), "user", "fd=1e-7")
		must(t, err)
		h.desk.reply = errors.New("the store is full")
		for range 29 {
			mustRefuse(t, "a share", c.Mine(), 20)
		}
		h.desk.reply = nil
		last := found(t, c)
		must(t, last())
		for range 29 {
			mustRefuse(t, "a share beyond the limit", c.Mine(), 20)
			r := h.desk.refused[len(h.desk.refused)-1]
			if r.Late == nil || r.Late.Header.Hash() != r.Late.Hash || r.Late.Owner != "house" {
				t.Fatalf("%+v: a block would be lost", r)
			}
		}
		mustRefuse(t, "a share from before", last(), 22)
		if st := h.Stats(); st.Connections != 1 || st.Banned != 0 || st.Limited["shares-per-block"] != 29 {
			t.Errorf("%+v", st)
		}
		for err = nil; caught(err) != 0 || err == nil; { // but lies are
			s, _ := c.Find()
			s.Nonce++
			err = c.Submit(c.Job.ID, s)
		}
		synctest.Wait()
		if st := h.Stats(); st.Connections != 0 || st.Banned != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestUselessJobs publishes jobs whose own time no share may have: they would
// get every rig that works on them banned.
func TestUselessJobs(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		good := laneJob(t, 1, "house")
		h.desk.home.Publish(good)
		early, late := laneJob(t, 1, "early"), laneJob(t, 1, "late")
		early.MinTime = early.Job.Time + 1
		late.MaxTime = late.Job.Time - 1
		h.desk.home.Publish(early)
		h.desk.home.Publish(late)
		c := h.connect(plain(), "user", "x")
		must(t, c.Mine())
		if st := h.Stats(); st.BadJobs != 2 || st.Accepted != 1 {
			t.Errorf("%+v", st)
		}
	})
}
