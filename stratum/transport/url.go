package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Kind is how an Endpoint is reached.
type Kind int

// The four transports.
const (
	TCP       Kind = iota // stratum+tcp
	TLS                   // stratum+ssl
	WebSocket             // ws
	SecureWS              // wss
)

// Endpoint is the address of a Stratum server.
type Endpoint struct {
	Kind Kind
	Host string // name or address, without brackets
	Port string // 1 to 65535
	Path string // of a WebSocket, with its query; "" otherwise
}

// kindOf returns the transport of a scheme.
func kindOf(scheme string) (k Kind, ok bool) {
	switch strings.ToLower(scheme) {
	case "tcp", "stratum", "stratum+tcp":
		return TCP, true
	case "ssl", "tls", "stratum+ssl", "stratum+tls", "stratum+tcps":
		return TLS, true
	case "ws":
		return WebSocket, true
	case "wss":
		return SecureWS, true
	}
	return 0, false
}

// String is the short name of the transport: tcp, tls, ws or wss.
func (k Kind) String() string {
	switch k {
	case TLS:
		return "tls"
	case WebSocket:
		return "ws"
	case SecureWS:
		return "wss"
	}
	return "tcp"
}

// scheme is the full name of the transport.
func (k Kind) scheme() string {
	switch k {
	case TLS:
		return "stratum+ssl"
	case WebSocket:
		return "ws"
	case SecureWS:
		return "wss"
	}
	return "stratum+tcp"
}

// Parse reads an address such as stratum+tcp://pool.example.com:3333. Without
// a scheme it means stratum+tcp; only ws and wss have a default port.
func Parse(s string) (Endpoint, error) {
	raw := s
	if !strings.Contains(s, "://") {
		raw = "tcp://" + s
	}
	u, err := url.Parse(raw)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return Endpoint{}, fmt.Errorf("pool address: %w", err)
	}
	kind, ok := kindOf(u.Scheme)
	if !ok {
		return Endpoint{}, fmt.Errorf("pool address: unknown scheme %.20q; use stratum+tcp, stratum+ssl, ws or wss", u.Scheme)
	}
	if u.User != nil {
		return Endpoint{}, fmt.Errorf("pool address %s: give user and password apart from the address", u.Redacted())
	}
	e := Endpoint{Kind: kind, Host: u.Hostname(), Port: u.Port()}
	if e.Host == "" {
		return Endpoint{}, fmt.Errorf("pool address %.80q: no host; write it like stratum+tcp://pool.example.com:3333", s)
	}
	if !hostOK(e.Host) {
		return Endpoint{}, fmt.Errorf("pool address %.80q: host %.80q is neither a name nor an address", s, e.Host)
	}
	switch kind {
	case WebSocket, SecureWS:
		e.Path = u.RequestURI()
		if e.Port == "" && kind == WebSocket {
			e.Port = "80"
		} else if e.Port == "" {
			e.Port = "443"
		}
	default:
		if u.Path != "" && u.Path != "/" || u.RawQuery != "" {
			return Endpoint{}, fmt.Errorf("pool address %.80q: a path makes sense only with ws and wss", s)
		}
	}
	if n, err := strconv.Atoi(e.Port); err != nil || n < 1 || n > 65535 {
		return Endpoint{}, fmt.Errorf("pool address %.80q: no port; write it like stratum+tcp://%s", s, net.JoinHostPort(e.Host, "3333"))
	}
	return e, nil
}

// hostOK takes IP addresses without a zone, and names of letters, digits,
// dots, dashes and underscores; other alphabets have to come as punycode.
func hostOK(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	for _, c := range []byte(host) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// HostPort returns the address to dial.
func (e Endpoint) HostPort() string { return net.JoinHostPort(e.Host, e.Port) }

// String writes the address with its full scheme.
func (e Endpoint) String() string {
	path := e.Path
	if path == "/" {
		path = ""
	}
	return e.Kind.scheme() + "://" + e.HostPort() + path
}
