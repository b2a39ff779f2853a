package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/witness"
	"golang.org/x/mod/sumdb/note"
)

type logConfig struct {
	Origin     string   `toml:"origin" doc:"The log's name for ever, such as example.com/hashlease; empty is hashlease- and the first 16 digits of the provider's key. It is fixed at the first start."`
	SignMs     int64    `toml:"sign_ms" doc:"Milliseconds between two checkpoints, at least: what was added meanwhile is signed for at once, 100 to 60000."`
	Witnesses  []string `toml:"witnesses" doc:"Others that cosign checkpoints, each as a URL, a space and the key that \"hashlease witness\" prints there."`
	WitnessSec int64    `toml:"witness_sec" doc:"Seconds between two questions to the witnesses, at least, 1 to 86400."`
}

func defaultLog() logConfig {
	return logConfig{SignMs: 2000, Witnesses: []string{}, WitnessSec: 60}
}

func (c *logConfig) validate() error {
	switch {
	case c.SignMs < 100 || c.SignMs > 60_000:
		return fmt.Errorf("log.sign_ms is %d: want 100 to 60000", c.SignMs)
	case c.WitnessSec < 1 || c.WitnessSec > 86_400:
		return fmt.Errorf("log.witness_sec is %d: want 1 to 86400", c.WitnessSec)
	}
	if c.Origin != "" {
		if _, err := translog.NewVerifier(c.Origin, make([]byte, 32)); err != nil {
			return fmt.Errorf("log.origin: %w", err)
		}
	}
	_, err := c.peers()
	return err
}

// witnesses are the keys of those that are asked.
func (c *logConfig) witnesses() ([]note.Verifier, error) {
	var all []note.Verifier
	for _, text := range c.Witnesses {
		_, vkey, ok := strings.Cut(strings.TrimSpace(text), " ")
		if !ok {
			return nil, fmt.Errorf("log.witnesses: %.200q: want URL KEY, such as \"https://witness.example witness.example+0123abcd+…\"", text)
		}
		key, err := translog.ParseVerifier(strings.TrimSpace(vkey))
		if err != nil {
			return nil, fmt.Errorf("log.witnesses: %w", err)
		}
		all = append(all, key)
	}
	return all, nil
}

// peers are the witnesses that are asked.
func (c *logConfig) peers() ([]*witness.Peer, error) {
	keys, err := c.witnesses()
	if err != nil {
		return nil, err
	}
	var all []*witness.Peer
	for i, text := range c.Witnesses {
		url, _, _ := strings.Cut(strings.TrimSpace(text), " ")
		p, err := witness.NewPeer(url, keys[i], nil)
		if err != nil {
			return nil, fmt.Errorf("log.witnesses: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (c *logConfig) every() time.Duration { return time.Duration(c.SignMs) * time.Millisecond }

type portalConfig struct {
	Listen string `toml:"listen" doc:"Where the log and the verifier are served by HTTP, as HOST:PORT; empty or \"off\" is nowhere. Put a proxy with TLS before it for others to reach. While nobody sets this key, a node goes on without a portal when the default port is in use."`

	explicit bool // somebody asked for it
}

func (c *portalConfig) off() bool { return c.Listen == "" || c.Listen == "off" }

func (c *portalConfig) validate() error {
	if c.off() {
		return nil
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		return fmt.Errorf("portal.listen is %.100q: want HOST:PORT, such as 127.0.0.1:8420, or \"off\"", c.Listen)
	}
	return nil
}
