package stratum_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// resuming is a device that asks for its old session.
func resuming(session string) stratumtest.Device {
	d := plain()
	d.Hello = []stratumtest.Step{
		{Say: `{"id":1,"method":"mining.subscribe","params":["cpuminer/2.5.1","` + session + `"]}`, Replies: 1},
		{Say: `{"id":2,"method":"mining.authorize","params":[USER,PASS]}`, Until: "2"},
	}
	return d
}

// TestServerResumes loses connections that had work, in all the ways there are.
func TestServerResumes(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "fd=1e-7")
		counted := found(t, c)
		job, en1 := c.Job.ID, string(c.Subscription.Extranonce1)
		share, _ := c.Find()
		must(t, counted())
		must(t, c.Submit(job, share))
		c.Close()
		synctest.Wait()
		if n := h.Stats().Sessions; n != 1 {
			t.Errorf("%d sessions kept, want 1", n)
		}

		c2 := h.connect(resuming(c.Subscription.SessionID), "user", "fd=1e-7")
		if got := string(c2.Subscription.Extranonce1); got != en1 || c2.Subscription.SessionID != c.Subscription.SessionID {
			t.Errorf("resumed with extranonce1 %x, had %x", got, en1)
		}
		mustRefuse(t, "a share from before", c2.Submit(job, share), 22)
		next, _ := c.Find() // found before, submitted after
		must(t, c2.Submit(job, next))

		// The peer is gone, but the server has not noticed yet.
		c3 := h.connect(resuming(c.Subscription.SessionID), "user", "fd=1e-7")
		if got := string(c3.Subscription.Extranonce1); got != en1 {
			t.Errorf("taken over with extranonce1 %x, had %x", got, en1)
		}
		mustRefuse(t, "a share from before", c3.Submit(job, next), 22)
		st := h.Stats()
		if st.Resumed != 2 || st.Dropped["resumed"] != 1 || st.Connections != 1 || st.Sessions != 0 {
			t.Errorf("%+v", st)
		}

		c3.Close()
		pass(11 * time.Minute)
		c4 := h.connect(resuming(c.Subscription.SessionID), "user", "x")
		if got := string(c4.Subscription.Extranonce1); got == en1 {
			t.Error("a session is resumed after its time, or its extranonce1 used again")
		}
		c5 := h.connect(resuming("made up"), "user", "x")
		if a, b := string(c4.Subscription.Extranonce1), string(c5.Subscription.Extranonce1); a == b || a == en1 || b == en1 {
			t.Error("an extranonce1 has two owners")
		}
	})
}

// TestHeartbeats lets a device log in again and again without work: nothing of
// it may last.
func TestHeartbeats(t *testing.T) {
	inBubble(t, stratum.ServerConfig{FirstWorker: 0xfff0}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		for range 100 {
			c := h.connect(device("ESP-Miner"), "user", "x")
			c.Close()
			synctest.Wait()
		}
		st := h.Stats()
		if st.Sessions != 0 || st.Connections != 0 || len(h.desk.home.Seats()) != 0 || st.Limited["extranonce1"] != 0 {
			t.Errorf("%+v", st)
		}
		if len(h.desk.left) != 100 {
			t.Errorf("%d left", len(h.desk.left))
		}
	})
}

// TestExtranonces runs out of extranonce1 values, and has one free again only
// when the jobs of its last owner are over.
func TestExtranonces(t *testing.T) {
	inBubble(t, stratum.ServerConfig{FirstWorker: 0xfffe}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		seen := make(map[string]bool)
		var all []*stratumtest.Client
		for range 2 {
			c := h.connect(plain(), "user", "x")
			seen[string(c.Subscription.Extranonce1)] = true
			must(t, c.Mine())
			all = append(all, c)
		}
		if !seen["\xff\xfe"] || !seen["\xff\xff"] {
			t.Errorf("extranonces %v", seen)
		}
		full := func() bool {
			conn := newBuffered(h.dial(""))
			defer conn.Close()
			c, err := stratumtest.Device{Patience: time.Minute}.Connect(conn, "", "")
			must(t, err)
			c.Subscription.Extranonce1 = []byte{0, 0}
			must(t, c.Say(`{"id":1,"method":"mining.subscribe","params":[]}`))
			m, err := c.Reply("1")
			must(t, err)
			return m.Refused() != nil
		}
		if !full() {
			t.Error("a third extranonce1")
		}
		all[0].Close()
		pass(time.Hour)
		if !full() {
			t.Error("an extranonce1 was used again while its job lives")
		}
		h.desk.home.Publish(laneJob(t, 2, "house"))
		must(t, all[1].Notified())
		if full() {
			t.Error("the extranonce1 is not free after a new block")
		}
		if n := h.Stats().Limited["extranonce1"]; n != 2 {
			t.Errorf("counted %d times, want 2", n)
		}
	})
}

