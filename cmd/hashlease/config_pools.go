package main

import (
	"net/netip"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum/transport"
)

// poolsConfig is about the pools that tenants choose.
type poolsConfig struct {
	AllowPrivate bool `toml:"allow_private" doc:"Whether pools may be on this machine or in a private network, as for tests or with pools of your own. While it is false, none but public addresses are connected to, whatever a name resolves to: else a tenant could reach into your network."`
}

// allow judges the addresses that pools turn out to have.
func (c *poolsConfig) allow() func(netip.Addr) error {
	if c.AllowPrivate {
		return func(netip.Addr) error { return nil }
	}
	return transport.PublicOnly
}

// check refuses the pool of a lease for what can be seen without asking
// anybody; what its names resolve to, the node sees whenever it connects. A
// lease without a pool has nothing to refuse.
func (c *poolsConfig) check(p *lease.Pool) error {
	if p == nil {
		return nil
	}
	for _, url := range p.URLs {
		e, err := transport.Parse(url)
		if err != nil {
			return usage("%w", err)
		}
		addr, ok := literal(e.Host)
		if !ok {
			continue
		}
		if err := c.allow()(addr); err != nil {
			return withHint(usage("pool address %s: %w", e, err), "if it is meant, set allow_private in [pools] of the configuration")
		}
	}
	return nil
}

// literal returns the address that a host is or, as RFC 6761 reserves the name
// localhost, stands for.
func literal(host string) (netip.Addr, bool) {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return netip.IPv6Loopback(), true
	}
	addr, err := netip.ParseAddr(host)
	return addr, err == nil
}
