package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/stratum"
)

// server is the configuration of the Stratum server; nil when there is to be
// none.
func (c *stratumConfig) server() (*stratum.ServerConfig, error) {
	if c.off() {
		return nil, nil
	}
	v, err := c.vardiff()
	if err != nil {
		return nil, usage("%w", err)
	}
	return &stratum.ServerConfig{Vardiff: v, Limits: c.limits()}, nil
}

// openPort opens the port for rigs, if there is to be one.
func (n *node) openPort(ctx context.Context) (err error) {
	server := n.dispatch.Server()
	if server == nil {
		return nil
	}
	if n.port, err = n.cfg.Stratum.openPort(ctx, server.Admit, n.log); n.port != nil {
		n.say(fmt.Sprintf("rigs log in at stratum+tcp://%s, once \"hashlease rig add\" has made them a token", n.port.Addr()))
	}
	return err
}

// serveRigs lets rigs in until ctx ends. The channel is closed when the last
// one has left.
func (n *node) serveRigs(ctx context.Context) <-chan struct{} {
	ended := make(chan struct{})
	if n.port == nil {
		close(ended)
		return ended
	}
	go func() {
		defer close(ended)
		if err := n.port.Serve(ctx, n.dispatch.Server().Serve); err != nil && ctx.Err() == nil {
			n.log.Error("rigs cannot log in any more", "err", err)
		}
	}()
	return ended
}

// shownRigs is how many rigs the live table has room for.
const shownRigs = 8

// rigLines lays the rigs out, the first ones by name.
func rigLines(rigs []dispatch.RigRow) (lines []string) {
	if len(rigs) == 0 {
		return nil
	}
	head := []string{"RIG", "WORKS FOR", "DIFFICULTY", "HASH RATE", "SHARES", "REFUSED"}
	cells := [][]string{head}
	for i := range rigs[:min(len(rigs), shownRigs)] {
		r := &rigs[i]
		cells = append(cells, []string{r.Rig, r.Lease, r.Difficulty.String(), formatRate(r.Hps),
			strconv.FormatUint(r.Accepted, 10), strconv.FormatUint(r.Refused, 10)})
	}
	lines = splitLines(table(cells, head[2:]...))
	if more := len(rigs) - shownRigs; more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more", plural(more, "rig")))
	}
	return lines
}
