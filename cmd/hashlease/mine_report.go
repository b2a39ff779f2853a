package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// mineDoc is what a miner prints at its end with --json.
type mineDoc struct {
	UptimeMs   int64             `json:"uptime_ms"`
	Kernel     string            `json:"kernel"`
	Threads    int               `json:"threads"`
	Hashes     uint64            `json:"hashes"`
	Hps        uint64            `json:"hps"`
	Pool       string            `json:"pool,omitempty"` // at the end; none when it was lost
	Accepted   uint64            `json:"accepted"`
	Rejected   map[string]uint64 `json:"rejected"` // by the pool, by reason
	Unsent     map[string]uint64 `json:"unsent"`   // kept back, by reason
	Unanswered uint64            `json:"unanswered"`
	ProvenWork lease.Quantity    `json:"proven_work"` // expected hashes of the accepted shares
	LatencyUs  latencyDoc        `json:"latency_us"`
	Connects   uint64            `json:"connects"`
	Failures   uint64            `json:"failures"`
	LastError  string            `json:"last_error,omitempty"`
}

// latencyDoc is the time from submission to answer, in microseconds.
type latencyDoc struct {
	P50 int64 `json:"p50"`
	P90 int64 `json:"p90"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

func (m *poolMiner) doc() mineDoc {
	s, hashes := m.client.Stats(), m.engine.Hashes()
	ms := m.mined.Milliseconds()
	d := mineDoc{
		UptimeMs: ms, Kernel: m.engine.Kernel().Name, Threads: m.engine.Threads(),
		Hashes: hashes, Hps: perSecond(hashes, ms), Pool: m.last,
		Accepted: s.Accepted, Rejected: s.Rejected, Unsent: s.Unsent, Unanswered: s.Unanswered,
		ProvenWork: lease.Quantity(s.Work),
		LatencyUs: latencyDoc{s.Latency.P50.Microseconds(), s.Latency.P90.Microseconds(),
			s.Latency.P99.Microseconds(), s.Latency.Max.Microseconds()},
		Connects: s.Connects, Failures: s.Failures, LastError: s.LastError,
	}
	for _, counts := range []*map[string]uint64{&d.Rejected, &d.Unsent} {
		if *counts == nil {
			*counts = map[string]uint64{}
		}
	}
	return d
}

// printSummary tells what the miner did.
func (m *poolMiner) printSummary(asJSON bool) error {
	d := m.doc()
	if asJSON {
		return writeJSON(m.e.stdout, d)
	}
	_, err := fmt.Fprintf(m.e.stdout, "ran %v with kernel %s on %s: %d hashes, %s\n"+
		"shares: %d accepted, %s rejected, %s kept back, %d unanswered; accepted work %s\n",
		(time.Duration(d.UptimeMs) * time.Millisecond).Round(100*time.Millisecond), d.Kernel, plural(d.Threads, "thread"), d.Hashes, formatRate(d.Hps),
		d.Accepted, byReason(d.Rejected), byReason(d.Unsent), d.Unanswered, formatHashes(d.ProvenWork.Work()))
	return err
}

// byReason writes a total and what it is made of.
func byReason(counts map[string]uint64) string {
	var sum uint64
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		sum += counts[reason]
		parts = append(parts, fmt.Sprintf("%d %s", counts[reason], reason))
	}
	if sum == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", sum, strings.Join(parts, ", "))
}

// watch shows the miner until ctx ends: a line that is redrawn where the
// cursor can be moved, else log lines.
func (m *poolMiner) watch(ctx context.Context) {
	every := logEvery
	if m.screen.term.redraw {
		every = viewEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	before, at := m.engine.Hashes(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		hashes, now := m.engine.Hashes(), time.Now()
		hps := perSecond(hashes-before, now.Sub(at).Milliseconds())
		before, at = hashes, now
		s := m.client.Stats()
		pool, difficulty := "no pool", "-"
		if s.Pool != "" {
			pool, difficulty = s.Pool, s.Difficulty.String()
		}
		if m.screen.term.redraw {
			m.screen.show([]viewLine{{text: fmt.Sprintf("%s  %s  difficulty %s  accepted %d  rejected %d",
				formatRate(hps), pool, difficulty, s.Accepted, s.RejectedTotal())}})
			continue
		}
		m.log.Info("mining", "rate", rate(hps), "pool", pool, "difficulty", difficulty,
			"accepted", s.Accepted, "rejected", s.RejectedTotal())
	}
}
