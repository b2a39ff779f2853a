package stratum_test

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// A device that begins every job with the same extranonce2 and nonce is never
// given the same headers twice: not by another lane with the same block, not by
// the same block published again, and not by a lane it left so long ago that
// the job is forgotten.
func TestWorkIsNeverGivenTwice(t *testing.T) {
	toy := difficulty(t, "0.000000059604644775390625") // 2^-24
	inBubble(t, stratum.ServerConfig{Vardiff: stratum.Vardiff{Min: &toy, Max: &toy, Start: &toy}}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		other := h.NewLane("other size")
		other.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "rig", "x")
		seat := h.desk.seat(t, 0)
		times := map[uint32]bool{c.Job.Time: true}
		mined := 0
		next := func(what string) {
			t.Helper()
			must(t, c.Notified())
			if times[c.Job.Time] {
				t.Errorf("%s: ntime %d for a second time", what, c.Job.Time)
			}
			times[c.Job.Time] = true
			for range 5 {
				must(t, c.Mine())
				mined++
			}
		}
		seat.Move(other)
		next("another lane")
		seat.Move(h.desk.home)
		next("back again")
		h.desk.home.Publish(laneJob(t, 1, "house"))
		next("published again")
		seat.Move(nil)
		pass(3 * time.Minute) // jobs are forgotten after two
		seat.Move(other)
		next("after a long while")
		if st := h.Stats(); st.Accepted != uint64(mined) || st.Refused["duplicate"] != 0 {
			t.Errorf("%d shares: %+v", mined, st)
		}
	})
}
