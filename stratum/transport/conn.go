package transport

import (
	"net"
	"net/netip"
)

// Conn is a connection that a Listener took: a stream of lines, whatever it
// came in. One goroutine at a time may read it.
//
// It adds a word or two to the connection underneath: what was read to find
// out the transport is kept until it is read again, and no longer.
type Conn struct {
	net.Conn
	raw    net.Conn // the socket at the bottom
	unread []byte   // read ahead; nil otherwise
	info   Info
	first  [1]byte // room for unread in the usual case
}

// Info says who is connected and how.
type Info struct {
	Remote netip.AddrPort // the client's, behind a trusted proxy too; not valid if the socket has none
	Kind   Kind
}

func newConn(raw net.Conn) *Conn {
	return &Conn{Conn: raw, raw: raw, info: Info{Remote: addrPort(raw.RemoteAddr())}}
}

// over returns a connection of the same client by what was negotiated on c.
func (c *Conn) over(inner net.Conn, kind Kind) *Conn {
	return &Conn{Conn: inner, raw: c.raw, info: Info{Remote: c.info.Remote, Kind: kind}}
}

// Info returns who is connected and how.
func (c *Conn) Info() Info { return c.info }

// RemoteAddr returns the client's address, behind a trusted proxy too.
func (c *Conn) RemoteAddr() net.Addr {
	if !c.info.Remote.IsValid() {
		return c.raw.RemoteAddr()
	}
	return net.TCPAddrFromAddrPort(c.info.Remote)
}

// Read reads what was read ahead, then the connection.
func (c *Conn) Read(p []byte) (int, error) {
	if c.unread == nil {
		return c.Conn.Read(p)
	}
	n := copy(p, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		c.unread = nil
	}
	return n, nil
}

// Ahead returns how many bytes were read ahead, which are not to be had from the
// connection underneath any more.
func (c *Conn) Ahead() int { return len(c.unread) }

// peek waits for the first byte and leaves it to be read.
func (c *Conn) peek() (byte, error) {
	if c.unread != nil {
		return c.unread[0], nil
	}
	for {
		n, err := c.Conn.Read(c.first[:])
		if n > 0 {
			c.unread = c.first[:]
			return c.first[0], nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// Abort ends the connection at once: without a goodbye, and without what the
// client has not taken yet. Close may wait for a slow client, to say goodbye
// within TLS or a WebSocket; Abort never waits. Close is still to be called.
func (c *Conn) Abort() error {
	if t, ok := c.raw.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // at worst the system keeps the unsent rest for a while
	}
	return c.raw.Close()
}

// addrPort returns the address of a TCP peer, or one that is not valid.
func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
