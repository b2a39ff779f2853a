package transport

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestFloodOfPings(t *testing.T) {
	for name, send := range map[string]func(*websocket.Conn) error{
		"pings": func(ws *websocket.Conn) error {
			return ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute))
		},
		"pongs": func(ws *websocket.Conn) error {
			return ws.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Minute))
		},
		"frames": func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.TextMessage, nil) },
	} {
		p := listen(t, ListenConfig{})
		ws, _, err := websocket.DefaultDialer.Dial("ws://"+p.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		<-p.infos
		for range maxIdleFrames {
			if err := send(ws); err != nil {
				t.Fatal(name, err)
			}
		}
		if err := ws.WriteMessage(websocket.TextMessage, []byte("{}")); err != nil {
			t.Fatal(name, err)
		}
		if _, b, err := ws.ReadMessage(); err != nil || string(b) != "{}" {
			t.Fatalf("%s within the limit: %q, %v", name, b, err)
		}
		_ = send(ws)
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Errorf("%s: no end", name)
		}
		ws.Close()
		_ = p.stop()
	}
}

// TestWebSocketVanishes lets a client answer no pings.
func TestWebSocketVanishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = io.WriteString(ours, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
			_, _ = io.Copy(io.Discard, ours)
		}()
		c, err := Accept(theirs, AcceptConfig{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("read something")
		}
		if took := time.Since(start); took != (maxMissed+1)*DefaultPing {
			t.Errorf("noticed after %v", took)
		}
		ours.Close()
	})
}
