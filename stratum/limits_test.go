package stratum_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// hungUp reports whether the server closed a connection, having read what it
// said last.
func hungUp(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, conn)
	return err == nil || errors.Is(err, io.ErrClosedPipe)
}

const (
	subscribe = `{"id":1,"method":"mining.subscribe","params":[]}` + "\n"
	authorize = `{"id":2,"method":"mining.authorize","params":["user","x"]}` + "\n"
)

// TestLimitsDrop breaks each limit that ends a connection, after which the
// counter of that limit, and no other, has counted.
func TestLimitsDrop(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits stratum.Limits
		say    string
		wait   time.Duration
	}{
		{"line-bytes", stratum.Limits{LineBytes: 1000}, strings.Repeat("x", 1001), 0},
		{"pre-auth-messages", stratum.Limits{PreAuthMessages: 3}, strings.Repeat(subscribe, 4), 0},
		{"pre-auth-time", stratum.Limits{PreAuthTime: time.Minute}, subscribe, 62 * time.Second},
		{"malformed", stratum.Limits{Malformed: 2}, "{}\n}{\nGET / HTTP/1.1\n", 0},
		{"message-rate", stratum.Limits{MessageRate: 10, MessageBurst: 20}, authorize + strings.Repeat(subscribe, 21), 0},
		{"pre-auth-messages", stratum.Limits{PreAuthMessages: 3}, authorize + strings.Repeat(strings.Replace(authorize, "user", "nobody", 1), 3), 0},
		{"idle-time", stratum.Limits{IdleTime: time.Minute}, subscribe + authorize, 62 * time.Second},
		{"invalid-shares", stratum.Limits{InvalidShares: 5}, subscribe + authorize +
			strings.Repeat(`{"id":3,"method":"mining.submit","params":["user","1","1","1","1"]}`+"\n", 5), 0},
		{"left", stratum.Limits{}, "", 0},
		{"closed", stratum.Limits{}, subscribe, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, stratum.ServerConfig{Limits: c.limits}, func(t *testing.T, h *hall) {
				h.desk.home.Publish(laneJob(t, 1, "house"))
				conn := newBuffered(h.dial(""))
				_, _ = io.WriteString(conn, c.say)
				synctest.Wait()
				if c.wait > 0 {
					if hungUp(conn) {
						t.Error("too early")
					}
					pass(c.wait)
				}
				switch c.name {
				case "left":
					conn.Close()
				case "closed":
					h.Close()
				}
				synctest.Wait()
				if !hungUp(conn) {
					t.Error("not dropped")
				}
				st := h.Stats()
				for name, n := range st.Dropped {
					if want := map[bool]uint64{true: 1}[name == c.name]; n != want {
						t.Errorf("%s counted %d times, want %d", name, n, want)
					}
				}
				if st.Connections != 0 {
					t.Errorf("%d connections", st.Connections)
				}
			})
		})
	}
}

// TestLimitsAddresses has too many connections, in all and of an address, and
// bans.
func TestLimitsAddresses(t *testing.T) {
	inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{Connections: 4, PerAddress: 2, Malformed: 1, Bans: 1}}, func(t *testing.T, h *hall) {
		var open []net.Conn
		dial := func(from string) bool {
			conn := h.dial(from)
			synctest.Wait()
			if hungUp(conn) {
				return false
			}
			open = append(open, conn)
			return true
		}
		for i, c := range []struct {
			from string
			want bool
		}{
			{"192.0.2.1:1", true}, {"192.0.2.1:2", true}, {"192.0.2.1:3", false},
			{"[2001:db8::1]:1", true}, {"[2001:db8::2]:1", true}, {"[2001:db8:0:1::2]:1", false}, // four in all
		} {
			if got := dial(c.from); got != c.want {
				t.Errorf("%d: %s taken: %t, want %t", i, c.from, got, c.want)
			}
		}
		if err := h.Admit(netip.MustParseAddr("192.0.2.9")); !errors.Is(err, stratum.ErrFull) {
			t.Errorf("Admit: %v", err)
		}
		for _, conn := range open {
			conn.Close()
		}
		synctest.Wait()
		for _, from := range []string{"192.0.2.1:1", "192.0.2.2:1"} {
			conn := h.dial(from)
			_, _ = io.WriteString(conn, "garbage\n")
			synctest.Wait()
		}
		if dial("192.0.2.2:9") {
			t.Error("a banned address is taken")
		}
		if err := h.Admit(netip.MustParseAddr("::ffff:192.0.2.2")); !errors.Is(err, stratum.ErrBanned) {
			t.Errorf("Admit: %v", err)
		}
		if !dial("192.0.2.1:9") {
			t.Error("only one ban was to be remembered")
		}
		st := h.Stats()
		if st.Dropped["per-address"] != 1 || st.Dropped["connections"] != 2 || st.Dropped["banned"] != 2 || st.Limited["bans"] != 1 || st.Banned != 1 {
			t.Errorf("%+v", st)
		}
		pass(11 * time.Minute)
		if !dial("192.0.2.2:9") || h.Stats().Banned != 0 {
			t.Error("a ban that does not end")
		}
	})
}

