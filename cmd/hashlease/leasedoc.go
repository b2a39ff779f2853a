package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// leaseDoc is a lease as --json prints it.
type leaseDoc struct {
	ID            string          `json:"id"`
	Tenant        string          `json:"tenant"`
	Model         lease.Model     `json:"model"`
	ContractedHps uint64          `json:"contracted_hps"`
	State         lease.State     `json:"state"`
	PausedBy      []lease.PauseBy `json:"paused_by,omitempty"`
	StartMs       int64           `json:"start_ms"`
	EndMs         int64           `json:"end_ms"`    // 0: open-ended
	ClosedMs      int64           `json:"closed_ms"` // 0: not closed
	ProofMs       int64           `json:"proof_ms"`
	Tag           string          `json:"tag"`
	Nonce         string          `json:"nonce"`
	Terms         string          `json:"terms"`
	Provider      string          `json:"provider,omitempty"` // its public key
	Rigs          []string        `json:"rigs,omitempty"`
	Cores         []int           `json:"cores,omitempty"`
	Pauses        []lease.Pause   `json:"pauses,omitempty"`
	LastOrder     int64           `json:"last_order,omitempty"` // number of the tenant's last one that was carried out
	Pool          *poolDoc        `json:"pool,omitempty"`       // without one the terms share the rewards
	Budget        *budgetDoc      `json:"budget,omitempty"`     // of a lease that has a price, or something prepaid
	Delivery      *deliveryDoc    `json:"delivery,omitempty"`
	Settled       *settledDoc     `json:"settled,omitempty"`
	Running       *runningDoc     `json:"running,omitempty"`
	Closing       *closingDoc     `json:"closing,omitempty"`
}

// deliveryDoc is what a lease was delivered so far.
type deliveryDoc struct {
	CountedHashes lease.Quantity `json:"counted_hashes"`
	ProvenWork    lease.Quantity `json:"proven_work"`
	Receipts      uint64         `json:"receipts"`
	Rejected      uint64         `json:"rejected"`
	Stale         uint64         `json:"stale"`
}

// newLeaseDoc makes the document of a lease and what its pool said so far, if
// it has one.
func newLeaseDoc(l *lease.Lease, said lease.Upstream, now time.Time) leaseDoc {
	return leaseDoc{
		ID: l.ID, Tenant: l.Tenant, Model: l.Model, ContractedHps: l.ContractedHps,
		State: l.StateAt(now.UnixMilli()), PausedBy: l.PausedAt(now.UnixMilli()),
		StartMs: l.StartMs, EndMs: l.EndMs, ClosedMs: l.ClosedMs, ProofMs: l.ProofMs,
		Tag: l.Tag.String(), Nonce: hex.EncodeToString(l.Nonce[:]), Terms: l.Terms.String(),
		Rigs: l.Rigs, Cores: l.Cores, Pauses: l.Pauses, LastOrder: l.Orders,
		Pool: newPoolDoc(l.Pool, said),
	}
}

// own names the machines that are the lease's alone; empty when it has none.
func (d *leaseDoc) own() string {
	switch {
	case len(d.Rigs) == 1:
		return "rig " + d.Rigs[0]
	case len(d.Rigs) > 0:
		return "rigs " + strings.Join(d.Rigs, ", ")
	case len(d.Cores) == 1:
		return "processor " + formatCores(d.Cores)
	case len(d.Cores) > 0:
		return "processors " + formatCores(d.Cores)
	}
	return ""
}

// state says for people where the lease stands.
func (d *leaseDoc) state() string {
	if d.State == lease.Paused {
		return "paused by " + joinBy(d.PausedBy)
	}
	return string(d.State)
}

// shownPauses is how many pauses are listed for people, the last ones.
const shownPauses = 5

// print writes the document for people.
func (d *leaseDoc) print(w io.Writer) error {
	end := formatEnd(d.EndMs)
	if d.ClosedMs != 0 {
		end += ", closed " + formatMs(d.ClosedMs)
	}
	var lines [][2]string
	add := func(name, format string, args ...any) {
		lines = append(lines, [2]string{name, fmt.Sprintf(format, args...)})
	}
	add("lease", "%s, %s", d.ID, d.state())
	add("tenant", "%s", d.Tenant)
	add("model", "%s", d.Model)
	add("contracted", "%s", formatRate(d.ContractedHps))
	if own := d.own(); own != "" {
		add("alone", "%s", own)
	}
	add("from", "%s", formatMs(d.StartMs))
	add("to", "%s", end)
	if more := len(d.Pauses) - shownPauses; more > 0 {
		add("paused", "%s before", plural(more, "time"))
	}
	for _, p := range d.Pauses[max(0, len(d.Pauses)-shownPauses):] {
		to := "on"
		if p.ToMs != 0 {
			to = "to " + formatMs(p.ToMs)
		}
		add("paused", "by %s, from %s %s", p.By, formatMs(p.FromMs), to)
	}
	add("proof", "a receipt per %v of contracted hashing", time.Duration(d.ProofMs)*time.Millisecond)
	add("tag", "%s", d.Tag)
	add("nonce", "%s", d.Nonce)
	add("terms", "%s", d.Terms)
	if d.Provider != "" {
		add("provider", "%s", d.Provider)
	}
	if d.Pool != nil {
		lines = append(lines, d.Pool.contract()...)
	}
	if d.Budget == nil && d.Settled != nil {
		add("charges", "none: the terms have no price for it")
	}
	lines = append(lines, d.Budget.lines()...)
	if v := d.Delivery; v != nil {
		add("counted", "%s", formatHashes(v.CountedHashes.Work()))
		add("proven", "%s in %s", formatHashes(v.ProvenWork.Work()), plural(v.Receipts, "receipt"))
		add("refused", "%d rejected, %d stale", v.Rejected, v.Stale)
	}
	lines = append(lines, d.Settled.lines()...)
	lines = append(lines, d.Running.lines()...)
	if d.Pool != nil {
		lines = append(lines, d.Pool.verdicts()...)
	}
	return printLines(w, lines)
}

// printLines writes names and what they are, in two columns.
func printLines(w io.Writer, lines [][2]string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintf(w, "%-11s %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}

// formatEnd writes the end of a term.
func formatEnd(ms int64) string {
	if ms == 0 {
		return "open"
	}
	return formatMs(ms)
}
