package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/hashlease/hashlease/stratum/transport"
)

// proxies are the load balancers that may speak the PROXY protocol.
func (c *stratumConfig) proxies() ([]netip.Prefix, error) {
	list, err := transport.ParseProxies(c.ProxyFrom)
	if err != nil {
		return nil, fmt.Errorf("stratum.proxy_protocol_from: %w", err)
	}
	return list, nil
}

// listenConfig is the port to open. The configuration must be valid, and the
// server not off.
func (c *stratumConfig) listenConfig(admit func(netip.Addr) error, log *slog.Logger) (transport.ListenConfig, error) {
	proxies, err := c.proxies()
	return transport.ListenConfig{
		Addr:          c.Listen,
		CertFile:      c.TLSCert,
		KeyFile:       c.TLSKey,
		Proxies:       proxies,
		ProxyRequired: c.ProxyRequired,
		Admit:         admit,
		Origins:       c.Origins,
		LineLimit:     int(c.MaxLine),
		HandshakeTime: seconds(c.HandshakeSec),
		Handshakes:    int(c.MaxHandshakes),
		Log:           log,
	}, err
}

// openPort opens the port. It is nil where there is to be no server, and where
// there can be none though nobody asked for it: a second node on a machine,
// which finds the default port taken, is no reason to fail, while a farm whose
// port cannot be opened is.
func (c *stratumConfig) openPort(ctx context.Context, admit func(netip.Addr) error, log *slog.Logger) (*transport.Listener, error) {
	if c.off() {
		return nil, nil
	}
	lc, err := c.listenConfig(admit, log)
	if err != nil {
		return nil, usage("%w", err)
	}
	l, err := transport.Listen(ctx, lc)
	var op *net.OpError
	switch {
	case err == nil:
		return l, nil
	case !errors.As(err, &op) || op.Op != "listen": // the certificate, which somebody asked for
		return nil, err
	case c.explicit:
		return nil, withHint(err, "give this node another address with --stratum HOST:PORT, or none with --stratum off")
	}
	log.Warn("no Stratum server: rigs cannot log in at this node; give it an address of its own with --stratum HOST:PORT", "error", err)
	return nil, nil
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
