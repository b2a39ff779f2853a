package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"stratum+tcp://pool.example.com:3333", "stratum+tcp://pool.example.com:3333"},
		{"pool.example.com:3333", "stratum+tcp://pool.example.com:3333"},
		{"tcp://[::1]:3333/", "stratum+tcp://[::1]:3333"},
		{"TLS://a:1", "stratum+ssl://a:1"},
		{"stratum+ssl://a:65535", "stratum+ssl://a:65535"},
		{"ws://a", "ws://a:80"},
		{"wss://a/path?x=1", "wss://a:443/path?x=1"},
		{"ws://a:81/", "ws://a:81"},
	} {
		e, err := Parse(c.in)
		if err != nil || e.String() != c.want {
			t.Errorf("Parse(%q) = %q, %v; want %q", c.in, e, err, c.want)
		}
		if again, err := Parse(e.String()); err != nil || again != e {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", e.String(), again, err, e)
		}
	}
	for _, bad := range []string{
		"", "pool.example.com", "stratum+tcp://pool.example.com", "stratum2+tcp://a:1", "http://a:1",
		"tcp://:3333", "tcp://a:0", "tcp://a:65536", "tcp://a:1/path", "tcp://user:secret@a:1", "tcp://a:1?x", "::::",
	} {
		e, err := Parse(bad)
		if err == nil {
			t.Errorf("Parse(%q) = %q, want an error", bad, e)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q) tells the password: %v", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("stratum+tcp://pool.example.com:3333")
	f.Add("wss://[::1]:443/a?b")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(e.String()); err != nil || again.Kind != e.Kind || again.Port != e.Port {
			t.Errorf("Parse(%q) = %+v, but its String gives %+v, %v", s, e, again, err)
		}
	})
}

func TestRoots(t *testing.T) {
	if roots, err := Roots(nil); roots != nil || err != nil {
		t.Errorf("Roots(nil) = %v, %v; want the system's", roots, err)
	}
	if _, err := Roots([]byte("no certificate")); err == nil {
		t.Error("Roots takes a file without a certificate")
	}
}

// wsServer accepts WebSockets from raw connections until the test ends.
func wsServer(t *testing.T, cfg AcceptConfig, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			conn, err := Accept(raw, cfg)
			if err != nil {
				continue
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "ws://" + l.Addr().String()
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func TestWebSocketLines(t *testing.T) {
	conn, err := Dial(t.Context(), Config{URL: wsServer(t, AcceptConfig{}, echo)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, part := range []string{"one\ntwo\nthr", "", "ee", "\n\nfour\n"} {
		if n, err := conn.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", part, n, err)
		}
	}
	r := bufio.NewReader(conn)
	for _, want := range []string{"one\n", "two\n", "three\n", "four\n"} {
		if got, err := r.ReadString('\n'); got != want || err != nil {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	if conn.LocalAddr() == nil || conn.RemoteAddr() == nil {
		t.Error("no addresses")
	}
	if err := conn.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("read past the deadline: %v", err)
	}
}

// TestWebSocketFrames speaks to the server as browser bridges do.
func TestWebSocketFrames(t *testing.T) {
	got := make(chan string, 1)
	url := wsServer(t, AcceptConfig{LineLimit: 64}, func(c net.Conn) {
		b, err := io.ReadAll(c)
		if err != nil {
			b = append(b, "error"...)
		}
		got <- string(b)
	})
	dial := func() *websocket.Conn {
		d := websocket.Dialer{Subprotocols: []string{"other", "stratum"}}
		ws, resp, err := d.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if p := resp.Header.Get("Sec-WebSocket-Protocol"); p != "stratum" {
			t.Errorf("subprotocol %q, want stratum", p)
		}
		if resp.Header.Get("Sec-WebSocket-Extensions") != "" {
			t.Error("an extension was agreed on")
		}
		return ws
	}
	ws := dial()
	ws.WriteMessage(websocket.TextMessage, []byte("text"))
	ws.WriteMessage(websocket.TextMessage, nil)
	ws.WriteMessage(websocket.TextMessage, []byte("newline\n"))
	ws.WriteMessage(websocket.BinaryMessage, []byte("binary\nlines"))
	ws.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), 64))
	ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	if g, want := <-got, "text\nnewline\nbinary\nlines\n"+strings.Repeat("x", 64)+"\n"; g != want {
		t.Errorf("server read %q, want %q", g, want)
	}
	ws.Close()

	ws = dial()
	ws.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), 65))
	if g := <-got; !strings.HasSuffix(g, "error") {
		t.Errorf("a frame beyond the limit gave %q, want an error", g)
	}
	ws.Close()

	plain, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := resp.Header.Get("Sec-WebSocket-Protocol"); p != "" {
		t.Errorf("subprotocol %q though none was offered", p)
	}
	plain.Close()
	<-got
}

