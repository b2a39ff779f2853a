package stratum_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
	"github.com/hashlease/hashlease/stratum/transport"
)

// TestDevices lets each device of the field mine, over a pipe and over TCP:
// none may misunderstand a reply, have a share refused, or hang up in silence.
func TestDevices(t *testing.T) {
	for _, d := range stratumtest.Devices() {
		t.Run(d.Name, func(t *testing.T) {
			inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
				lease := h.NewLane("lease")
				h.desk.home.Publish(laneJob(t, 1, "house"))
				lease.Publish(laneJob(t, 1, "lease"))
				h.desk.place = func(*stratum.Seat) *stratum.Lane { return lease }
				c := h.connect(d, `rig "1"`, "x")
				mines(t, h, c, lease)
			})
		})
		t.Run(d.Name+" over TCP", func(t *testing.T) {
			h, _ := newHall(t, stratum.ServerConfig{})
			h.desk.home.Publish(laneJob(t, 1, "lease"))
			conn, err := net.Dial("tcp", h.listen())
			must(t, err)
			defer conn.Close()
			c, err := d.Connect(conn, "rig", "x")
			must(t, err)
			for c.Job == nil {
				must(t, c.Notified())
			}
			must(t, c.Mine())
		})
	}
}

// mines lets a device work through jobs, changes of block, and long silences.
func mines(t *testing.T, h *hall, c *stratumtest.Client, lease *stratum.Lane) {
	for c.Job == nil || !strings.Contains(string(c.Job.Coinb1), "lease") {
		must(t, c.Notified())
	}
	if !c.Job.Clean == (count(c, "mining.notify") == 1) {
		t.Error("the first job is not clean, or a move within one block is")
	}
	for height := 1; height < 4; height++ {
		for range 3 {
			must(t, c.Mine())
		}
		pass(50 * time.Second)
		if c.Keepalive != "" {
			must(t, c.Say(c.Keepalive))
		}
		if height%2 == 0 {
			next := laneJob(t, height+1, "lease")
			lease.Publish(next)
			for c.Job.PrevHash != next.Job.PrevHash {
				must(t, c.Notified())
			}
			if !c.Job.Clean {
				t.Error("a new block's job is not clean")
			}
		}
	}
	pass(5 * time.Minute) // its patience is tried, not ours
	must(t, c.Await("a sign of life", func(*stratum.Message) bool { return true }))
	shares := h.desk.shares()
	if len(shares) != 9 {
		t.Errorf("%d shares accepted, want 9", len(shares))
	}
	for _, a := range shares {
		if a.Owner != "lease" || a.Worker != `rig "1"` || !a.Hash.Meets(a.Issue.Target) || a.Header.Hash() != a.Hash {
			t.Errorf("%+v", a)
		}
		if a.Issue.Extranonce1[0] != 0 || a.Seat.ID == 0 {
			t.Errorf("extranonce1 %x", a.Issue.Extranonce1)
		}
	}
	if len(h.desk.refused) != 0 {
		t.Errorf("%d shares refused, the first %v", len(h.desk.refused), h.desk.refused[0].Err)
	}
}

// TestServerVector sends the wire's test vector through the server.
func TestServerVector(t *testing.T) {
	inBubble(t, stratum.ServerConfig{FirstWorker: 0xff6a, Extranonce2Size: 8}, func(t *testing.T, h *hall) {
		// The first two bytes of the vector's extranonce1 end coinb1, so that
		// the last two are a worker's.
		const notify = `["6affdc6900000003","0641dc7d6e6f0ec1641788474c5b575b03e866b9ad7ab5786a9d4429000002f1",` +
			`"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff360220020c0b2f503253482f627463642f047ddcff6a04bf2af20a0c6adc",` +
			`"0a636b706f6f6c2d6c6872032f782fffffffff0200f2052a010000001976a914000102030405060708090a0b0c0d0e0f1011121388ac0000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000",` +
			`[],"20400000","1d00ffff","6affdc7d",true]`
		j, err := stratum.ParseNotify([]byte(notify))
		must(t, err)
		h.desk.home.Publish(stratum.LaneJob{
			Job: *j, MinTime: j.Time, MaxTime: j.Time + 7200, Hardest: difficulty(t, "0.05").WorkerTarget(),
		})
		c := h.connect(plain(), "user", "d=1024")
		en2 := make([]byte, 8)
		for nonce, hash := range map[uint32]string{
			0x7f717306: "0000000a7654a749c9c9a5b86e1a24edb7bcc1a0387644164c2066b04ca6da33",
			0x34a79b0b: "00000007e4e5d5ae4c80aea9cc9bce44b3761317a6dcfe73ec9f232d93cb67b3",
		} {
			must(t, c.Submit(c.Job.ID, stratum.Share{Extranonce2: en2, Time: j.Time, Nonce: nonce}))
			shares := h.desk.shares()
			if a := shares[len(shares)-1]; a.Hash.String() != hash || hex.EncodeToString(a.Issue.Extranonce1) != "ff6a" {
				t.Errorf("%v %x, want %s", a.Hash, a.Issue.Extranonce1, hash)
			}
		}
		if d := c.Difficulty.String(); d != "0.03125" {
			t.Errorf("difficulty %s, want the power of two below 0.05", d)
		}
		if got, want := hex.EncodeToString(c.Job.PrevHash[:]), hex.EncodeToString(j.PrevHash[:]); got != want {
			t.Errorf("prevhash %s, want %s", got, want)
		}
	})
}

