package main

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/miner"
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

// What the live table has room for.
const (
	shownRigs = 8
	rigColumn = 22 // of 80
)

// shorten cuts a text to so many characters.
func shorten(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

// formatDifficulty writes a difficulty for people, to four digits where there
// are many.
func formatDifficulty(d miner.Difficulty) string {
	switch v := d.Float64(); {
	case v >= 1e6:
		v, prefix := scaleSI(v)
		return fourDigits(v, prefix) + " " + prefix
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
}

// rigTotals sums the rigs up in a line.
func rigTotals(rigs []dispatch.RigRow) string {
	var all uint64
	waiting := 0
	for i := range rigs {
		all += rigs[i].Hps
		if rigs[i].Lease == dispatch.Waiting {
			waiting++
		}
	}
	text := fmt.Sprintf("rigs: %d connected, %s", len(rigs), formatRate(all))
	if waiting > 0 {
		text += fmt.Sprintf(", %d waiting", waiting)
	}
	return text
}

// rigLines lays the rigs out, the first ones by name.
func rigLines(rigs []dispatch.RigRow) (lines []string) {
	if len(rigs) == 0 {
		return nil
	}
	head := []string{"RIG", "WORKS FOR", "DIFFICULTY", "HASH RATE", "SHARES", "REFUSED"}
	cells := [][]string{head}
	for i := range rigs[:min(len(rigs), shownRigs)] {
		r := &rigs[i]
		cells = append(cells, []string{shorten(r.Rig, rigColumn), r.Lease, formatDifficulty(r.Difficulty), formatRate(r.Hps),
			strconv.FormatUint(r.Accepted, 10), strconv.FormatUint(r.Refused, 10)})
	}
	lines = splitLines(table(cells, head[2:]...))
	if more := len(rigs) - shownRigs; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}
