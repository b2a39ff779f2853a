package stratum_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// caught returns a client's error code, or 0.
func caught(err error) int {
	if e, ok := err.(*stratum.Error); ok {
		return e.Code
	}
	return 0
}

// found finds a share of the client's job, and returns what submits it.
func found(t testing.TB, c *stratumtest.Client) func() error {
	t.Helper()
	s, ok := c.Find()
	if !ok {
		t.Fatal("no share")
	}
	id := c.Job.ID
	return func() error { return c.Submit(id, s) }
}

// TestMove moves a worker while it has shares in flight: each is credited to
// the lane of its job.
func TestMove(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		other := h.NewLane("other")
		h.desk.home.Publish(laneJob(t, 1, "house"))
		other.Publish(laneJob(t, 1, "other"))
		c := h.connect(plain(), "user", "fd=1e-7")
		seat := h.desk.seat(t, 0)
		late := found(t, c)
		seat.Move(other)
		must(t, c.Notified())
		if c.Job.Clean {
			t.Error("a move within one block throws work away")
		}
		must(t, late())
		must(t, c.Mine())
		seat.Move(other) // again: nothing
		seat.Move(h.desk.home)
		must(t, c.Notified())
		must(t, c.Mine()) // the same job as before, but not the same share
		seat.Move(nil)
		other.Publish(laneJob(t, 2, "other"))
		h.desk.home.Publish(laneJob(t, 2, "house"))
		synctest.Wait()
		seat.Move(other)
		must(t, c.Notified())
		if !c.Job.Clean {
			t.Error("a move to another block is not clean")
		}
		must(t, c.Mine())
		var owners []any
		for _, a := range h.desk.shares() {
			owners = append(owners, a.Owner)
		}
		if got := fmt.Sprint(owners); got != "[house other house other]" {
			t.Errorf("credited to %s", got)
		}
		if n := count(c, "mining.notify"); n != 5 { // one for the difficulty of the password
			t.Errorf("%d jobs, want 5", n)
		}
	})
}

// TestTips lets blocks come on lanes of one chain at different times, and on
// another chain.
func TestTips(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		quick, slow, alien := h.NewLane("quick"), h.NewLane("slow"), h.NewLane("alien")
		lanes := []*stratum.Lane{quick, slow, alien}
		h.desk.place = func(s *stratum.Seat) *stratum.Lane { return lanes[len(h.desk.seats)-1] }
		h.desk.home.Publish(laneJob(t, 1, "house"))
		quick.Publish(laneJob(t, 1, "quick"))
		slow.Publish(laneJob(t, 1, "slow"))
		alien.Publish(laneJob(t, 100, "alien"))
		var clients []*stratumtest.Client
		for i := range lanes {
			c := h.connect(plain(), fmt.Sprint("user", i), "fd=1e-7")
			must(t, c.Notified())
			clients = append(clients, c)
		}
		onQuick, onSlow, onAlien := found(t, clients[0]), found(t, clients[1]), found(t, clients[2])
		again := laneJob(t, 1, "quick")
		again.Job.Time, again.Job.Clean = again.Job.Time+1, false
		quick.Publish(again)
		must(t, clients[0].Notified())
		must(t, onQuick()) // replaced within the tip
		onQuick = found(t, clients[0])
		quick.Publish(laneJob(t, 2, "quick"))
		must(t, clients[0].Notified())
		mustRefuse(t, "the old block", onQuick(), 21)
		mustRefuse(t, "the old block on another lane", onSlow(), 21)
		must(t, onAlien())
		must(t, clients[0].Mine())
		slow.Publish(laneJob(t, 2, "slow"))
		must(t, clients[1].Notified())
		must(t, clients[1].Mine())
		// A reorganisation: the first block is the tip once more, but its old
		// jobs are not.
		job1 := laneJob(t, 1, "new")
		job1.Job.Time += 5
		quick.Publish(job1)
		must(t, clients[0].Notified())
		must(t, clients[0].Mine())
		mustRefuse(t, "a job from before the reorganisation", onQuick(), 21)
		if n := len(h.desk.refused); n != 3 {
			t.Fatalf("%d refused", n)
		}
		for i, r := range h.desk.refused[:2] {
			if r.Late == nil || !r.Late.Hash.Meets(r.Late.Issue.Target) || r.Owner != []any{"quick", "slow"}[i] {
				t.Errorf("%+v", r)
			}
		}
		if h.desk.refused[2].Late != nil {
			t.Error("a late share is late twice")
		}
	})
}