// TestServerReplays is the table of answers to a share that was accepted
// before, in other spellings.
func TestServerReplays(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		j := laneJob(t, 1, "house")
		j.Hardest = difficulty(t, "0.00000000023283064365386962890625").WorkerTarget() // every hash
		h.desk.home.Publish(j)
		c := h.connect(device("cgminer"), "user", "x")
		say := func(user, params string) error {
			must(t, c.Say(fmt.Sprintf(`{"id":"a","method":"mining.submit","params":["%s",%s]}`, user, params)))
			m, err := c.Reply(`"a"`)
			must(t, err)
			if e := m.Verdict(); e != nil {
				return e
			}
			return nil
		}
		id := c.Job.ID
		share := func(en2 string, time uint32, more string) string {
			return fmt.Sprintf(`"%s","%s","%08x","0000abcd"%s`, id, en2, time, more)
		}
		now := j.Job.Time
		must(t, say("user", share("0000000f", now, `,"00000000"`)))
		for _, c := range []struct {
			name, user, params string
			want               int
		}{
			{"exact duplicate", "user", share("0000000f", now, `,"00000000"`), 22},
			{"upper-case hex", "user", strings.ReplaceAll(strings.ToUpper(share("0000000f", now, "")), "ABCD", "abCD"), 22},
			{"6th parameter omitted", "user", share("0000000f", now, ""), 22},
			{"escaped name", `\u0075ser`, share("0000000f", now, ""), 22},
			{"extranonce2 too long", "user", share("0000000f00", now, ""), 20},
			{"extranonce2 too short", "user", share("00000f", now, ""), 20},
			{"four parameters", "user", fmt.Sprintf(`"%s","0000000f","%08x"`, id, now), 20},
			{"ntime -1", "user", share("0000000f", now-1, ""), 20},
			{"ntime beyond +7200", "user", share("0000000f", now+7201, ""), 20},
			{"bits outside the mask", "user", share("0000000f", now, `,"20000000"`), 20},
			{"other worker", "other", share("0000000f", now, ""), 24},
			{"unknown job", "user", strings.Replace(share("0000000f", now, ""), id, "00000000000000ff", 1), 21},
			{"not a job", "user", strings.Replace(share("0000000f", now, ""), id, "x", 1), 21},
			{"ntime +300", "user", share("0000000f", now+300, ""), 0},
		} {
			err := say(c.user, c.params)
			if c.want == 0 && err != nil || c.want != 0 && err == nil {
				t.Errorf("%s: %v", c.name, err)
			} else if c.want != 0 {
				mustRefuse(t, c.name, err, c.want)
			}
		}
		if n := len(h.desk.shares()); n != 2 {
			t.Errorf("%d shares accepted, want 2", n)
		}
		st := h.Stats()
		if st.Accepted != 2 || st.Refused["duplicate"] != 4 || st.Refused["other"] != 6 || st.Refused["stale"] != 2 || st.Refused["unauthorized"] != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestHandshakeErrors covers what comes before a subscription or a login.
func TestHandshakeErrors(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		conn := newBuffered(h.dial(""))
		c, err := stratumtest.Device{Patience: time.Minute}.Connect(conn, "user", "x")
		must(t, err)
		ask := func(line, want string) {
			t.Helper()
			must(t, c.Say(line))
			synctest.Wait()
			n := len(c.Lines)
			must(t, c.Await(want, func(m *stratum.Message) bool { return m.IsReply() }))
			if got := c.Lines[len(c.Lines)-1]; got != want {
				t.Errorf("%s: %s, want %s", line, c.Lines[n:], want)
			}
		}
		ask(`{"id":1,"method":"mining.submit","params":["user","1","00000000","00000000","00000000"]}`, `{"id":1,"result":null,"error":[25,"Not subscribed",null]}`)
		ask(`{"id":true,"method":"mining.what"}`, `{"id":true,"result":null,"error":[-3,"Method not found",null]}`)
		ask(`{"id":1.5e3,"method":"mining.ping"}`, `{"id":1.5e3,"result":"pong","error":null}`)
		ask(`{"id":"é","method":"mining.get_transactions","params":["x"]}`, `{"id":"é","result":[],"error":null}`)
		ask(`{"id":2,"method":"mining.extranonce.subscribe","params":[]}`, `{"id":2,"result":true,"error":null}`)
		ask(`{"id":3,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","subscribe-extranonce","info","new"],`+
			`{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16,"minimum-difficulty.value":2048}]}`,
			`{"id":3,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000","minimum-difficulty":true,"subscribe-extranonce":true,"info":true,"new":false},"error":null}`)
		ask(`{"id":4,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"00006000","version-rolling.min-bit-count":16}]}`,
			`{"id":4,"result":{"version-rolling":false},"error":null}`)
		ask(`{"id":5,"method":"mining.configure"}`, `{"id":5,"result":null,"error":[20,"Malformed parameters",null]}`)
		ask(`{"id":5,"method":"mining.suggest_difficulty","params":[-1]}`, `{"id":5,"result":null,"error":[20,"Malformed parameters",null]}`)
		ask(`{"id":6,"method":"mining.authorize","params":["nobody","x"]}`, `{"id":6,"result":null,"error":[24,"Unauthorized worker",null]}`)
		ask(`{"id":7,"method":"mining.authorize","params":["early","x"]}`, `{"id":7,"result":true,"error":null}`)
		ask(`{`, `{"id":null,"result":null,"error":[20,"Malformed message",null]}`)
		c.Subscription.Extranonce1 = []byte{0, 0}
		must(t, c.Say(`{"id":8,"method":"mining.subscribe","params":[]}`))
		must(t, c.Notified())
		if st := h.Stats(); st.Unknown != 1 || st.Malformed != 1 || st.Logins != 1 || st.RefusedLogins != 1 || st.Connections != 1 || st.Authorized != 1 || st.Subscribed != 1 {
			t.Errorf("%+v", st)
		}
		c.Close()
		synctest.Wait()
		if st := h.Stats(); len(h.desk.left) != 1 || st.Connections != 0 || st.Dropped["left"] != 1 || st.Sessions != 0 {
			t.Errorf("%d left, %+v", len(h.desk.left), st)
		}
	})
}

