package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
)

// How often the running node is shown.
const (
	viewEvery = time.Second     // the live table, on a terminal
	logEvery  = 5 * time.Second // log lines elsewhere
)

// watch shows the node until ctx ends: a live table where the cursor can be
// moved, else log lines.
func (n *node) watch(ctx context.Context) {
	every, show := logEvery, n.logSnapshot
	if n.screen.term.redraw {
		every = viewEvery
		show = func(s *dispatch.Snapshot) { n.screen.show(nodeView(s, n.screen.term.columns())) }
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	noted := make(map[string]bool)
	begun := n.screen.term.redraw // the first line of a log would be of zeros
	var limits limitWatch
	for {
		s := n.dispatch.Snapshot()
		for _, note := range s.Notes {
			if !noted[note] {
				noted[note] = true
				n.log.Warn(note)
			}
		}
		maps.DeleteFunc(noted, func(note string, _ bool) bool { return !slices.Contains(s.Notes, note) })
		n.tellLimits(&limits)
		if begun && s.Uptime > 0 {
			show(&s)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			begun = true
		}
	}
}

// nodeView is the live table for a terminal of so many columns.
func nodeView(s *dispatch.Snapshot, columns int) []viewLine {
	lines := []viewLine{
		{},
		{fmt.Sprintf("hashlease  %s  kernel %s, %s  up %v", formatRate(s.Hps), s.Kernel, plural(s.Threads, "thread"), s.Uptime.Truncate(time.Second)), "1"},
		{fmt.Sprintf("%s (%s)  height %d, tip %v old  blocks: %s", s.Coin, s.Upstream, s.Height, s.TipAge.Truncate(time.Second), blockCounts(s.Blocks)), ""},
		{},
	}
	lines = append(lines, tableLines(splitLines(rowTable(s.Rows, len(s.Rigs) > 0, columns)))...)
	lines = append(lines, standLines(s, columns)...)
	if rigs := rigLines(s.Rigs); rigs != nil {
		lines = append(append(lines, viewLine{}, viewLine{text: rigTotals(s.Rigs)}), tableLines(rigs)...)
	}
	return lines
}

// tableLines are the lines of a table, its head in a quiet style.
func tableLines(rows []string) (lines []viewLine) {
	for i, row := range rows {
		style := ""
		if i == 0 {
			style = "2"
		}
		lines = append(lines, viewLine{row, style})
	}
	return lines
}

func splitLines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }

// rowTable lays out what the leases got. Where there is no room for all of it,
// tenants are left out first, then intervals.
func rowTable(rows []dispatch.Row, rigs bool, columns int) string {
	head := []string{"LEASE", "TENANT", "CONTRACTED", "COUNTED", "PROVEN", "95 % INTERVAL", "RECEIPTS", "REFUSED"}
	if rigs {
		head = slices.Replace(head, 3, 4, "THREADS", "RIGS")
	}
	cells := [][]string{head}
	for i := range rows {
		r := &rows[i]
		contracted := "-"
		if r.Lease != lease.House {
			contracted = formatRate(r.ContractedHps)
		}
		made := []string{formatRate(r.CountedHps)}
		if rigs {
			made = append(made, formatRate(r.RigHps))
		}
		interval := "-" // it never had work
		if r.HiHps > 0 {
			interval = formatSpan(r.LoHps, r.HiHps)
		}
		cells = append(cells, slices.Concat([]string{r.Lease, r.Tenant, contracted}, made, []string{formatRate(r.ProvenHps),
			interval, strconv.FormatUint(r.Receipts, 10), strconv.FormatUint(r.Rejected+r.Stale, 10)}))
	}
	for _, without := range []string{"TENANT", "95 % INTERVAL"} {
		text := table(cells, cells[0][2:]...)
		if first, _, _ := strings.Cut(text, "\n"); len(first) < columns {
			return text
		}
		at := slices.Index(cells[0], without)
		for i, row := range cells {
			cells[i] = slices.Concat(row[:at], row[at+1:])
		}
		if without == "TENANT" && !rigs {
			break
		}
	}
	return table(cells, cells[0][1:]...)
}

// blockCounts writes the numbers of blocks by state.
func blockCounts(blocks map[lease.BlockState]int) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(blocks)) {
		if n := blocks[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// sumBlocks is the number of blocks in any state.
func sumBlocks(blocks map[lease.BlockState]int) int {
	sum := 0
	for _, n := range blocks {
		sum += n
	}
	return sum
}

// logSnapshot writes a line for the node and one for each lease.
func (n *node) logSnapshot(s *dispatch.Snapshot) {
	n.log.Info("node", "rate", rate(s.Hps), "kernel", s.Kernel, "threads", s.Threads,
		"height", s.Height, "tip_age_s", int64(s.TipAge/time.Second), "blocks", blockCounts(s.Blocks))
	for i := range s.Rigs {
		r := &s.Rigs[i]
		n.log.Info("rig", "rig", r.Rig, "remote", r.Remote, "agent", r.Agent, "lease", r.Lease, "difficulty", r.Difficulty,
			"rate", rate(r.Hps), "accepted", r.Accepted, "refused", r.Refused)
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		n.log.Info("lease", "lease", r.Lease, "tenant", r.Tenant, "contracted", rate(r.ContractedHps),
			"counted", rate(r.CountedHps), "rigs", rate(r.RigHps), "proven", rate(r.ProvenHps),
			slog.Group("interval", "low", rate(r.LoHps), "high", rate(r.HiHps)),
			"receipts", r.Receipts, "rejected", r.Rejected, "stale", r.Stale, slog.String("paused", pausedBy(r.Paused)))
	}
}

// rate is a hash rate in the log: with a unit for people, in H/s for
// programs.
type rate uint64

// MarshalText is what the text log writes.
func (r rate) MarshalText() ([]byte, error) { return []byte(formatRate(uint64(r))), nil }

// MarshalJSON is what the JSON log writes.
func (r rate) MarshalJSON() ([]byte, error) { return strconv.AppendUint(nil, uint64(r), 10), nil }