func TestWebSocketPing(t *testing.T) {
	url := wsServer(t, AcceptConfig{Ping: time.Millisecond}, echo)
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	pinged := make(chan struct{})
	ws.SetPingHandler(func(string) error { close(pinged); return errors.New("enough") })
	_, _, _ = ws.ReadMessage()
	select {
	case <-pinged:
	default:
		t.Error("no ping came")
	}
}

func TestOrigin(t *testing.T) {
	url := wsServer(t, AcceptConfig{Origins: []string{"https://good.example"}}, func(net.Conn) {})
	for origin, ok := range map[string]bool{"": true, "https://good.example": true, "https://evil.example": false} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, resp, err := websocket.DefaultDialer.Dial(url, header)
		if (err == nil) != ok {
			t.Errorf("origin %q: %v, want ok = %t", origin, err, ok)
		}
		if err == nil {
			ws.Close()
		} else if resp == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q: response %v, want 403", origin, resp)
		}
	}
}

func TestAcceptRefuses(t *testing.T) {
	for name, request := range map[string]string{
		"no WebSocket": "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"endless head": "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", maxHead) + "\r\n\r\n",
		"no HTTP":      "{\"id\":1}\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			done := make(chan error, 1)
			go func() {
				_, err := Accept(server, AcceptConfig{})
				done <- err
			}()
			go func() { _, _ = io.Copy(io.Discard, client) }()
			_, _ = io.WriteString(client, request)
			if err := <-done; err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestUpgradeBehindHTTPServer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := Upgrade(w, r, AcceptConfig{}); err == nil {
			echo(conn)
			conn.Close()
		}
	}))
	defer s.Close()
	conn, err := Dial(t.Context(), Config{URL: "ws" + strings.TrimPrefix(s.URL, "http") + "/stratum"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "line\n")
	if got, err := bufio.NewReader(conn).ReadString('\n'); got != "line\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestDialCancelled proves that a handshake nobody answers ends with its
// context.
func TestDialCancelled(t *testing.T) {
	for _, scheme := range []string{"stratum+ssl", "ws", "wss"} {
		ctx, cancel := context.WithCancel(t.Context())
		var peer net.Conn
		_, err := Dial(ctx, Config{URL: scheme + "://pool.example:1", NetDial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			peer = theirs
			go func() {
				_, _ = theirs.Read(make([]byte, 1))
				cancel()
			}()
			return ours, nil
		}})
		if err == nil {
			t.Errorf("%s: no error", scheme)
		}
		peer.Close()
	}
}

// TestEndlessResponse lets a server answer the handshake with a head that
// does not end.
func TestEndlessResponse(t *testing.T) {
	written := make(chan int, 1)
	_, err := Dial(t.Context(), Config{URL: "ws://pool.example:1", NetDial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		go func() {
			line, total := []byte("HTTP/1.1 101 Switching Protocols\r\n"), 0
			for total < 1<<20 {
				n, err := theirs.Write(line)
				if total += n; err != nil {
					break
				}
				line = []byte("X: " + strings.Repeat("x", 1000) + "\r\n")
			}
			theirs.Close()
			written <- total
		}()
		return ours, nil
	}})
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%v, want the limit", err)
	}
	if n := <-written; n > 2*maxHead {
		t.Errorf("%d bytes of response were read", n)
	}
}

// TestCut proves that a WebSocket which ends without a goodbye looks like a
// stream that ends early, and one that ends with any goodbye like one that
// ends.
func TestCut(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*websocket.Conn)
		want error
	}{
		"cut":            {func(ws *websocket.Conn) { ws.NetConn().Close() }, io.ErrUnexpectedEOF},
		"goodbye":        {func(ws *websocket.Conn) { goodbye(ws, websocket.CloseNormalClosure) }, io.EOF},
		"policy":         {func(ws *websocket.Conn) { goodbye(ws, websocket.ClosePolicyViolation) }, io.EOF},
		"backend is out": {func(ws *websocket.Conn) { goodbye(ws, websocket.CloseInternalServerErr) }, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			url := wsServer(t, AcceptConfig{}, func(conn net.Conn) {
				c.end(conn.(*wsConn).ws)
				conn.Close()
			})
			conn, err := Dial(t.Context(), Config{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func goodbye(ws *websocket.Conn, code int) {
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "go away"), time.Now().Add(time.Second))
}