// TestOurClient lets our own client mine at our own server.
func TestOurClient(t *testing.T) {
	inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		cfg := stratum.ClientConfig{
			Pools: []stratum.Pool{{URL: "stratum+tcp://pool.example:3333", User: "user", Password: "x"}},
			Dial:  func(context.Context, string) (net.Conn, error) { return h.dial(""), nil },
		}
		c, err := stratum.NewClient(cfg)
		must(t, err)
		r := newRecorder()
		stop := run(t, c, r)
		defer stop()
		for height := 1; height < 4; height++ {
			h.desk.home.Publish(laneJob(t, height, "house"))
			synctest.Wait()
			i, _ := r.newest()
			if i.Mask != stratum.VersionMask {
				t.Errorf("mask %08x", i.Mask)
			}
			for n := range uint64(5) {
				if v := submit(c, i, solve(t, i, n)); !v.Accepted {
					t.Errorf("share refused: %v", v.Err)
				}
			}
			pass(3 * time.Minute) // longer than the client's patience
		}
		if s := c.Stats(); s.Connects != 1 {
			t.Errorf("%d connects, want 1", s.Connects)
		}
		if n := len(h.desk.shares()); n != 15 {
			t.Errorf("%d shares, want 15", n)
		}
	})
}

// TestSignsOfLife measures how long a worker is left without a line when
// nothing happens: some devices hang up after a minute.
func TestSignsOfLife(t *testing.T) {
	for name, device := range map[string]stratumtest.Device{"with work": device("NerdMiner"), "without": device("minerd")} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{IdleTime: 24 * time.Hour}}, func(t *testing.T, h *hall) {
				if name == "with work" {
					h.desk.home.Publish(laneJob(t, 1, "house"))
				}
				c := h.connect(device, "user", "x")
				last := time.Now()
				for range 50 {
					must(t, c.Await("a line", func(*stratum.Message) bool { return true }))
					if d := time.Since(last); d > 55*time.Second {
						t.Fatalf("%v without a line", d)
					}
					last = time.Now()
				}
			})
		})
	}
}

// TestListener mines by each transport of one port.
func TestListener(t *testing.T) {
	h, _ := newHall(t, stratum.ServerConfig{})
	h.desk.home.Publish(laneJob(t, 1, "house"))
	ln, err := transport.Listen(t.Context(), transport.ListenConfig{Addr: "127.0.0.1:0", Admit: h.Admit})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- ln.Serve(ctx, h.Serve) }()
	for _, scheme := range []string{"stratum+tcp", "ws"} {
		conn, err := transport.Dial(t.Context(), transport.Config{URL: scheme + "://" + ln.Addr().String()})
		must(t, err)
		c, err := plain().Connect(conn, "user", "x")
		must(t, err)
		must(t, c.Mine())
		if err := conn.Close(); err != nil {
			t.Log(err)
		}
	}
	cancel()
	must(t, <-served)
	if n := len(h.desk.shares()); n != 2 {
		t.Errorf("%d shares, want 2", n)
	}
	for _, a := range h.desk.shares() {
		if !strings.HasPrefix(a.Seat.Remote, "127.0.0.1:") {
			t.Errorf("remote %q", a.Seat.Remote)
		}
	}
}
