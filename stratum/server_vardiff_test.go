package stratum_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// TestRise finds shares too fast: the reply comes first, then the new
// difficulty, then the work anew, under another id and not clean. Shares of
// the old job count as before.
func TestRise(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		j := laneJob(t, 1, "house")
		j.Hardest = miner.Target{}
		h.desk.home.Publish(j)
		c := h.connect(plain(), "user", "d=5.9604644775390625e-8") // 2^-24
		must(t, c.Notified())
		late := found(t, c)
		first := *c.Job
		for range 8 {
			pass(200 * time.Millisecond)
			must(t, c.Mine())
		}
		must(t, c.Notified())
		n := len(c.Lines)
		if last := c.Lines[n-3:]; !strings.Contains(last[0], `"result":true`) || !strings.Contains(last[1], "set_difficulty") || !strings.Contains(last[2], "notify") {
			t.Errorf("%q", last)
		}
		if c.Job.ID == first.ID || c.Job.Clean || c.Job.PrevHash != first.PrevHash || c.Job.Time == first.Time {
			t.Errorf("the work anew is %+v", c.Job)
		}
		if d := c.Difficulty.Float64() * (1 << 24); d != 16 { // 25 times too fast
			t.Errorf("%g times as hard", d)
		}
		must(t, late())
		must(t, c.Mine())
		a := h.desk.shares()
		easy, hard := a[8].Issue.Target.Work(), a[9].Issue.Target.Work()
		if a[8].Issue.ID != first.ID || easy.Big().Int64() != 1<<8-1 || hard.Big().Int64() != 1<<12-1 {
			t.Errorf("shares worth %v and %v", easy, hard)
		}

		seat := h.desk.seat(t, 0)
		// 9 shares of 256 hashes and one of 4096 in 1.6 s; of less than ten
		// seconds nothing follows.
		if hps := seat.RateHps(); hps < 600 || hps > 700 || seat.Info().RateHps != hps {
			t.Errorf("%d H/s", hps)
		}
		pass(10 * time.Minute)
		if hps := seat.RateHps(); hps > 10 {
			t.Errorf("%d H/s after a long silence", hps)
		}
		seat.Show("hello\x1b")
		must(t, c.Await("the text", func(m *stratum.Message) bool {
			return m.Method == stratum.MethodShowMessage && string(m.Params) == `["hello"]`
		}))
		seat.Close()
		seat.Show("too late")
		seat.Move(nil)
		synctest.Wait()
		if st := h.Stats(); st.Connections != 0 || st.Dropped["closed"] != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestCeiling finds shares too fast for a lane that allows nothing harder:
// nothing is said, until another lane does.
func TestCeiling(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house")) // at most 2^-24
		c := h.connect(plain(), "user", "x")
		for range 40 {
			pass(200 * time.Millisecond)
			must(t, c.Mine())
		}
		if n := count(c, `"method":"mining.set_difficulty"`); n != 1 {
			t.Errorf("%d difficulties, want 1: %q", n, c.Lines)
		}
		free := h.NewLane("free")
		j := laneJob(t, 1, "free")
		j.Hardest = difficulty(t, "1e-6").WorkerTarget()
		free.Publish(j)
		h.desk.seat(t, 0).Move(free)
		must(t, c.Notified())
		if d := c.Difficulty.Float64() * (1 << 24); d != 16 {
			t.Errorf("%g times as hard", d)
		}
		must(t, c.Mine())
	})
}
