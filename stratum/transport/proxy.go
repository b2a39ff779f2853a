package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// The PROXY protocol, versions 1 and 2, by HAProxy's proxy-protocol.txt.
const (
	proxyV1       = "PROXY "
	proxyV1Limit  = 107 // bytes, the end of the line included
	proxyV2       = "\r\n\r\n\x00\r\nQUIT\n"
	proxyV2Head   = len(proxyV2) + 4
	proxyV2Limit  = 4 << 10 // bytes of addresses and of TLVs, of which ours are none
	proxyTCP4     = 0x11
	proxyTCP6     = 0x21
	proxyTCP4Size = 12
	proxyTCP6Size = 36
)

// errProxy is wrapped by the error of a damaged PROXY header.
var errProxy = errors.New("damaged PROXY header")

// readProxy takes a PROXY header off the connection and returns the client's
// address, which is not valid if the proxy speaks for itself.
func readProxy(c *Conn) (netip.AddrPort, error) {
	first, err := c.peek()
	if err != nil {
		return netip.AddrPort{}, err
	}
	if first == proxyV1[0] {
		return readProxyV1(c)
	}
	return readProxyV2(c)
}

// readProxyV1 reads the header that is a line. What comes after the line is
// left to be read.
func readProxyV1(c *Conn) (netip.AddrPort, error) {
	buf := make([]byte, 0, proxyV1Limit)
	for len(buf) < proxyV1Limit {
		n, err := c.Read(buf[len(buf):proxyV1Limit])
		old := len(buf)
		buf = buf[:old+n]
		if k := min(len(buf), len(proxyV1)); string(buf[:k]) != proxyV1[:k] {
			return netip.AddrPort{}, fmt.Errorf("%w: it begins like another protocol", errProxy)
		}
		if i := bytes.IndexByte(buf[old:], '\n'); i >= 0 {
			end := old + i + 1
			if end < len(buf) {
				c.unread = buf[end:]
			}
			return parseProxyV1(string(buf[:end]))
		}
		if err != nil {
			return netip.AddrPort{}, err
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%w: more than %d bytes without an end", errProxy, proxyV1Limit)
}

// parseProxyV1 reads a line like "PROXY TCP4 192.0.2.1 192.0.2.2 4711 3333\r\n".
func parseProxyV1(line string) (netip.AddrPort, error) {
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%w: no carriage return at its end", errProxy)
	}
	f := strings.Split(line, " ")
	if len(f) >= 2 && f[0] == "PROXY" && f[1] == "UNKNOWN" {
		return netip.AddrPort{}, nil
	}
	if len(f) != 6 || f[0] != "PROXY" || f[1] != "TCP4" && f[1] != "TCP6" {
		return netip.AddrPort{}, fmt.Errorf("%w: want PROXY TCP4 or TCP6, two addresses and two ports", errProxy)
	}
	var ends [2]netip.AddrPort
	for i := range ends {
		addr, err := netip.ParseAddr(f[2+i])
		if err != nil || addr.Zone() != "" || addr.Is4() != (f[1] == "TCP4") {
			return netip.AddrPort{}, fmt.Errorf("%w: %q is not an address of %s", errProxy, f[2+i], f[1])
		}
		port, err := strconv.ParseUint(f[4+i], 10, 16)
		if err != nil || f[4+i] != strconv.FormatUint(port, 10) {
			return netip.AddrPort{}, fmt.Errorf("%w: %q is not a port", errProxy, f[4+i])
		}
		ends[i] = netip.AddrPortFrom(addr.Unmap(), uint16(port))
	}
	return ends[0], nil
}

// readProxyV2 reads the binary header, to its last byte and no further.
func readProxyV2(c *Conn) (netip.AddrPort, error) {
	var head [proxyV2Head + proxyTCP6Size]byte
	if _, err := io.ReadFull(c, head[:proxyV2Head]); err != nil {
		return netip.AddrPort{}, err
	}
	if string(head[:len(proxyV2)]) != proxyV2 {
		return netip.AddrPort{}, fmt.Errorf("%w: not the signature of version 2", errProxy)
	}
	command, family := head[12], head[13]
	size := int(binary.BigEndian.Uint16(head[14:]))
	if command != 0x20 && command != 0x21 {
		return netip.AddrPort{}, fmt.Errorf("%w: version and command %#02x", errProxy, command)
	}
	if size > proxyV2Limit {
		return netip.AddrPort{}, fmt.Errorf("%w: %d bytes of addresses and TLVs, the limit is %d", errProxy, size, proxyV2Limit)
	}
	ends := head[proxyV2Head:][:min(size, proxyTCP6Size)]
	if _, err := io.ReadFull(c, ends); err != nil {
		return netip.AddrPort{}, err
	}
	if _, err := io.CopyN(io.Discard, c, int64(size-len(ends))); err != nil {
		return netip.AddrPort{}, err
	}
	if command == 0x20 { // LOCAL: a check of the proxy's own
		return netip.AddrPort{}, nil
	}
	switch {
	case family == proxyTCP4 && len(ends) >= proxyTCP4Size:
		addr := netip.AddrFrom4([4]byte(ends[:4]))
		return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(ends[8:])), nil
	case family == proxyTCP6 && len(ends) >= proxyTCP6Size:
		addr := netip.AddrFrom16([16]byte(ends[:16])).Unmap()
		return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(ends[32:])), nil
	case family == proxyTCP4 || family == proxyTCP6:
		return netip.AddrPort{}, fmt.Errorf("%w: %d bytes are too few for its addresses", errProxy, size)
	}
	return netip.AddrPort{}, nil // other families speak of no address that counts here
}

// ParseProxies reads addresses and prefixes, such as 192.0.2.7 and
// 2001:db8::/32, into what ListenConfig.Proxies wants.
func ParseProxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil || a.Zone() != "" {
				return nil, fmt.Errorf("proxy %.60q: want an address such as 192.0.2.7 or a prefix such as 192.0.2.0/24", s)
			}
			a = a.Unmap()
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, fmt.Errorf("proxy %.60q: write the prefix as IPv4", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