// TestJobTime lets shares of a replaced job come in time and too late.
func TestJobTime(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "fd=1e-7")
		one, two := found(t, c), found(t, c)
		pass(time.Hour / 10) // not replaced: good for long
		h.desk.home.Publish(laneJob(t, 1, "house2"))
		synctest.Wait()
		pass(119 * time.Second)
		must(t, one())
		pass(2 * time.Second)
		mustRefuse(t, "after two minutes", two(), 21)
	})
}

// TestLateRetarget changes the difficulty while shares are in flight.
func TestLateRetarget(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		j := laneJob(t, 1, "house")
		j.Hardest = miner.Target{}
		h.desk.home.Publish(j)
		c := h.connect(plain(), "user", "d=0.0001")
		hard := c.Job.ID
		must(t, c.Mine())
		pass(50 * time.Second) // vardiff goes down
		for c.Job.ID == hard {
			must(t, c.Notified())
		}
		easy := *c.Job
		c.Job.ID = hard
		c.Job.Time = j.Job.Time
		accepted := len(h.desk.shares())
		// Its target is met by one in some ten of these.
		for late := 0; late == 0; late = int(h.Stats().LateRetarget) {
			must(t, c.Mine())
		}
		for _, a := range h.desk.shares()[accepted:] {
			if !a.Hash.Meets(a.Issue.Target) || a.Issue.ID != hard {
				t.Errorf("%+v", a)
			}
		}
		c.Job = &easy
		before := len(h.desk.shares())
		must(t, c.Mine())
		if n := len(h.desk.shares()); n != before+1 {
			t.Error("a share of the newer job does not count")
		}
		if count(c, `"method":"mining.set_difficulty"`) < 2 {
			t.Error("no new difficulty")
		}
	})
}

// TestMasks configures late and moves to a lane whose pool allows fewer bits.
func TestMasks(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		j := laneJob(t, 1, "house")
		j.Hardest = miner.MaxTarget
		j.Job.Version = 0x20006004 // bits of the mask have to go
		h.desk.home.Publish(j)
		narrow := j
		narrow.Mask = 0x00006000
		narrow.Job.Coinb1 = append([]byte(nil), j.Job.Coinb1...)
		narrow.Job.Coinb1[4]++
		other := h.NewLane("narrow")
		other.Publish(narrow)
		c := h.connect(plain(), "user", "x")
		if c.Job.Version != 0x20000004 {
			t.Errorf("version %08x", c.Job.Version)
		}
		n := uint32(0)
		share := func(bits uint32) stratum.Share {
			n++
			return stratum.Share{Extranonce2: binary.BigEndian.AppendUint32(nil, n), Time: c.Job.Time, VersionBits: bits, HasVersion: true}
		}
		first := c.Job.ID
		mustRefuse(t, "bits without configure", c.Submit(first, share(0x2000)), 20)
		must(t, c.Say(`{"id":"c","method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffffff"}]}`))
		must(t, c.Await("the mask", func(m *stratum.Message) bool { return m.Method == stratum.MethodSetVersionMask }))
		if c.Mask != stratum.VersionMask {
			t.Errorf("mask %08x", c.Mask)
		}
		must(t, c.Submit(first, share(0x10002000)))
		must(t, c.Submit(first, stratum.Share{Extranonce2: []byte{9, 9, 9, 9}, Time: c.Job.Time}))
		h.desk.seat(t, 0).Move(other)
		must(t, c.Notified())
		if c.Mask != 0x6000 {
			t.Errorf("mask %08x", c.Mask)
		}
		must(t, c.Submit(first, share(0x10002000))) // by its own issue
		mustRefuse(t, "bits the pool does not allow", c.Submit(c.Job.ID, share(0x10002000)), 20)
		must(t, c.Submit(c.Job.ID, share(0x4000)))
		for _, a := range h.desk.shares() {
			if v := a.Header.Version(); v != 0x20000004|a.Share.VersionBits {
				t.Errorf("version %08x with bits %08x", v, a.Share.VersionBits)
			}
		}
		if m := h.desk.seat(t, 0).Info().Mask; m != 0x6000 {
			t.Errorf("mask %08x in the info", m)
		}
	})
}

