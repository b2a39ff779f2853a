package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// ErrNotPublic is wrapped by the error of PublicOnly.
var ErrNotPublic = errors.New("not a public address")

// special is a block of addresses that nobody on the internet can be reached
// at, or that lead to wherever the local network decides.
type special struct {
	prefix netip.Prefix
	what   string
}

// specials4 and specials6 follow IANA's registries of special-purpose
// addresses (RFC 6890, as of 2026), less the blocks that are ordinary unicast
// addresses with a ceremonial name. More specific blocks stand first.
func specials4() []special {
	return []special{
		{netip.PrefixFrom(v4(0, 0, 0, 0), 32), "unspecified"},
		{netip.PrefixFrom(v4(0, 0, 0, 0), 8), "of this network (RFC 791)"},
		{netip.PrefixFrom(v4(10, 0, 0, 0), 8), "private (RFC 1918)"},
		{netip.PrefixFrom(v4(100, 64, 0, 0), 10), "behind a carrier's NAT (RFC 6598)"},
		{netip.PrefixFrom(v4(127, 0, 0, 0), 8), "loopback"},
		{netip.PrefixFrom(v4(169, 254, 0, 0), 16), "link-local"},
		{netip.PrefixFrom(v4(172, 16, 0, 0), 12), "private (RFC 1918)"},
		{netip.PrefixFrom(v4(192, 0, 0, 0), 24), "reserved for protocols (RFC 6890)"},
		{netip.PrefixFrom(v4(192, 0, 2, 0), 24), "for documentation (RFC 5737)"},
		{netip.PrefixFrom(v4(192, 52, 193, 0), 24), "a multicast relay (RFC 7450)"},
		{netip.PrefixFrom(v4(192, 88, 99, 0), 24), "a 6to4 relay (RFC 7526)"},
		{netip.PrefixFrom(v4(192, 168, 0, 0), 16), "private (RFC 1918)"},
		{netip.PrefixFrom(v4(198, 18, 0, 0), 15), "for benchmarks (RFC 2544)"},
		{netip.PrefixFrom(v4(198, 51, 100, 0), 24), "for documentation (RFC 5737)"},
		{netip.PrefixFrom(v4(203, 0, 113, 0), 24), "for documentation (RFC 5737)"},
		{netip.PrefixFrom(v4(224, 0, 0, 0), 4), "multicast"},
		{netip.PrefixFrom(v4(255, 255, 255, 255), 32), "broadcast"},
		{netip.PrefixFrom(v4(240, 0, 0, 0), 4), "reserved (RFC 1112)"},
	}
}

func specials6() []special {
	return []special{
		{netip.PrefixFrom(v6(), 128), "unspecified"},
		{netip.PrefixFrom(v6(0, 0, 0, 0, 0, 0, 0, 1), 128), "loopback"},
		{netip.PrefixFrom(v6(0x64, 0xff9b, 1), 48), "a local translation to IPv4 (RFC 8215)"},
		{netip.PrefixFrom(v6(0x2001), 32), "a Teredo tunnel (RFC 4380)"},
		{netip.PrefixFrom(v6(0x2001), 23), "reserved for protocols (RFC 2928)"},
		{netip.PrefixFrom(v6(0x2001, 0xdb8), 32), "for documentation (RFC 3849)"},
		{netip.PrefixFrom(v6(0x3fff), 20), "for documentation (RFC 9637)"},
		{netip.PrefixFrom(v6(0xfc00), 7), "private (RFC 4193)"},
		{netip.PrefixFrom(v6(0xfe80), 10), "link-local"},
		{netip.PrefixFrom(v6(0xfec0), 10), "site-local (RFC 3879)"},
		{netip.PrefixFrom(v6(0xff00), 8), "multicast"},
	}
}

func v4(a, b, c, d byte) netip.Addr { return netip.AddrFrom4([4]byte{a, b, c, d}) }

func v6(words ...uint16) netip.Addr {
	var b [16]byte
	for i, w := range words {
		b[2*i], b[2*i+1] = byte(w>>8), byte(w)
	}
	return netip.AddrFrom16(b)
}

// PublicOnly refuses, with an error that wraps ErrNotPublic, every address
// that is not a public unicast one: loopback, private, link-local, shared,
// documentation, multicast and reserved ones, and those IPv6 addresses that
// embed such an IPv4 address (mapped, NAT64, 6to4, ISATAP) or lead into a
// tunnel (Teredo). It is for Config.Allow when the address to dial comes from
// somebody who has no business in the local network.
func PublicOnly(addr netip.Addr) error {
	what := notPublic(addr)
	if what == "" {
		return nil
	}
	return fmt.Errorf("%w: %s is %s", ErrNotPublic, addr, what)
}

// notPublic returns what the address is if it is not public.
func notPublic(addr netip.Addr) string {
	if !addr.IsValid() {
		return "no address"
	}
	if addr.Zone() != "" {
		return "local to an interface"
	}
	addr = addr.Unmap()
	if addr.Is4() {
		for _, s := range specials4() {
			if s.prefix.Contains(addr) {
				return s.what
			}
		}
		return ""
	}
	for _, s := range specials6() {
		if s.prefix.Contains(addr) {
			return s.what
		}
	}
	inner, form := embedded(addr)
	if inner.IsValid() {
		if what := notPublic(inner); what != "" {
			return fmt.Sprintf("%s of %s, which is %s", form, inner, what)
		}
	}
	if form != "" && form != isatap {
		return ""
	}
	if !netip.PrefixFrom(v6(0x2000), 3).Contains(addr) {
		return "outside of IPv6's public range 2000::/3"
	}
	return ""
}

// isatap is the name of the one form that also needs a public prefix.
const isatap = "the ISATAP form"

// embedded returns the IPv4 address in an IPv6 address that is a wrapping of
// one, and the name of the wrapping. A mapped address is none by now.
func embedded(addr netip.Addr) (inner netip.Addr, form string) {
	b := addr.As16()
	switch {
	case netip.PrefixFrom(v6(0x64, 0xff9b), 96).Contains(addr):
		return v4(b[12], b[13], b[14], b[15]), "the NAT64 form"
	case netip.PrefixFrom(v6(0x2002), 16).Contains(addr):
		return v4(b[2], b[3], b[4], b[5]), "the 6to4 form"
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // RFC 5214
		return v4(b[12], b[13], b[14], b[15]), isatap
	}
	return netip.Addr{}, ""
}

// guarded returns a dialer that asks allow about each address it is about to
// connect to, after the name was resolved: a name that changes its mind
// between a check and the connection gains nothing.
func guarded(allow func(netip.Addr) error) *net.Dialer {
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %.80q", ErrNotPublic, address)
		}
		return allow(ap.Addr())
	}}
}
