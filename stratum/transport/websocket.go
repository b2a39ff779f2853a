package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// wsBuffer is the read and write buffer of a WebSocket in bytes; larger
// frames pass through it in parts.
const wsBuffer = 1 << 10

// Limits of what a WebSocket does besides lines.
const (
	controlTimeout = 5 * time.Second // for writing a ping
	goodbyeTimeout = time.Second     // for writing a pong or close frame
	maxMissed      = 3               // pings without a sign of life
	maxIdleFrames  = 100             // control and empty frames between two pings of ours
)

// wsConn is a WebSocket as a stream of lines.
type wsConn struct {
	ws    *websocket.Conn
	limit int

	read   sync.Mutex
	frame  io.Reader // of the frame being read; nil between frames
	last   byte      // last byte handed out of the frame
	anyOut bool      // something of the frame was handed out

	write    sync.Mutex
	partial  []byte                    // of a line whose end was not written yet
	deadline atomic.Pointer[time.Time] // of writes

	// A timer and no goroutine: idle connections are many.
	every  time.Duration
	pinger *time.Timer
	missed atomic.Int32 // pings since the last sign of life
	idle   atomic.Int32 // frames that brought no line, since the last ping
	closed atomic.Bool
}

func newWSConn(ws *websocket.Conn, limit int, ping time.Duration) *wsConn {
	if limit <= 0 {
		limit = DefaultLineLimit
	}
	if ping <= 0 {
		ping = DefaultPing
	}
	ws.SetReadLimit(int64(limit))
	c := &wsConn{ws: ws, limit: limit, every: ping}
	ws.SetPongHandler(func(string) error { return c.idled() })
	ws.SetPingHandler(func(data string) error {
		if err := c.idled(); err != nil {
			return err
		}
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(goodbyeTimeout))
		var busy net.Error
		if errors.Is(err, websocket.ErrCloseSent) || errors.As(err, &busy) {
			return nil // reading goes on; the other direction has its own troubles
		}
		return err
	})
	c.pinger = time.AfterFunc(time.Hour, c.ping)
	c.pinger.Reset(ping)
	return c
}

// ping keeps proxies from closing an idle connection, and notices a dead one.
func (c *wsConn) ping() {
	c.idle.Store(0)
	if c.closed.Load() {
		return
	}
	if c.missed.Add(1) > maxMissed {
		c.Close()
		return
	}
	if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(controlTimeout)); err != nil {
		c.Close()
		return
	}
	c.pinger.Reset(c.every)
}

// idled takes note of a frame without a line. They are bounded, for they keep
// the reader busy out of sight of those who count lines.
func (c *wsConn) idled() error {
	c.missed.Store(0)
	if c.idle.Add(1) > maxIdleFrames {
		return errors.New("WebSocket: too many frames without a line")
	}
	return nil
}

// Read hands out frames as lines: a newline is added to a frame without one.
func (c *wsConn) Read(p []byte) (int, error) {
	c.read.Lock()
	defer c.read.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if c.frame == nil {
			_, r, err := c.ws.NextReader()
			if err != nil {
				return 0, streamError(err)
			}
			c.frame, c.anyOut = r, false
			c.missed.Store(0)
		}
		n, err := c.frame.Read(p)
		if n > 0 {
			c.last, c.anyOut = p[n-1], true
			return n, nil
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return 0, streamError(err)
		}
		c.frame = nil
		if !c.anyOut {
			if err := c.idled(); err != nil {
				return 0, err
			}
		} else if c.last != '\n' {
			p[0] = '\n'
			return 1, nil
		}
	}
}

// streamError makes the end of a WebSocket look like the end of a stream.
func streamError(err error) error {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		return err
	}
	switch closed.Code {
	case websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived:
		return io.EOF
	case websocket.CloseAbnormalClosure: // without a goodbye
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w (%w)", io.EOF, closed)
}

// Write sends every whole line as a text frame of its own and keeps the rest
// until its end is written. A line beyond the limit is an error.
func (c *wsConn) Write(p []byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	if t := c.deadline.Load(); t != nil {
		if err := c.ws.SetWriteDeadline(*t); err != nil {
			return 0, err
		}
	}
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if len(c.partial)+len(rest) > c.limit {
				return 0, errors.New("WebSocket: line beyond the limit")
			}
			c.partial = append(c.partial, rest...)
			break
		}
		line := rest[:i]
		if len(c.partial) > 0 {
			line = append(c.partial, line...)
			c.partial = nil
		}
		rest = rest[i+1:]
		if len(line) == 0 {
			continue
		}
		if len(line) > c.limit {
			return 0, errors.New("WebSocket: line beyond the limit")
		}
		if err := c.ws.WriteMessage(websocket.TextMessage, line); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Close says goodbye, unless a write is stuck, and closes the connection.
func (c *wsConn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	c.pinger.Stop()
	if c.write.TryLock() {
		goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = c.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(goodbyeTimeout))
		c.write.Unlock()
	}
	return c.ws.Close()
}

// LocalAddr returns the address of this end.
func (c *wsConn) LocalAddr() net.Addr { return c.ws.LocalAddr() }

// RemoteAddr returns the address of the other end.
func (c *wsConn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }

// SetDeadline sets both deadlines. Once a read or write has timed out the
// connection is of no further use.
func (c *wsConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline is for reads from now on.
func (c *wsConn) SetReadDeadline(t time.Time) error { return c.ws.SetReadDeadline(t) }

// SetWriteDeadline is for writes from now on, and never waits for one that is
// under way; that one may heed it or not.
func (c *wsConn) SetWriteDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.ws.NetConn().SetWriteDeadline(t)
}