// TestLaneClose sends the riders of a closed lane elsewhere.
func TestLaneClose(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		lease := h.NewLane("lease")
		h.desk.place = func(*stratum.Seat) *stratum.Lane { return lease }
		c := h.connect(plain(), "user", "x") // no job anywhere: it waits
		if c.Job != nil || h.desk.seat(t, 0).Info().Lane != lease {
			t.Errorf("%+v", h.desk.seat(t, 0).Info())
		}
		lease.Publish(laneJob(t, 1, "lease"))
		must(t, c.Notified())
		h.desk.home.Publish(laneJob(t, 1, "house"))
		h.desk.place = nil
		lease.Close()
		lease.Close()
		lease.Publish(laneJob(t, 2, "lease"))
		must(t, c.Notified())
		must(t, c.Mine())
		if a := h.desk.shares(); len(a) != 1 || a[0].Owner != "house" || len(lease.Seats()) != 0 {
			t.Errorf("%+v, %d on the lane", a, len(lease.Seats()))
		}
		h.desk.home.Publish(stratum.LaneJob{})
		if st := h.Stats(); st.BadJobs != 1 || st.Lanes != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestMovesUnderLoad moves workers to and fro while they mine over TCP and
// jobs and blocks come: no share may be lost or credited wrongly, and none of
// the newest block be refused.
func TestMovesUnderLoad(t *testing.T) {
	h, _ := newHall(t, stratum.ServerConfig{})
	lanes := make([]*stratum.Lane, 4)
	publish := func(lane, height, n int) {
		name := fmt.Sprintf("lane%d.%d", lane, n)
		j := laneJob(t, height, name)
		j.Owner = lane
		j.Hardest = miner.MaxTarget // every hash is a share
		j.Job.Clean = true
		lanes[lane].Publish(j)
	}
	for i := range lanes {
		lanes[i] = h.NewLane(fmt.Sprint("lane", i))
		publish(i, 1, 0)
	}
	h.desk.home = lanes[0]
	addr := h.listen()
	const workers, shares = 8, 300
	var wg sync.WaitGroup
	var mu sync.Mutex
	progress := make(chan struct{}, workers*shares)
	stale, credited := 0, make(map[string]int) // by user and lane, as the workers see it
	for w := range workers {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			user := fmt.Sprint("user", w)
			c, err := device("cgminer").Connect(conn, user, "x")
			if err != nil {
				t.Error(err)
				return
			}
			for n := range shares {
				s, _ := c.Find()
				binary.BigEndian.PutUint32(s.Extranonce2, uint32(n)) // any hash will do
				id, lane := c.Job.ID, c.Job.Coinb1[47]
				progress <- struct{}{}
				switch err := c.Submit(id, s); caught(err) {
				case 0:
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					credited[fmt.Sprintf("%s/%c", user, lane)]++
					mu.Unlock()
				case 21:
					mu.Lock()
					stale++
					mu.Unlock()
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	blocks := 1
	for n := 0; ; n++ {
		ended := false
		for range 5 {
			select {
			case <-done:
				ended = true
			case <-progress:
			}
		}
		if !ended {
			for i, s := range h.Seats() {
				s.Move(lanes[(i+n)%len(lanes)])
			}
			if n%50 == 49 {
				blocks++
			}
			for i := range lanes {
				publish(i, blocks, n)
			}
			continue
		}
		break
	}
	got := make(map[string]int)
	for _, a := range h.desk.shares() {
		got[fmt.Sprintf("%s/%d", a.Worker, a.Owner)]++
		if want := fmt.Sprint("lane", a.Owner); string(a.Issue.Coinb1[43:48]) != want {
			t.Errorf("a share of %q credited to %s", a.Issue.Coinb1[43:48], want)
		}
		if a.Header.Root() != a.Issue.MerkleRoot(append(append([]byte(nil), a.Issue.Extranonce1...), a.Share.Extranonce2...)) || a.Header.Prev() != a.Issue.PrevHash {
			t.Error("not the header of the issue")
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(credited) {
		t.Errorf("credited %v, want %v", got, credited)
	}
	if stale > workers*blocks*8 {
		t.Errorf("%d stale shares with %d blocks", stale, blocks)
	}
	t.Logf("%d blocks, %d stale", blocks, stale)
}
