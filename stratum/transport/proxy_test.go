package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// header2 is a PROXY header of version 2.
func header2(command, family byte, body string) string {
	b := append([]byte(proxyV2), command, family)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return string(b) + body
}

// ends are the addresses of a version 2 header.
func ends(src, dst string) string {
	s, d := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	b := append(s.Addr().AsSlice(), d.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, s.Port())
	return string(binary.BigEndian.AppendUint16(b, d.Port()))
}

// given is a connection from 192.0.2.1 on which text came, in pieces of at
// most piece bytes, and which its client closed then.
type given struct {
	r     *bytes.Reader
	piece int
}

func give(text string, piece int) *given {
	return &given{bytes.NewReader([]byte(text)), max(piece, 1)}
}

func (g *given) Read(p []byte) (int, error)       { return g.r.Read(p[:min(len(p), g.piece)]) }
func (g *given) Write(p []byte) (int, error)      { return len(p), nil }
func (g *given) Close() error                     { return nil }
func (g *given) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (g *given) SetDeadline(time.Time) error      { return nil }
func (g *given) SetReadDeadline(time.Time) error  { return nil }
func (g *given) SetWriteDeadline(time.Time) error { return nil }
func (g *given) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:9"))
}

func TestReadProxy(t *testing.T) {
	long6 := "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
	for _, c := range []struct{ in, want string }{ // "": the proxy itself; "!": damaged
		{"PROXY TCP4 203.0.113.7 192.0.2.9 4711 3333\r\n", "203.0.113.7:4711"},
		{"PROXY TCP6 2001:db8::7 2001:db8::9 65535 0\r\n", "[2001:db8::7]:65535"},
		{"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n", "203.0.113.7:1"},
		{"PROXY TCP6 " + long6 + " " + long6 + " 65535 65535\r\n", "[" + long6 + "]:65535"}, // 104 bytes
		{"PROXY UNKNOWN\r\n", ""},
		{"PROXY UNKNOWN " + long6 + " " + long6 + " 65535 65535\r\n", ""}, // 107 bytes, the longest
		{"PROXY UNKNOWN " + long6 + " " + long6 + " 65535 655350\r\n", "!"},
		{"PROXY TCP4 203.0.113.7 192.0.2.9 4711 3333\n", "!"},
		{"PROXY TCP4 203.0.113.7 192.0.2.9 4711\r\n", "!"},
		{"PROXY TCP4 203.0.113.7  192.0.2.9 4711 3333\r\n", "!"},
		{"PROXY TCP4 2001:db8::7 2001:db8::9 1 2\r\n", "!"},
		{"PROXY TCP6 203.0.113.7 192.0.2.9 1 2\r\n", "!"},
		{"PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n", "!"},
		{"PROXY TCP4 203.0.113.7 192.0.2.9 65536 1\r\n", "!"},
		{"PROXY TCP4 203.0.113.7 192.0.2.9 +1 1\r\n", "!"},
		{"PROXY TCP4 203.0.113.7 192.0.2.9 01 1\r\n", "!"},
		{"PROXY UDP4 203.0.113.7 192.0.2.9 1 1\r\n", "!"},
		{"PROXY\r\n", "!"},
		{"POST / HTTP/1.1\r\n", "!"},
		{"PROXY TCP4 " + strings.Repeat("1", 200), "!"},
		{"PROXY TCP4 203.0.113.7", "!"},
		{header2(0x21, 0x11, ends("203.0.113.7:4711", "192.0.2.9:3333")), "203.0.113.7:4711"},
		{header2(0x21, 0x21, ends("[2001:db8::7]:4711", "[2001:db8::9]:3333")), "[2001:db8::7]:4711"},
		{header2(0x21, 0x21, ends("[::ffff:203.0.113.7]:1", "[::1]:2")), "203.0.113.7:1"},
		{header2(0x21, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")+"\x04\x00\x02ab"), "203.0.113.7:1"},
		{header2(0x21, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")+strings.Repeat("x", proxyV2Limit-12)), "203.0.113.7:1"},
		{header2(0x21, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")+strings.Repeat("x", proxyV2Limit-11)), "!"},
		{header2(0x20, 0x00, ""), ""},
		{header2(0x20, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")), ""},
		{header2(0x21, 0x00, "whatever"), ""},
		{header2(0x21, 0x31, strings.Repeat("u", 216)), ""},
		{header2(0x21, 0x12, ends("203.0.113.7:1", "192.0.2.9:2")), ""},
		{header2(0x21, 0x11, "short"), "!"},
		{header2(0x21, 0x21, strings.Repeat("s", 35)), "!"},
		{header2(0x22, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")), "!"},
		{header2(0x11, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")), "!"},
		{"\r\n\r\n\x00\r\nQUIP\n" + strings.Repeat("x", 40), "!"},
		{proxyV2 + "\x21\x11\x00\x0c123", "!"},
	} {
		for _, piece := range []int{1, 5, 4096} {
			const rest = "{}\n"
			whole := c.in
			if c.want != "!" {
				whole += rest
			}
			conn := newConn(give(whole, piece))
			got, err := readProxy(conn)
			switch {
			case c.want == "!":
				if err == nil {
					t.Errorf("%q in pieces of %d: %s, want an error", c.in, piece, got)
				}
				continue
			case err != nil:
				t.Errorf("%q in pieces of %d: %v", c.in, piece, err)
			case c.want == "" && got.IsValid() || c.want != "" && got.String() != c.want:
				t.Errorf("%q in pieces of %d: %s, want %s", c.in, piece, got, c.want)
			}
			if after, err := io.ReadAll(conn); string(after) != rest || err != nil {
				t.Errorf("%q in pieces of %d: then %q, %v", c.in, piece, after, err)
			}
		}
	}
}

// TestBehindProxy sends everything the port takes through a load balancer.
func TestBehindProxy(t *testing.T) {
	proxies, err := ParseProxies([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	banned := netip.MustParseAddr("203.0.113.66")
	cfg, ca := withTLS(t, ListenConfig{Proxies: proxies, Admit: func(a netip.Addr) error {
		if a == banned {
			return io.ErrClosedPipe
		}
		return nil
	}})
	p := listen(t, cfg)
	for header, remote := range map[string]string{
		"PROXY TCP4 203.0.113.7 192.0.2.9 4711 3333\r\n":                        "203.0.113.7:4711",
		header2(0x21, 0x21, ends("[2001:db8::7]:1", "[::1]:2")+"\x04\x00\x01a"): "[2001:db8::7]:1",
		header2(0x20, 0x00, ""): "",
		"PROXY UNKNOWN\r\n":     "",
		"":                      "",
	} {
		for scheme, kind := range map[string]Kind{"stratum+tcp": TCP, "stratum+ssl": TLS, "ws": WebSocket, "wss": SecureWS} {
			c, err := Dial(t.Context(), Config{URL: scheme + "://" + p.Addr().String(), CA: ca,
				NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
					c, err := new(net.Dialer).DialContext(ctx, network, address)
					if err == nil {
						_, err = io.WriteString(c, header)
					}
					return c, err
				}})
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, c, "{}\n")
			want := remote
			if want == "" {
				want = c.LocalAddr().String()
			}
			if i := <-p.infos; i.Kind != kind || i.Remote.String() != want {
				t.Errorf("%s after %q: %v, want %s", scheme, header, i, want)
			}
			c.Close()
		}
	}
	for text, why := range map[string]Refusal{
		"PROXY TCP4 203.0.113.66 192.0.2.9 4711 3333\r\n{}\n":                                         RefusedBanned,
		"PROXY TCP4 203.0.113.67 192.0.2.9 4711 3333\r\nPROXY TCP4 1.2.3.4 192.0.2.9 4711 3333\r\n{}": RefusedProxy,
		"PROXY TCP4 203.0.113.67 192.0.2.9 4711 oops\r\n{}\n":                                         RefusedHeader,
		header2(0x21, 0x11, ends("203.0.113.66:1", "192.0.2.9:2")) + "{}\n":                           RefusedBanned,
	} {
		before := p.Stats().Refused[why.String()]
		c := p.dial(t)
		_, _ = io.WriteString(c, text)
		refused(t, c)
		if n := p.Stats().Refused[why.String()]; n != before+1 {
			t.Errorf("%q: %d times %s, want %d", text, n, why, before+1)
		}
	}
	// The header is for the front only: not within TLS.
	c := tls.Client(p.dial(t), &tls.Config{InsecureSkipVerify: true}) // what is sent matters, not to whom
	_, _ = io.WriteString(c, "PROXY TCP4 203.0.113.67 192.0.2.9 4711 3333\r\n{}")
	refused(t, c)
	if n := p.Stats().Refused["protocol"]; n != 1 {
		t.Errorf("PROXY within TLS: refused %d times", n)
	}
}

func TestProxyRequired(t *testing.T) {
	p := listen(t, ListenConfig{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, ProxyRequired: true})
	c := p.dial(t)
	_, _ = io.WriteString(c, "{}\n")
	if got := refused(t, c); got != "" {
		t.Errorf("got %q", got)
	}
	c = p.dial(t)
	_, _ = io.WriteString(c, "PROXY UNKNOWN\r\n")
	roundTrip(t, c, "{}\n")
	if s := p.Stats(); s.Refused["proxy-header"] != 1 || s.Opened["tcp"] != 1 {
		t.Errorf("%+v", s)
	}
}

// TestSlotsBehindProxy proves that the address behind a proxy is what the
// bound on handshakes goes by.
func TestSlotsBehindProxy(t *testing.T) {
	l, err := newListener(newPipes(), ListenConfig{HandshakesPerAddr: 1, Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "full", ""} {
		header := "PROXY TCP4 203.0.113.7 192.0.2.9 4711 3333\r\n{}\n"
		if i == 2 {
			header = strings.Replace(header, "113.7", "113.8", 1)
		}
		conn := give(header, 1000)
		s := &slot{conn: conn}
		if _, ok := l.slots.enter(s); !ok {
			t.Fatal("no slot")
		}
		_, err := l.open(newConn(conn), s, true, time.Now())
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("connection %d: %v, want %q", i, err, want)
		}
		if want != "" {
			l.slots.leave(s)
		}
	}
	if n := l.slots.len(); n != 2 || len(l.slots.byAddr) != 2 {
		t.Errorf("%d slots of %v", n, l.slots.byAddr)
	}
}

func TestParseProxies(t *testing.T) {
	got, err := ParseProxies([]string{"192.0.2.7", "192.0.2.77/24", "2001:db8::1", "2001:db8::/32", "::ffff:192.0.2.7"})
	want := []string{"192.0.2.7/32", "192.0.2.0/24", "2001:db8::1/128", "2001:db8::/32", "192.0.2.7/32"}
	var names []string
	for _, p := range got {
		names = append(names, p.String())
	}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v; want %v", names, err, want)
	}
	for _, bad := range []string{"", "proxy.example", "192.0.2.7/33", "fe80::1%eth0", "::ffff:192.0.2.0/120"} {
		if got, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func FuzzReadProxy(f *testing.F) {
	f.Add("PROXY TCP4 203.0.113.7 192.0.2.9 4711 3333\r\n{}", 1)
	f.Add("PROXY TCP6 2001:db8::7 ::ffff:1.2.3.4 1 2\r\n", 3)
	f.Add("PROXY UNKNOWN\r\n", 1)
	f.Add(header2(0x21, 0x11, ends("203.0.113.7:1", "192.0.2.9:2")+"\x04\x00\x01a")+"{}", 7)
	f.Add(header2(0x21, 0x21, ends("[2001:db8::7]:1", "[::1]:2")), 100)
	f.Add(header2(0x20, 0, ""), 2)
	f.Fuzz(func(t *testing.T, text string, piece int) {
		conn := newConn(give(text, piece))
		client, err := readProxy(conn)
		if err != nil {
			return
		}
		if client.Addr().Is4In6() || client.Addr().Zone() != "" {
			t.Errorf("%s", client)
		}
		rest, err := io.ReadAll(conn)
		if err != nil || !strings.HasSuffix(text, string(rest)) {
			t.Fatalf("%q leaves %q, %v", text, rest, err)
		}
		// The same header byte by byte says the same.
		again := newConn(give(text[:len(text)-len(rest)], 1))
		if c2, err := readProxy(again); err != nil || c2 != client {
			t.Errorf("in one: %s; by bytes: %s, %v", client, c2, err)
		}
	})
}

// FuzzFirstBytes lets strangers and proxies begin with anything.
func FuzzFirstBytes(f *testing.F) {
	cfg, _ := withTLS(f, ListenConfig{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Log: nil})
	secure, err := newListener(newPipes(), cfg)
	if err != nil {
		f.Fatal(err)
	}
	cfg.CertFile, cfg.KeyFile = "", ""
	plain, err := newListener(newPipes(), cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("{\"id\":1}\n", 1, false, false)
	f.Add("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", 1000, false, false)
	f.Add("PROXY TCP4 203.0.113.7 192.0.2.9 4711 3333\r\nGET / HTTP/1.1\r\n\r\n", 10, true, true)
	f.Add("\x16\x03\x01\x00\x05hello", 3, true, false)
	f.Add(header2(0x21, 0x11, ends("203.0.113.7:1", "192.0.2.9:2"))+" {}\n", 1, false, true)
	f.Fuzz(func(t *testing.T, text string, piece int, withTLS, trusted bool) {
		l := plain
		if withTLS {
			l = secure
		}
		raw := give(text, piece)
		s := &slot{conn: raw, since: time.Now()}
		if _, ok := l.slots.enter(s); !ok {
			t.Fatal("no slot")
		}
		defer l.slots.leave(s)
		c, err := l.open(newConn(raw), s, trusted, time.Now())
		if err != nil {
			if _, ok := err.(*refusal); !ok {
				t.Errorf("%v is no refusal", err)
			}
			return
		}
		defer c.Close()
		if c.info.Kind == TCP {
			rest, err := io.ReadAll(c)
			if err != nil || !strings.HasSuffix(text, string(rest)) || !trusted && string(rest) != text || !startsLine(rest[0]) {
				t.Errorf("%q became %q, %v", text, rest, err)
			}
		}
	})
}
