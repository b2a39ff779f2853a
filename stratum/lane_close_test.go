package stratum_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/hashlease/hashlease/stratum"
)

// TestClosedPlace closes lanes while connections are on their way to them,
// where Close cannot see them yet: they are not left behind.
func TestClosedPlace(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		lease, next := h.NewLane("lease"), h.NewLane("next")
		lease.Publish(laneJob(t, 1, "lease"))
		next.Publish(laneJob(t, 1, "next"))
		asked := 0
		h.desk.place = func(*stratum.Seat) *stratum.Lane {
			if asked++; asked == 1 {
				lease.Close()
				return lease
			}
			return next
		}
		c := h.connect(plain(), "user", "fd=1e-7")
		seat := h.desk.seat(t, 0)
		if on := seat.Info().Lane; on != next || asked != 2 {
			t.Fatalf("on %v, the node was asked %d times", on, asked)
		}
		next.Publish(laneJob(t, 2, "next2"))
		for c.Job.PrevHash != block(2, "").PrevHash {
			must(t, c.Notified())
		}
		must(t, c.Mine())

		// Neither a node that knows nothing better, nor one that moves the
		// connection itself, is asked for ever or overruled.
		asked = 0
		h.desk.place = func(*stratum.Seat) *stratum.Lane { asked++; return lease }
		seat.Move(lease)
		synctest.Wait()
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		h.desk.place = func(s *stratum.Seat) *stratum.Lane { s.Move(next); return h.desk.home }
		seat.Move(lease)
		synctest.Wait()
		if on := seat.Info().Lane; on != next {
			t.Errorf("on %v", on)
		}
	})
}

// TestTipsOfOthers has a lane whose upstream says a new block every moment,
// not clean as those of pools: the work of other lanes stays good.
func TestTipsOfOthers(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "fd=1e-7")
		pool := h.NewLane("pool")
		say := func(n int) {
			j := laneJob(t, n, fmt.Sprint("pool", n))
			j.Job.Clean = false
			pool.Publish(j)
		}
		for n := range 200 {
			say(100 + n)
		}
		must(t, c.Mine())
		// More chains at a time than are remembered.
		var lanes []*stratum.Lane
		for n := range 100 {
			l := h.NewLane("alien")
			l.Publish(laneJob(t, 1000+n, "alien"))
			lanes = append(lanes, l)
		}
		must(t, c.Mine())
		for _, l := range lanes {
			l.Close()
		}
		for n := range 200 {
			say(300 + n)
		}
		must(t, c.Mine())
	})
}
