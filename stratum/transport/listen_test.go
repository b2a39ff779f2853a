package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip sends a line and wants it back.
func roundTrip(t *testing.T, c net.Conn, line string) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c, line)
		sent <- err
	}()
	got := make([]byte, len(line))
	if _, err := io.ReadFull(c, got); string(got) != line || err != nil {
		t.Fatalf("got %q, %v; want %q", got, err, line)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestOnePort(t *testing.T) {
	cfg, ca := withTLS(t, ListenConfig{})
	p := listen(t, cfg)
	for scheme, kind := range map[string]Kind{"stratum+tcp": TCP, "stratum+ssl": TLS, "ws": WebSocket, "wss": SecureWS} {
		c, err := Dial(t.Context(), Config{URL: scheme + "://" + p.Addr().String(), CA: ca})
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, c, `{"id":1,"method":"mining.subscribe","params":[]}`+"\n")
		if i := <-p.infos; i.Kind != kind || i.Remote.String() != c.LocalAddr().String() {
			t.Errorf("%s: %v, want %v of %s", scheme, i, kind, c.LocalAddr())
		}
		c.Close()
	}
	for _, start := range []string{"{", "[", " {", "\t", "\n{"} {
		c := p.dial(t)
		roundTrip(t, c, start+"}\n")
		<-p.infos
	}
	s := p.Stats()
	if s.Accepted != 9 || s.Opened["tcp"] != 6 || s.Opened["tls"] != 1 || s.Opened["ws"] != 1 || s.Opened["wss"] != 1 {
		t.Errorf("%+v", s)
	}
	if s.CertificateLoads != 1 || s.CertificateUntil.Before(time.Now()) {
		t.Errorf("%+v", s)
	}
}

func TestRefusals(t *testing.T) {
	secure, _ := withTLS(t, ListenConfig{})
	tlsHello := "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
	for name, c := range map[string]struct {
		cfg    ListenConfig
		send   string
		why    Refusal
		answer string
	}{
		"stratum v2":       {send: strings.Repeat("\xe5", 64), why: RefusedProtocol},
		"ssh":              {send: "SSH-2.0-x\r\n", why: RefusedProtocol},
		"tls without cert": {send: tlsHello, why: RefusedNoTLS},
		"damaged tls":      {cfg: secure, send: "\x16{}\n{}\n{}\n", why: RefusedTLS},
		"health check":     {send: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", why: RefusedHTTP, answer: "HTTP/1.1 426 Upgrade Required\r\n"},
		"old websocket": {send: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n",
			why: RefusedWebSocket, answer: "HTTP/1.1 400 "},
		"origin": {send: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://evil.example\r\n\r\n", why: RefusedWebSocket, answer: "HTTP/1.1 403 "},
		"no http":         {send: "GARBAGE\n\n", why: RefusedWebSocket},
		"endless head":    {send: "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 2*maxHead), why: RefusedWebSocket},
		"http post":       {send: "POST / HTTP/1.1\r\nHost: a\r\n\r\n{}\n", why: RefusedProxy},
		"foreign proxy":   {send: "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n{}\n", why: RefusedProxy},
		"foreign proxy 2": {send: proxyV2, why: RefusedProxy},
		"banned": {cfg: ListenConfig{Admit: func(a netip.Addr) error {
			if a != netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
				t.Errorf("asked about %s", a)
			}
			return errors.New("no")
		}}, why: RefusedBanned},
	} {
		t.Run(name, func(t *testing.T) {
			p := listen(t, c.cfg)
			conn := p.dial(t)
			_, _ = io.WriteString(conn, c.send)
			got := refused(t, conn)
			if name != "damaged tls" && name != "endless head" && (!strings.HasPrefix(got, c.answer) || c.answer == "" && got != "") {
				t.Errorf("answer %q, want %q", got, c.answer)
			}
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			if s := p.Stats(); s.Refused[c.why.String()] != 1 || s.Handshaking != 0 {
				t.Errorf("%+v, want one of %s", s, c.why)
			}
		})
	}
}

// TestNothingSaid proves that a connection which comes and goes, as port
// scanners' do, is no more than a number.
func TestNothingSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newPipes()
		l, err := newListener(ln, ListenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		p := serve(t, l)
		ln.dial("192.0.2.1:1").Close()
		synctest.Wait()
		if s := p.Stats(); s.Refused["gone"] != 1 || s.Handshaking != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestSlowHandshakes lets clients send something, but never enough: whatever
// they do, they have one budget.
func TestSlowHandshakes(t *testing.T) {
	for name, send := range map[string]string{
		"nothing":   "",
		"websocket": "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 1000),
		"tls":       "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 500),
		"proxy":     "PROXY TCP4 192.0.2.200 192.0.2.201 65535 ",
		"proxy v2":  proxyV2 + "\x21\x11\x0f\xff" + strings.Repeat("\x00", 4000),
	} {
		cfg, _ := withTLS(t, ListenConfig{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := newPipes()
				l, err := newListener(ln, cfg)
				if err != nil {
					t.Fatal(err)
				}
				p := serve(t, l)
				start := time.Now()
				c := ln.dial("192.0.2.1:1")
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					for _, b := range []byte(send) {
						time.Sleep(time.Second)
						if _, err := c.Write([]byte{b}); err != nil {
							return
						}
					}
				}()
				_, _ = io.Copy(io.Discard, c)
				if took := time.Since(start); took != DefaultHandshakeTime {
					t.Errorf("closed after %v, want %v", took, DefaultHandshakeTime)
				}
				synctest.Wait()
				if s := p.Stats(); s.Refused["timeout"] != 1 || s.Handshaking != 0 {
					t.Errorf("%+v", s)
				}
				c.Close()
				<-sent
			})
		})
	}
}