// TestFarmIsNotBanned has one broken rig among good ones behind one address.
func TestFarmIsNotBanned(t *testing.T) {
	inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{InvalidShares: 5}}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		connect := func() *stratumtest.Client {
			c, err := plain().Connect(newBuffered(h.dial("192.0.2.1:1")), "user", "x")
			must(t, err)
			return c
		}
		good, broken := connect(), connect()
		must(t, good.Mine())
		must(t, broken.Mine()) // even if it was good once
		s, _ := broken.Find()
		for range 20 {
			if s.Nonce += 1; broken.Submit(broken.Job.ID, s) == io.EOF {
				break
			}
		}
		synctest.Wait()
		if st := h.Stats(); st.Dropped["invalid-shares"] != 1 || st.Banned != 0 {
			t.Errorf("%+v", st)
		}
		must(t, connect().Mine())
		must(t, good.Mine())
	})
}

// TestLimitsCount meets each limit that does not end a connection.
func TestLimitsCount(t *testing.T) {
	inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{Jobs: 2, SharesPerBlock: 3, Sessions: 1}}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "fd=1e-7")
		old := found(t, c)
		for i := range 2 {
			h.desk.home.Publish(laneJob(t, 1, fmt.Sprint("house", i)))
			must(t, c.Notified())
		}
		mustRefuse(t, "a job beyond the limit", old(), 21)
		for range 3 {
			must(t, c.Mine())
		}
		mustRefuse(t, "a share beyond the limit", c.Mine(), 20)
		h.desk.home.Publish(laneJob(t, 2, "house"))
		for c.Job.PrevHash != block(2, "").PrevHash {
			must(t, c.Notified())
		}
		must(t, c.Mine())
		other := h.connect(plain(), "other", "x")
		must(t, other.Mine())
		c.Close()
		synctest.Wait()
		other.Close()
		synctest.Wait()
		st := h.Stats()
		if st.Limited["jobs"] == 0 || st.Limited["shares-per-block"] != 1 || st.Limited["sessions"] != 1 || st.Sessions != 1 {
			t.Errorf("%+v", st)
		}
		if again := h.connect(resuming(c.Subscription.SessionID), "user", "x"); string(again.Subscription.Extranonce1) == string(c.Subscription.Extranonce1) {
			t.Error("a session beyond the limit is resumed")
		}
	})
}

// TestLoginTime lets the node take too long.
func TestLoginTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &sleepyDesk{}
		s, err := stratum.NewServer(stratum.ServerConfig{Desk: d})
		must(t, err)
		defer s.Close()
		ours, theirs := net.Pipe()
		go s.Serve(t.Context(), ours)
		d.lane = s.NewLane("house")
		begin := time.Now()
		_, err = plain().Connect(newBuffered(theirs), "user", "x")
		var e *stratum.Error
		if !errors.As(err, &e) || e.Code != 24 || time.Since(begin) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if n := s.Stats().Limited["login-time"]; n != 1 {
			t.Errorf("counted %d times", n)
		}
		theirs.Close()
		synctest.Wait()
	})
}

type sleepyDesk struct {
	node
	lane *stratum.Lane
}

func (d *sleepyDesk) Home() *stratum.Lane { return d.lane }

func (d *sleepyDesk) Login(ctx context.Context, _ stratum.Login) (stratum.Grant, error) {
	<-ctx.Done()
	return stratum.Grant{}, ctx.Err()
}