// TestWorkers has several workers on a connection, and gives each its due.
func TestWorkers(t *testing.T) {
	inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{Workers: 2}}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "one", "x")
		ask := func(id int, user string) *stratum.Error {
			must(t, c.Say(fmt.Sprintf(`{"id":%d,"method":"mining.authorize","params":["%s","x"]}`, id, user)))
			m, err := c.Reply(fmt.Sprint(id))
			must(t, err)
			return m.Verdict()
		}
		if e := ask(10, `t\"wo`); e != nil {
			t.Error(e)
		}
		if e := ask(11, "one"); e != nil {
			t.Error(e)
		}
		mustRefuse(t, "a third", ask(12, "three"), 24)
		must(t, c.Mine())
		s, _ := c.Find()
		submit := func(user string) error {
			must(t, c.Say(fmt.Sprintf(`{"id":20,"method":"mining.submit","params":["%s","%s","%x","%08x","%08x"]}`, user, c.Job.ID, s.Extranonce2, s.Time, s.Nonce)))
			m, err := c.Reply("20")
			must(t, err)
			if e := m.Verdict(); e != nil {
				return e
			}
			return nil
		}
		mustRefuse(t, "unknown worker", submit("three"), 24)
		must(t, submit(`t\u0022wo`))
		mustRefuse(t, "the other's share", submit("one"), 22)
		a := h.desk.shares()
		if len(a) != 2 || a[0].Worker != "one" || a[1].Worker != `t"wo` {
			t.Errorf("%+v", a)
		}
		i := h.desk.seat(t, 0).Info()
		if len(i.Workers) != 2 || i.Accepted != 2 || i.Refused != 2 || i.RateHps == 0 || i.Agent != "cpuminer/2.5.1" || i.LastShare.IsZero() {
			t.Errorf("%+v", i)
		}
		if n := h.Stats().Limited["workers"]; n != 1 {
			t.Errorf("counted %d times, want 1", n)
		}
	})
}

// TestStartDifficulty sets where a connection starts, by each of the ways.
func TestStartDifficulty(t *testing.T) {
	for _, c := range []struct {
		name, password string
		device         string
		extra          string // before the subscription
		grant, hardest string
		want           string
	}{
		{"nothing", "x", "cgminer-no", "", "", "", "1024"},
		{"its name", "x", "minerd", "", "", "", "0.0009765625"},
		{"d=", "x,d=5000", "minerd", "", "", "", "4096"},
		{"fd=", "fd=0.3;d=7", "minerd", "", "", "", "0.25"},
		{"the node", "x", "minerd", "", "70000", "", "65536"},
		{"d= and the node", "d=1", "minerd", "", "70000", "", "1"},
		{"a suggestion", "x", "cgminer-no", `{"id":9,"method":"mining.suggest_difficulty","params":["12.5"]}`, "70000", "", "8"},
		{"a target", "x", "cgminer-no", `{"id":null,"method":"mining.suggest_target","params":["00000000000fffff000000000000000000000000000000000000000000000000"]}`, "", "", "2048"},
		{"a minimum", "d=1", "cgminer-no", `{"id":9,"method":"mining.configure","params":[["minimum-difficulty"],{"minimum-difficulty.value":3000}]}`, "", "", "4096"},
		{"too hard for the lane", "d=1e6", "minerd", "", "", "100", "64"},
		{"nonsense", "d=x,fd=,d=-1", "cgminer-no", "", "", "", "1024"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
				j := laneJob(t, 1, "house")
				if j.Hardest = (miner.Target{}); c.hardest != "" {
					j.Hardest = difficulty(t, c.hardest).WorkerTarget()
				}
				h.desk.home.Publish(j)
				if c.grant != "" {
					d := difficulty(t, c.grant)
					h.desk.grant.StartDifficulty = &d
				}
				d := plain()
				if c.device != "minerd" {
					d.Hello = []stratumtest.Step{
						{Say: `{"id":1,"method":"mining.subscribe","params":["some/1.0"]}`, Replies: 1},
						{Say: `{"id":2,"method":"mining.authorize","params":[USER,PASS]}`, Until: "2"},
					}
				}
				if c.extra != "" {
					first := stratumtest.Step{Say: c.extra}
					if c.extra[6] == '9' {
						first.Replies = 1
					}
					d.Hello = append([]stratumtest.Step{first}, d.Hello...)
				}
				w := h.connect(d, "user", c.password)
				must(t, w.Say(`{"id":"end","method":"mining.ping","params":[]}`))
				_, err := w.Reply(`"end"`)
				must(t, err)
				if got := w.Difficulty.String(); got != c.want {
					t.Errorf("difficulty %s, want %s", got, c.want)
				}
				if i := h.desk.seat(t, 0).Info(); i.Difficulty.Cmp(difficulty(t, c.want)) != 0 || i.Fixed != (c.name == "fd=") {
					t.Errorf("%+v", i)
				}
			})
		})
	}
}

// TestDeskRefuses lets the node refuse a share that was good.
func TestDeskRefuses(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "x")
		h.desk.reply = &stratum.Error{Code: 24, Message: "lease ended"}
		mustRefuse(t, "a share", c.Mine(), 24)
		if st := h.Stats(); st.Accepted != 0 || st.Refused["unauthorized"] != 1 || h.desk.seat(t, 0).Info().Accepted != 0 {
			t.Errorf("%+v", st)
		}
	})
}
