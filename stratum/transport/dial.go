package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
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

	// NetDial, if given, makes the TCP connection: the place to refuse
	// addresses that a name resolved to.
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
	if netDial == nil {
		netDial = new(net.Dialer).DialContext
	}
	secure := &tls.Config{ServerName: e.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	switch e.Kind {
	case WebSocket, SecureWS:
		return dialWebSocket(ctx, cfg, e, netDial, secure)
	}
	conn, err := netDial(ctx, "tcp", e.HostPort())
	if err != nil {
		return nil, err
	}
	if e.Kind == TCP {
		return conn, nil
	}
	t := tls.Client(conn, secure)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", e.HostPort(), hint(err))
	}
	return t, nil
}

func dialWebSocket(ctx context.Context, cfg Config, e Endpoint,
	netDial func(context.Context, string, string) (net.Conn, error), secure *tls.Config) (net.Conn, error) {
	// The handshake itself heeds only deadlines; a cancelled context has to
	// close the connection under it.
	var stop func() bool
	d := websocket.Dialer{
		NetDialContext: func(inner context.Context, network, address string) (net.Conn, error) {
			conn, err := netDial(inner, network, address)
			if err == nil {
				stop = context.AfterFunc(ctx, func() { conn.Close() })
			}
			return conn, err
		},
		TLSClientConfig: secure,
		ReadBufferSize:  wsBuffer,
		WriteBufferSize: wsBuffer,
		Subprotocols:    []string{subprotocol},
	}
	c, resp, err := d.DialContext(ctx, e.Kind.scheme()+"://"+e.HostPort()+e.Path, nil)
	cancelled := stop != nil && !stop()
	if err == nil && cancelled {
		c.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return nil, fmt.Errorf("WebSocket with %s: the server answers %d: %w", e.HostPort(), resp.StatusCode, err)
		}
		return nil, fmt.Errorf("WebSocket with %s: %w", e.HostPort(), hint(err))
	}
	return newWSConn(c, cfg.LineLimit, cfg.Ping), nil
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
