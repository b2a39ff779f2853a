package stratum_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// node is a Desk for tests: it lets everybody in but "nobody", and keeps what
// it is told.
type node struct {
	home  *stratum.Lane
	place func(*stratum.Seat) *stratum.Lane // nil: home
	grant stratum.Grant

	mu       sync.Mutex
	seats    []*stratum.Seat // in the order of their logins
	accepted []stratum.Accepted
	refused  []stratum.Refused
	left     []*stratum.Seat
	logins   []stratum.Login
	reply    error // to Accepted
}

func (d *node) Login(_ context.Context, l stratum.Login) (stratum.Grant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logins = append(d.logins, l)
	if l.User == "nobody" {
		return stratum.Grant{}, errors.New("no such worker")
	}
	return d.grant, nil
}

func (d *node) Home() *stratum.Lane { return d.home }

func (d *node) Place(s *stratum.Seat) *stratum.Lane {
	d.mu.Lock()
	d.seats = append(d.seats, s)
	d.mu.Unlock()
	if d.place != nil {
		return d.place(s)
	}
	return d.home
}

func (d *node) Accepted(a *stratum.Accepted) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accepted = append(d.accepted, *a)
	return d.reply
}

func (d *node) Refused(r *stratum.Refused) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, *r)
}

func (d *node) Left(s *stratum.Seat) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = append(d.left, s)
}

// shares returns what was accepted so far.
func (d *node) shares() []stratum.Accepted {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]stratum.Accepted(nil), d.accepted...)
}

// seat returns the seat of the nth login.
func (d *node) seat(t testing.TB, n int) *stratum.Seat {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seats) <= n {
		t.Fatalf("%d seats, want more than %d", len(d.seats), n)
	}
	return d.seats[n]
}

// hall is a server for tests, with a lane that is everybody's home.
type hall struct {
	*stratum.Server
	desk *node
	t    testing.TB

	serving sync.WaitGroup
}

// newHall starts a server. It ends with the test, or when close is called, as
// it has to be within a bubble.
func newHall(t testing.TB, cfg stratum.ServerConfig) (h *hall, close func()) {
	t.Helper()
	h = &hall{desk: &node{}, t: t}
	cfg.Desk = h.desk
	var err error
	if h.Server, err = stratum.NewServer(cfg); err != nil {
		t.Fatal(err)
	}
	h.desk.home = h.NewLane("house")
	close = sync.OnceFunc(func() {
		h.Close()
		h.serving.Wait()
	})
	t.Cleanup(close)
	return h, close
}

// addressed is a pipe whose end seems to be somewhere.
type addressed struct {
	net.Conn
	addr string
}

func (a addressed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(mustAddrPort(a.addr))
}

// dial connects by a pipe, from an address if one is given.
func (h *hall) dial(from string) net.Conn {
	ours, theirs := net.Pipe()
	var conn net.Conn = ours
	if from != "" {
		conn = addressed{ours, from}
	}
	h.serving.Go(func() { h.Serve(context.Background(), conn) })
	return theirs
}

// listen serves connections of a port on loopback until the test ends.
func (h *hall) listen() string {
	h.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			h.serving.Go(func() { h.Serve(context.Background(), conn) })
		}
	}()
	return ln.Addr().String()
}

// connect lets a device say hello by a pipe, within a bubble.
func (h *hall) connect(d stratumtest.Device, user, password string) *stratumtest.Client {
	h.t.Helper()
	c, err := d.Connect(newBuffered(h.dial("")), user, password)
	if err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
	return c
}

// plain is a device without peculiarities.
func plain() stratumtest.Device { return device("minerd") }

func device(name string) stratumtest.Device {
	for _, d := range stratumtest.Devices() {
		if d.Name == name {
			return d
		}
	}
	panic("no device " + name)
}

// trivial is the target of difficulty 2^-24: a hash in 256 meets it.
func trivial(t testing.TB) miner.Target {
	return difficulty(t, "0.000000059604644775390625").WorkerTarget()
}

// block returns a job of a height, whose coinbase mentions a name.
func block(height int, name string) stratum.Job {
	script := append([]byte{byte(len(name))}, name...)
	coinb1 := append(make([]byte, 0, 100), 1, 0, 0, 0, 1)
	coinb1 = append(coinb1, make([]byte, 32)...)
	coinb1 = append(coinb1, 0xff, 0xff, 0xff, 0xff, byte(len(script)+6))
	coinb1 = append(coinb1, script...)
	coinb2 := []byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0xf2, 5, 0x2a, 1, 0, 0, 0, 1, 0x51, 0, 0, 0, 0}
	return stratum.Job{
		PrevHash: miner.SHA256d(fmt.Append(nil, "block", height)), Coinb1: coinb1, Coinb2: coinb2,
		Version: 0x20000000, Bits: 0x1d00ffff, Time: 1_700_000_000, Clean: true,
	}
}

// laneJob returns a job that devices solve in no time.
func laneJob(t testing.TB, height int, name string) stratum.LaneJob {
	j := block(height, name)
	return stratum.LaneJob{
		Job: j, Owner: name, Mask: stratum.VersionMask, MinTime: j.Time, MaxTime: j.Time + 7200, Hardest: trivial(t),
	}
}

// inBubble runs a test with a server in a bubble, where time is free.
func inBubble(t *testing.T, cfg stratum.ServerConfig, test func(t *testing.T, h *hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, closed := newHall(t, cfg)
		defer closed()
		test(t, h)
	})
}

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// mustRefuse wants an error with a code.
func mustRefuse(t testing.TB, what string, err error, code int) {
	t.Helper()
	var e *stratum.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("%s: %v, want code %d", what, err, code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count returns how many of a client's lines contain a text.
func count(c *stratumtest.Client, part string) (n int) {
	for _, line := range c.Lines {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}