// TestFullOfSilence proves that silent connections cannot keep others out.
func TestFullOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newPipes()
		l, err := newListener(ln, ListenConfig{Handshakes: 4, HandshakesPerAddr: 3})
		if err != nil {
			t.Fatal(err)
		}
		p := serve(t, l)
		var silent []net.Conn
		for range 4 { // the fourth is one too many of its address
			silent = append(silent, ln.dial("192.0.2.1:1"))
		}
		refused(t, silent[3])
		other := ln.dial("192.0.2.2:1")
		refused(t, ln.dial("192.0.2.3:1")) // the others have just come
		time.Sleep(slotGrace)
		honest := ln.dial("192.0.2.3:1")
		refused(t, silent[0]) // made room
		roundTrip(t, honest, "{}\n")
		roundTrip(t, other, "{}\n")
		if s := p.Stats(); s.Refused["full"] != 2 || s.Refused["slow"] != 1 || s.Opened["tcp"] != 2 || s.Handshaking != 2 {
			t.Errorf("%+v", s)
		}
		for _, c := range append(silent, honest, other) {
			c.Close()
		}
	})
}

// TestStorm lets everybody come at once: rigs by every way, and among them
// those that say nothing or nonsense.
func TestStorm(t *testing.T) {
	cfg, ca := withTLS(t, ListenConfig{Addr: "127.0.0.1:0"})
	l := quiet(t, cfg, func(c net.Conn) { _, _ = io.Copy(c, c) })
	addr := l.Addr().String()
	var wg sync.WaitGroup
	const each = 40
	for i := range each * 6 {
		wg.Go(func() {
			if kind := i % 6; kind >= 4 {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				if kind == 4 {
					_, _ = io.WriteString(c, "nonsense\n")
				}
				c.Close()
				return
			}
			scheme := []string{"stratum+tcp", "stratum+ssl", "ws", "wss"}[i%6]
			c, err := Dial(t.Context(), Config{URL: scheme + "://" + addr, CA: ca})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			line := []byte("{}\n")
			if _, err := c.Write(line); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(c, line); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := l.Stats()
	for _, kind := range []string{"tcp", "tls", "ws", "wss"} {
		if s.Opened[kind] != each {
			t.Errorf("%+v, want %d of %s", s, each, kind)
		}
	}
}

func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newPipes()
		l, err := newListener(ln, ListenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		p := serve(t, l)
		start := time.Now()
		const times = 12
		for range times {
			ln.errs <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
		}
		c := ln.dial("192.0.2.1:1")
		want := 5*time.Millisecond*(1<<8-1) + (times-8)*time.Second // 5 ms, doubled seven times, then seconds
		if took := time.Since(start); took != want {
			t.Errorf("%d errors took %v, want %v", times, took, want)
		}
		roundTrip(t, c, "{}\n")
		if s := p.Stats(); s.AcceptErrors != times || s.Opened["tcp"] != 1 {
			t.Errorf("%+v", s)
		}
		c.Close()
	})
}

func TestListenerEnds(t *testing.T) {
	p := listen(t, ListenConfig{})
	silent, open := p.dial(t), p.dial(t)
	roundTrip(t, open, "{}\n")
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	refused(t, silent)
	refused(t, open)
	if _, err := net.Dial("tcp", p.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
	if err := p.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed again: %v", err)
	}
}

// TestPortTakenAway proves that a port which somebody else closed is an error.
func TestPortTakenAway(t *testing.T) {
	ln := newPipes()
	l, err := newListener(ln, ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := l.Serve(t.Context(), func(context.Context, net.Conn) {}); err == nil {
		t.Error("no error")
	}
}

func TestListenRefuses(t *testing.T) {
	for name, cfg := range map[string]ListenConfig{
		"no address":       {},
		"no port":          {Addr: "127.0.0.1"},
		"no key":           {Addr: "127.0.0.1:0", CertFile: "a"},
		"no such file":     {Addr: "127.0.0.1:0", CertFile: "/nonexistent/a", KeyFile: "/nonexistent/b"},
		"not this machine": {Addr: "192.0.2.1:1"},
	} {
		if l, err := Listen(t.Context(), cfg); err == nil {
			l.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

// TestThinConn proves that a plain connection keeps nothing of the sniffing.
func TestThinConn(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	go func() { _, _ = io.WriteString(ours, "{}\n") }()
	c := newConn(theirs)
	if b, err := c.peek(); b != '{' || err != nil {
		t.Fatal(b, err)
	}
	if b, err := c.peek(); b != '{' || err != nil {
		t.Fatal(b, err)
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(c, got); string(got) != "{}\n" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	if c.unread != nil {
		t.Error("something is kept")
	}
}

// TestAbort proves that a connection ends at once, however much its client
// leaves unread.
func TestAbort(t *testing.T) {
	cfg, ca := withTLS(t, ListenConfig{Addr: "127.0.0.1:0"})
	l, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	conns, ended := make(chan net.Conn), make(chan error)
	served := make(chan error)
	go func() {
		served <- l.Serve(t.Context(), func(_ context.Context, c net.Conn) {
			conns <- c
			for line := []byte(strings.Repeat("x", 1000) + "\n"); ; {
				if _, err := c.Write(line); err != nil {
					ended <- err
					return
				}
			}
		})
	}()
	for _, scheme := range []string{"stratum+tcp", "stratum+ssl", "ws", "wss"} {
		c, err := Dial(t.Context(), Config{URL: scheme + "://" + l.Addr().String(), CA: ca})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "{}\n")
		server := (<-conns).(*Conn)
		if err := server.Abort(); err != nil {
			t.Error(err)
		}
		<-ended
		c.Close()
	}
	l.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestHealthCheck(t *testing.T) {
	p := listen(t, ListenConfig{})
	resp, err := http.Get("http://" + p.Addr().String() + "/health")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("%v", resp)
	}
}
