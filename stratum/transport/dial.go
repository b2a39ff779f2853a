package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"
)

// Defaults of Config.
const (
	DefaultLineLimit   = 16 << 10 // bytes
	DefaultDialTimeout = 15 * time.Second
	DefaultPing        = 30 * time.Second
)

// Config says how to reach a server. Only the URL must be given.
type Config struct {
	URL       string
	CA        []byte        // PEM of authorities trusted besides the system's
	LineLimit int           // bytes of a line, its end included; 0: DefaultLineLimit
	Timeout   time.Duration // of name lookup, connecting and handshakes together; 0: DefaultDialTimeout
	Ping      time.Duration // between the pings of a WebSocket; 0: DefaultPing

	// Allow, if given, is asked about every address that the name resolved to,
	// right before it is connected to; its error refuses the address.
	// PublicOnly keeps strangers' pool addresses out of the local network.
	Allow func(netip.Addr) error

	// NetDial, if given, makes the TCP connection. It has to check addresses
	// itself: it cannot be given together with Allow.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)
}

// subprotocol is what we offer and accept in WebSocket handshakes.
const subprotocol = "stratum"

// Dial connects, with verified TLS where the scheme says so.
func Dial(ctx context.Context, cfg Config) (net.Conn, error) {
	e, err := Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	roots, err := Roots(cfg.CA)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultDialTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	netDial := cfg.NetDial
	switch {
	case cfg.Allow != nil && netDial != nil:
		return nil, errors.New("transport.Config: Allow and NetDial exclude each other, for only one can see the addresses")
	case cfg.Allow != nil:
		netDial = guarded(cfg.Allow).DialContext
	case netDial == nil:
		netDial = new(net.Dialer).DialContext
	}
	conn, err := netDial(ctx, "tcp", e.HostPort())
	if err != nil {
		return nil, err
	}
	if e.Kind == TLS || e.Kind == SecureWS {
		t := tls.Client(conn, &tls.Config{ServerName: e.Host, RootCAs: roots, MinVersion: tls.VersionTLS12})
		if err := t.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, fmt.Errorf("TLS with %s: %w", e.HostPort(), hint(err))
		}
		conn = t
	}
	if e.Kind == WebSocket || e.Kind == SecureWS {
		return openWebSocket(ctx, conn, cfg, e)
	}
	return conn, nil
}

// openWebSocket does the client's part of a WebSocket handshake. When it
// fails, conn is closed.
func openWebSocket(ctx context.Context, conn net.Conn, cfg Config, e Endpoint) (net.Conn, error) {
	// The handshake itself heeds only deadlines; a cancelled context has to
	// close the connection under it.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	head := &headConn{Conn: conn, left: maxHead}
	given := func(context.Context, string, string) (net.Conn, error) { return head, nil }
	d := websocket.Dialer{
		NetDialContext:    given,
		NetDialTLSContext: given,
		ReadBufferSize:    wsBuffer,
		WriteBufferSize:   wsBuffer,
		Subprotocols:      []string{subprotocol},
	}
	c, resp, err := d.DialContext(ctx, e.Kind.scheme()+"://"+e.HostPort()+e.Path, nil)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return nil, fmt.Errorf("WebSocket with %s: the server answers %d: %w", e.HostPort(), resp.StatusCode, err)
		}
		return nil, fmt.Errorf("WebSocket with %s: %w", e.HostPort(), err)
	}
	head.open = true
	return newWSConn(c, cfg.LineLimit, cfg.Ping), nil
}

// headConn lets its peer send a bounded handshake, and then anything.
type headConn struct {
	net.Conn
	left int // bytes of the handshake
	open bool
}

func (c *headConn) Read(p []byte) (int, error) {
	if c.open {
		return c.Conn.Read(p)
	}
	if c.left == 0 {
		return 0, fmt.Errorf("more than %d bytes of handshake", maxHead)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// hint adds what to do to a certificate nobody vouches for.
func hint(err error) error {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w (if the server has its own authority, name that authority's certificate file)", err)
	}
	return err
}

// Roots returns the system's authorities together with those in pem, or nil,
// which means the system's, when there is no pem.
func Roots(pem []byte) (*x509.CertPool, error) {
	if len(pem) == 0 {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("CA file: no certificate in it; want PEM, beginning with -----BEGIN CERTIFICATE-----")
	}
	return roots, nil
}
