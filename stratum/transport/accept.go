package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// AcceptConfig says which WebSockets a server takes. Its zero value takes
// those that do not come from a browser's page.
type AcceptConfig struct {
	Origins   []string      // pages that may connect, such as https://example.com; clients that are no browsers send no origin
	LineLimit int           // bytes of a line, its end included; 0: DefaultLineLimit
	Timeout   time.Duration // of the handshake; 0: DefaultDialTimeout
	Ping      time.Duration // between pings; 0: DefaultPing

	buffers websocket.BufferPool // of those who write at the moment; nil: each connection keeps one
}

// ErrNoWebSocket is wrapped by the error of an HTTP request that asks for no
// WebSocket. It has been answered with status 426.
var ErrNoWebSocket = errors.New("an HTTP request that asks for no WebSocket")

// maxHead is the most bytes of a handshake's request or response.
const maxHead = 8 << 10

// Upgrade turns an HTTP request into a connection of lines. When it fails,
// the request has been answered.
func Upgrade(w http.ResponseWriter, r *http.Request, cfg AcceptConfig) (net.Conn, error) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Add("Connection", "Upgrade")
		http.Error(w, "Stratum is spoken here, over WebSocket too.", http.StatusUpgradeRequired)
		return nil, ErrNoWebSocket
	}
	u := websocket.Upgrader{
		HandshakeTimeout: cfg.timeout(),
		ReadBufferSize:   wsBuffer,
		WriteBufferSize:  wsBuffer,
		WriteBufferPool:  cfg.buffers,
		Subprotocols:     []string{subprotocol},
		CheckOrigin: func(r *http.Request) bool {
			origin := r.Header.Get("Origin")
			return origin == "" || slices.ContainsFunc(cfg.Origins, func(o string) bool { return strings.EqualFold(o, origin) })
		},
	}
	c, err := u.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	return newWSConn(c, cfg.LineLimit, cfg.Ping), nil
}

// Accept does the server's part of a WebSocket handshake on a fresh
// connection that a client opened with an HTTP request. When it fails, conn
// is closed.
func Accept(conn net.Conn, cfg AcceptConfig) (net.Conn, error) {
	ws, err := accept(conn, time.Now().Add(cfg.timeout()), cfg)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ws, nil
}

// accept is Accept with the time by which the handshake has to be over, and
// leaves it to its caller to close conn.
func accept(conn net.Conn, deadline time.Time, cfg AcceptConfig) (net.Conn, error) {
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	head := &io.LimitedReader{R: conn, N: maxHead}
	br := bufio.NewReaderSize(head, wsBuffer)
	r, err := http.ReadRequest(br)
	if err != nil {
		if head.N <= 0 {
			return nil, fmt.Errorf("WebSocket handshake: more than %d bytes of request", maxHead)
		}
		return nil, fmt.Errorf("WebSocket handshake: %w", err)
	}
	return Upgrade(&hijacked{conn: conn, br: br, header: make(http.Header)}, r, cfg)
}

func (cfg AcceptConfig) timeout() time.Duration {
	if cfg.Timeout <= 0 {
		return DefaultDialTimeout
	}
	return cfg.Timeout
}

// hijacked is the http.ResponseWriter of a connection without an http.Server:
// it can be hijacked, or answer one short error.
type hijacked struct {
	conn   net.Conn
	br     *bufio.Reader
	header http.Header
	status int
}

func (h *hijacked) Header() http.Header { return h.header }

func (h *hijacked) WriteHeader(status int) {
	if h.status != 0 {
		return
	}
	h.status = status
	h.header.Add("Connection", "close")
	fmt.Fprintf(h.conn, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = h.header.Write(h.conn)
	_, _ = io.WriteString(h.conn, "\r\n")
}

func (h *hijacked) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.conn.Write(p)
}

// Hijack hands the connection over.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if h.status != 0 {
		return nil, nil, errors.New("already answered")
	}
	return h.conn, bufio.NewReadWriter(h.br, bufio.NewWriterSize(h.conn, wsBuffer)), nil
}