// TestSlowReaders do not read what they are told: they are dropped, and nobody
// waits for them.
func TestSlowReaders(t *testing.T) {
	for name, limits := range map[string]stratum.Limits{
		"queue-bytes": {QueueBytes: 2000, WriteTime: time.Hour},
		"write-time":  {WriteTime: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, stratum.ServerConfig{Limits: limits}, func(t *testing.T, h *hall) {
				h.desk.home.Publish(laneJob(t, 1, "house"))
				good := h.connect(plain(), "good", "x")
				for range 10 {
					conn := h.dial("")
					_, _ = io.WriteString(conn, subscribe)
					_, _ = conn.Read(make([]byte, 4096)) // the reply, a difficulty and a job: one write
					_, _ = io.WriteString(conn, authorize)
				}
				for n := range 20 {
					begin := time.Now()
					h.desk.home.Publish(laneJob(t, 2+n, "house"))
					must(t, good.Notified())
					must(t, good.Mine())
					synctest.Wait() // a shard that comes late hands out the newest job only
					if d := time.Since(begin); d > 0 {
						t.Fatalf("an honest worker waited %v", d)
					}
				}
				pass(6 * time.Second)
				if st := h.Stats(); st.Dropped[name] != 10 || st.Connections != 1 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// TestFloods say all sorts of things as fast as they can while an honest
// worker mines over TCP.
func TestFloods(t *testing.T) {
	h, _ := newHall(t, stratum.ServerConfig{Limits: stratum.Limits{MessageBurst: 2000}})
	h.desk.home.Publish(laneJob(t, 1, "house"))
	addr := h.listen()
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	defer conn.Close()
	good, err := plain().Connect(conn, "good", "x")
	must(t, err)
	hello := subscribe + authorize
	ended := make(chan error)
	floods := []string{
		"\x00\xff garbage", strings.Repeat("[", 3000), `{"id":1,"method":"mining.subscribe"}`, `{"id":1,"method":"no.such"}`,
		`{"id":1,"method":"mining.suggest_difficulty","params":[1e-9]}`, `{"id":1,"method":"mining.configure","params":[["version-rolling"],{}]}`,
		`{"id":1,"method":"mining.submit","params":["user","0000000000000001","00000000","00000000","00000000"]}`,
	}
	for _, f := range floods {
		go func() {
			conn, err := net.Dial("tcp", addr)
			if err == nil {
				go func() { _, _ = io.Copy(io.Discard, conn) }()
				_, err = io.WriteString(conn, hello)
				for err == nil {
					_, err = io.WriteString(conn, strings.Repeat(f+"\n", 100))
				}
				conn.Close()
			}
			ended <- err
		}()
	}
	for range floods {
		must(t, good.Mine())
		if err := <-ended; err == nil {
			t.Error("a flood went on")
		}
	}
	for range 20 {
		must(t, good.Mine())
	}
	st := h.Stats()
	if n := st.Dropped["malformed"] + st.Dropped["message-rate"] + st.Dropped["invalid-shares"] + st.Dropped["banned"]; n != uint64(len(floods)) {
		t.Errorf("%+v", st)
	}
}

// TestServerConfig refuses what makes no sense.
func TestServerConfig(t *testing.T) {
	d, one, two := &node{}, difficulty(t, "1"), difficulty(t, "2")
	for name, cfg := range map[string]stratum.ServerConfig{
		"no desk":     {},
		"extranonce2": {Desk: d, Extranonce2Size: 1},
		"limit":       {Desk: d, Limits: stratum.Limits{Jobs: -1}},
		"duration":    {Desk: d, Limits: stratum.Limits{BanTime: -1}},
		"line":        {Desk: d, Limits: stratum.Limits{LineBytes: 100}},
		"interval":    {Desk: d, Vardiff: stratum.Vardiff{Interval: -1}},
		"min and max": {Desk: d, Vardiff: stratum.Vardiff{Min: &two, Max: &one}},
	} {
		if s, err := stratum.NewServer(cfg); err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
		}
	}
	s, err := stratum.NewServer(stratum.ServerConfig{Desk: d})
	must(t, err)
	s.Close()
	s.Close()
	ours, theirs := net.Pipe()
	s.Serve(t.Context(), ours)
	if !hungUp(theirs) {
		t.Error("a closed server serves")
	}
}
