package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestPublicOnly(t *testing.T) {
	for _, s := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "203.0.114.0", "223.255.255.255",
		"2606:4700:4700::1111", "2a00::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "3ffe::1",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2606:4700::5efe:8.8.8.8",
	} {
		if err := PublicOnly(netip.MustParseAddr(s)); err != nil {
			t.Errorf("%v", err)
		}
	}
	for s, what := range map[string]string{
		"0.0.0.0": "unspecified", "0.1.2.3": "this network", "10.0.0.1": "private", "10.255.255.255": "private",
		"100.64.0.0": "carrier", "100.127.255.255": "carrier", "127.0.0.1": "loopback", "127.255.255.254": "loopback",
		"169.254.169.254": "link-local", "172.16.0.0": "private", "172.31.255.255": "private", "192.0.0.1": "protocols",
		"192.0.0.170": "protocols", "192.0.2.1": "documentation", "192.88.99.1": "6to4", "192.52.193.1": "relay",
		"192.168.0.1": "private", "198.18.0.1": "benchmarks", "198.19.255.255": "benchmarks", "198.51.100.1": "documentation",
		"203.0.113.255": "documentation", "224.0.0.1": "multicast", "239.255.255.255": "multicast", "240.0.0.1": "reserved",
		"255.255.255.255": "broadcast",

		"::": "unspecified", "::1": "loopback", "::2": "outside", "::10.0.0.1": "outside", "::8.8.8.8": "outside",
		"::ffff:10.0.0.1": "private", "::ffff:127.0.0.1": "loopback", "::ffff:169.254.169.254": "link-local",
		"::ffff:0:127.0.0.1": "outside", // SIIT
		"64:ff9b::10.0.0.1":  "NAT64", "64:ff9b::7f00:1": "NAT64", "64:ff9b::0.0.0.0": "NAT64", "64:ff9b:1::8.8.8.8": "translation",
		"2002:a00:1::1": "6to4", "2002:7f00:1::": "6to4", "2002:c0a8:101::1": "6to4", "2002:a9fe:a9fe::": "6to4",
		"2001:0:808:808::1": "Teredo", "2001::1": "Teredo", "2001:2::1": "protocols", "2001:10::1": "protocols", "2001:20::1": "protocols",
		"2001:1ff::1": "protocols", "2001:db8::1": "documentation", "3fff::1": "documentation", "3fff:fff::1": "documentation",
		"100::1": "outside", "100:0:0:1::1": "outside", "5f00::1": "outside", "4000::1": "outside", "1fff::1": "outside",
		"fc00::1": "private", "fdff:ffff::1": "private", "fe80::1": "link-local", "febf::1": "link-local", "fe80::1%eth0": "interface",
		"2606:4700::1%eth0": "interface", "fec0::1": "site-local", "ff02::1": "multicast",
		"2606:4700::5efe:10.0.0.1": "ISATAP", "2606:4700::200:5efe:127.0.0.1": "ISATAP", "4000::5efe:8.8.8.8": "outside",
	} {
		err := PublicOnly(netip.MustParseAddr(s))
		if !errors.Is(err, ErrNotPublic) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v, want %q", s, err, what)
		}
	}
	if err := PublicOnly(netip.Addr{}); !errors.Is(err, ErrNotPublic) {
		t.Errorf("no address: %v", err)
	}
}

// TestPublicOnlyAgrees compares with what the standard library knows, over
// addresses near every border.
func TestPublicOnlyAgrees(t *testing.T) {
	check := func(a netip.Addr) {
		u := a.Unmap()
		if !(u.IsGlobalUnicast() && !u.IsPrivate()) && PublicOnly(a) == nil {
			t.Errorf("%s is taken for public", a)
		}
	}
	for _, s := range append(specials4(), specials6()...) {
		first := s.prefix.Addr()
		for _, a := range []netip.Addr{first, first.Next(), first.Prev()} {
			if a.IsValid() {
				check(a)
				if a.Is4() {
					check(netip.AddrFrom16(a.As16()))
				}
			}
		}
		if PublicOnly(first) == nil {
			t.Errorf("%s is taken for public", first)
		}
	}
}

func FuzzPublicOnly(f *testing.F) {
	f.Add([]byte{10, 0, 0, 1})
	f.Add(netip.MustParseAddr("64:ff9b::10.0.0.1").AsSlice())
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		public := PublicOnly(a) == nil
		if u := a.Unmap(); public && (!u.IsGlobalUnicast() || u.IsPrivate()) {
			t.Errorf("%s is taken for public", a)
		}
		if a.Is4() && public != (PublicOnly(netip.AddrFrom16(a.As16())) == nil) {
			t.Errorf("%s and its mapped form differ", a)
		}
	})
}

// TestDialRefusesInside proves that the address connected to is what counts:
// no connection is made.
func TestDialRefusesInside(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "0.0.0.0", "[::]"} {
		for _, scheme := range []string{"stratum+tcp", "wss"} {
			c, err := Dial(t.Context(), Config{URL: scheme + "://" + host + ":" + port, Allow: PublicOnly})
			if err == nil {
				c.Close()
			}
			if !errors.Is(err, ErrNotPublic) {
				t.Errorf("%s: %v", host, err)
			}
		}
	}
	asked := 0
	c, err := Dial(t.Context(), Config{URL: ln.Addr().String(), Allow: func(a netip.Addr) error {
		asked++
		if !a.IsLoopback() {
			t.Errorf("asked about %s", a)
		}
		return nil
	}})
	if err != nil || asked != 1 {
		t.Fatalf("%v after %d questions", err, asked)
	}
	c.Close()
	if _, err := Dial(t.Context(), Config{URL: "a:1", Allow: PublicOnly, NetDial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled past the policy")
		return nil, errors.New("no")
	}}); err == nil {
		t.Error("a policy that cannot be kept was taken")
	}
}
