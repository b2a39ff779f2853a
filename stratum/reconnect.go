package stratum

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/hashlease/hashlease/stratum/transport"
)

// Redirect is the contents of a client.reconnect.
type Redirect struct {
	Host    string // empty: the same
	Port    int    // 0: the same
	WaitSec int    // seconds to wait before connecting
}

// ParseReconnect reads the parameters of client.reconnect, all of which may
// be missing.
func ParseReconnect(params []byte) (Redirect, error) {
	var r Redirect
	if isNull(params) {
		return r, nil
	}
	var room [maxParams][]byte
	p, err := elements(room[:0], params, maxParams)
	if err == nil && len(p) > 0 && !isNull(p[0]) {
		r.Host, _ = text(p[0])
	}
	if err == nil && len(p) > 1 && !isNull(p[1]) && plain(p[1]) != "" {
		if r.Port, err = strconv.Atoi(plain(p[1])); err == nil && (r.Port < 0 || r.Port > 65535) {
			err = fmt.Errorf("port %d: want 1 to 65535", r.Port)
		}
	}
	if err == nil && len(p) > 2 && !isNull(p[2]) && plain(p[2]) != "" {
		if r.WaitSec, err = strconv.Atoi(plain(p[2])); err == nil && r.WaitSec < 0 {
			err = fmt.Errorf("wait %d: want seconds", r.WaitSec)
		}
	}
	if err != nil {
		return Redirect{}, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodReconnect, err)
	}
	return r, nil
}

// follow returns the address a redirect leads to from e. Scheme and path stay.
func follow(e transport.Endpoint, r Redirect) (transport.Endpoint, error) {
	if r.Host != "" {
		e.Host = strings.Trim(r.Host, "[]")
	}
	if r.Port != 0 {
		e.Port = strconv.Itoa(r.Port)
	}
	return transport.Parse(e.String())
}

// sameDomain reports whether a pool at host from may send us to host to: it
// is the same host, or both are names registered by the same owner. Of
// addresses and names without a registrable domain only identical ones match.
func sameDomain(from, to string) bool {
	from, to = canonicalHost(from), canonicalHost(to)
	if from == to {
		return true
	}
	if _, err := netip.ParseAddr(from); err == nil {
		return false
	}
	if _, err := netip.ParseAddr(to); err == nil {
		return false
	}
	a, errA := publicsuffix.EffectiveTLDPlusOne(from)
	b, errB := publicsuffix.EffectiveTLDPlusOne(to)
	return errA == nil && errB == nil && a == b
}

func canonicalHost(h string) string {
	if a, err := netip.ParseAddr(h); err == nil {
		return a.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(h), ".")
}
