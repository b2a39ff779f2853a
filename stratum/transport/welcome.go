package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"
)

// First bytes that tell protocols apart. A line of JSON begins with a bracket
// or with white space other than a carriage return, which begins version 2 of
// the PROXY protocol. Anything else, such as the 64 random-looking bytes of
// Stratum V2, is not spoken here.
const (
	firstTLS  = 0x16 // a handshake record
	firstHTTP = 'G'  // GET
	firstV1   = 'P'  // PROXY
	firstV2   = '\r'
)

func startsLine(b byte) bool {
	return b == '{' || b == '[' || b == ' ' || b == '\t' || b == '\n'
}

// welcome finds out what a connection is and has it handled.
func (l *Listener) welcome(ctx context.Context, s *slot, trusted bool, handle func(context.Context, net.Conn)) {
	defer l.wg.Done()
	raw := s.conn
	deadline := s.since.Add(l.cfg.HandshakeTime)
	var c *Conn
	err := raw.SetDeadline(deadline)
	if err == nil {
		c, err = l.open(newConn(raw), s, trusted, deadline)
	}
	if !l.slots.leave(s) {
		raw.Close() // it was already counted, or everything is closed
		return
	}
	if err == nil {
		err = raw.SetDeadline(time.Time{})
	}
	if err != nil {
		if !time.Now().Before(deadline) { // whatever became of it in some parser
			err = &refusal{RefusedTimeout, err}
		}
		l.refuse(raw, err)
		return
	}
	l.counters.opened[c.info.Kind].Add(1)
	// The handler may wait for hours, so it gets a goroutine of its own:
	// handshakes made the stack of this one large, and with what is on it
	// already, not even the garbage collector could make it small again.
	l.wg.Go(func() {
		handle(ctx, c)
		c.Close()
	})
}

// open goes from layer to layer until there are lines. Whatever fails, the
// caller closes the socket.
func (l *Listener) open(c *Conn, s *slot, trusted bool, deadline time.Time) (*Conn, error) {
	first, err := c.peek()
	if err != nil {
		return nil, unless(err, RefusedGone)
	}
	if trusted {
		switch {
		case first == firstV1 || first == firstV2:
			client, err := readProxy(c)
			if err != nil {
				return nil, unless(err, RefusedHeader)
			}
			if client.IsValid() {
				c.info.Remote = client
			}
		case l.cfg.ProxyRequired:
			return nil, &refusal{RefusedHeader, errors.New("a listed proxy sends no PROXY header")}
		}
		if err := l.admit(c.info.Remote.Addr()); err != nil {
			return nil, err
		}
		if !l.slots.move(s, slotKey(c.info.Remote.Addr())) {
			return nil, &refusal{why: RefusedFull}
		}
		if first, err = c.peek(); err != nil {
			return nil, unless(err, RefusedGone)
		}
	}
	if first == firstTLS {
		if l.tls == nil {
			return nil, &refusal{why: RefusedNoTLS}
		}
		t := tls.Server(c, l.tls)
		if err := t.Handshake(); err != nil {
			return nil, unless(err, RefusedTLS)
		}
		c = c.over(t, TLS)
		// With TLS 1.3 only now is told what the client thinks of the certificate.
		if first, err = c.peek(); err != nil {
			return nil, unless(err, RefusedTLS)
		}
	}
	switch {
	case startsLine(first):
		return c, nil
	case first == firstHTTP:
		return l.openWebSocket(c, deadline)
	case c.info.Kind == TCP && (first == firstV1 || first == firstV2):
		return nil, &refusal{why: RefusedProxy}
	}
	return nil, &refusal{why: RefusedProtocol}
}

func (l *Listener) openWebSocket(c *Conn, deadline time.Time) (*Conn, error) {
	ws, err := accept(c, deadline, AcceptConfig{
		Origins:   l.cfg.Origins,
		LineLimit: l.cfg.LineLimit,
		Timeout:   l.cfg.HandshakeTime,
		Ping:      l.cfg.Ping,
		buffers:   l.buffers,
	})
	if errors.Is(err, ErrNoWebSocket) {
		return nil, unless(err, RefusedHTTP)
	}
	if err != nil {
		return nil, unless(err, RefusedWebSocket)
	}
	kind := WebSocket
	if c.info.Kind == TLS {
		kind = SecureWS
	}
	return c.over(ws, kind), nil
}

// unless makes a refusal of an error: the given one, unless the client is
// gone.
func unless(err error, why Refusal) *refusal {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		why = RefusedGone
	}
	return &refusal{why, err}
}

// isProxy reports whether an address may send PROXY headers.
func (l *Listener) isProxy(a netip.Addr) bool {
	a = a.WithZone("")
	for _, p := range l.cfg.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// admit asks whether the address is welcome.
func (l *Listener) admit(a netip.Addr) error {
	if l.cfg.Admit == nil {
		return nil
	}
	if err := l.cfg.Admit(a); err != nil {
		return &refusal{RefusedBanned, err}
	}
	return nil
}

// refuse counts why a connection is closed, and closes it.
func (l *Listener) refuse(raw net.Conn, err error) {
	r := &refusal{RefusedGone, err}
	errors.As(err, &r)
	l.counters.refused[r.why].Add(1)
	raw.Close()
	if r.err != nil {
		l.log.Debug("connection refused", "remote", raw.RemoteAddr(), "reason", r.why, "error", clip(r.err.Error()))
	} else {
		l.log.Debug("connection refused", "remote", raw.RemoteAddr(), "reason", r.why)
	}
}

// clip shortens a text that may quote the peer.
func clip(s string) string {
	const most = 160
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
