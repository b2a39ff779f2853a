package bench

import (
	"bytes"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// script is a server that does to the nth share, counted over all connections,
// what say returns: lines to send, and whether to hang up.
type script struct {
	*testing.T
	refuseConn func(n int) bool
	say        func(n int, id []byte) (lines []byte, end bool)

	mu     sync.Mutex
	conns  int
	shares int
}

func (s *script) gateway() gateway {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	var wg sync.WaitGroup
	s.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(c) })
		}
	})
	return gateway{cfg: &StratumConfig{patience: 10 * time.Second, Time: 100 * time.Millisecond}, address: l.Addr().String()}
}

func (s *script) serve(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	n := s.conns
	s.conns++
	s.mu.Unlock()
	if s.refuseConn != nil && s.refuseConn(n) {
		return
	}
	for r := stratum.NewReader(c, 0); ; {
		m, err := r.ReadMessage()
		if err != nil {
			return
		}
		var lines []byte
		end := false
		switch m.Method {
		case stratum.MethodSubscribe:
			sub := stratum.AppendSubscription(nil, &stratum.Subscription{SessionID: "s", Extranonce1: []byte{0, byte(n)}, Extranonce2Size: 4})
			lines = stratum.AppendReply(nil, m.ID, string(sub))
			lines = stratum.AppendNotification(lines, stratum.MethodSetDifficulty, []byte("["+benchDifficulty+"]"))
			lines = stratum.AppendNotify(lines, &stratum.Job{
				ID: "1", PrevHash: tipHash(7), Coinb1: make([]byte, 50), Coinb2: make([]byte, 50), Version: jobVersion, Bits: jobBits,
			})
		case stratum.MethodAuthorize:
			lines = stratum.AppendReply(nil, m.ID, "true")
		case stratum.MethodSubmit:
			s.mu.Lock()
			lines, end = s.say(s.shares, m.ID)
			s.shares++
			s.mu.Unlock()
		}
		if _, err := c.Write(lines); err != nil || end {
			return
		}
	}
}

func yes(id []byte) []byte { return stratum.AppendReply(nil, id, "true") }

func refuse(code int, id []byte) []byte {
	return stratum.AppendRefusal(nil, id, &stratum.Error{Code: code, Message: "no"})
}

// TestPacedCounts lets a server drop some replies, refuse some shares, answer
// some twice, and hang up at the end.
func TestPacedCounts(t *testing.T) {
	const count = 100
	s := &script{T: t, say: func(n int, id []byte) ([]byte, bool) {
		end := n == count-1
		switch n % 10 {
		case 2:
			return nil, end // lost
		case 4:
			return refuse(stratum.CodeJobNotFound, id), end
		case 6:
			return refuse(stratum.CodeLowDifficulty, id), end
		case 8:
			return append(yes(id), yes(id)...), end
		}
		return yes(id), end
	}}
	g := s.gateway()
	for _, tt := range []struct {
		told            uint64 // the newest block that the server was told of
		stale, mistaken uint64
	}{{7, 0, 10}, {8, 10, 0}} {
		s.mu.Lock() // the last connection may still be served
		s.shares = 0
		s.mu.Unlock()
		rigs, err := g.crowd(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		p := newPacer(pacedPlan{rate: count * 10}, rigs, g.cfg.Time)
		p.tip.Store(tt.told)
		run, err := p.measure(t.Context(), g.cfg, nil)
		closeAll(rigs)
		if err != nil {
			t.Fatal(err)
		}
		if run.Sent != count || run.Lost != 10 || run.Accepted != 70 || run.Refused["stale"] != 10 || run.Refused["low-difficulty"] != 10 ||
			run.Verdict.Count != 90 || run.Stale != tt.stale || run.FalseStale != tt.mistaken {
			t.Errorf("%+v", run)
		}
	}
}

// TestPipelineCounts lets a server answer late and in another order.
func TestPipelineCounts(t *testing.T) {
	var held []byte
	s := &script{T: t, say: func(n int, id []byte) ([]byte, bool) {
		if n%2 == 0 {
			held = yes(id)
			return nil, false
		}
		return append(refuse(stratum.CodeDuplicate, id), held...), false
	}}
	g := s.gateway()
	r, err := g.open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	const count = 3 * pipeWindow
	got, err := r.exchange(r.mill.chunks(count, true), count, g.cfg.patience)
	if err != nil || got.Sent != count || got.Lost != 0 || got.Accepted != count/2 || got.Refused["duplicate"] != count/2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestPipelineFaults wants errors where figures would be wrong.
func TestPipelineFaults(t *testing.T) {
	for name, say := range map[string]func(n int, id []byte) ([]byte, bool){
		"answered":         func(n int, id []byte) ([]byte, bool) { return append(yes(id), yes(id)...), false },
		"not asked":        func(int, []byte) ([]byte, bool) { return yes([]byte("99999")), false },
		"EOF":              func(n int, id []byte) ([]byte, bool) { return yes(id), n == 5 },
		"malformed":        func(int, []byte) ([]byte, bool) { return []byte("?\n"), false },
		"connection reset": func(n int, id []byte) ([]byte, bool) { return nil, true },
	} {
		s := &script{T: t, say: say}
		g := s.gateway()
		r, err := g.open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.exchange(r.mill.chunks(200, false), 200, g.cfg.patience)
		r.close()
		if err == nil || !strings.Contains(err.Error(), name) && name != "EOF" && name != "connection reset" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// silent is a connection that was answered in the past only.
type silent struct {
	net.Conn
	io.Reader
}

func (s silent) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

func (silent) Write(p []byte) (int, error)     { return len(p), nil }
func (silent) SetReadDeadline(time.Time) error { return nil }
func (silent) Close() error                    { return nil }

// TestPipelineSilence counts what is not answered in time as lost.
func TestPipelineSilence(t *testing.T) {
	var replies []byte
	for n := range 10 {
		replies = append(replies, yes(strconv.AppendInt(nil, int64(firstSubmit+n), 10))...)
	}
	conn := silent{nil, bytes.NewReader(replies)}
	r := &rig{conn: conn, lines: stratum.NewReader(conn, 0)}
	got, err := r.exchange([][]byte{[]byte("requests")}, 30, time.Second)
	if err != nil || got.Sent != 30 || got.Accepted != 10 || got.Lost != 20 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAudit wants a server that says yes to everything to be found out.
func TestAudit(t *testing.T) {
	answers := []int{0, stratum.CodeDuplicate, stratum.CodeLowDifficulty}
	for wrong := range 4 {
		s := &script{T: t, say: func(n int, id []byte) ([]byte, bool) {
			if n == wrong || answers[n] == 0 {
				return yes(id), false
			}
			return refuse(answers[n], id), false
		}}
		r, err := s.gateway().open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.audit(10 * time.Second); (err != nil) != (wrong == 1 || wrong == 2) {
			t.Errorf("share %d accepted: %v", wrong, err)
		}
		r.close()
	}
}

func TestStormCounts(t *testing.T) {
	s := &script{T: t, refuseConn: func(n int) bool { return n%4 == 1 }}
	run := s.gateway().storm(t.Context(), 20)
	if run.Connections != 20 || run.Lost != 5 || run.Job.Count != 15 || !strings.Contains(run.FirstError, "handshake") {
		t.Errorf("%+v", run)
	}
}
