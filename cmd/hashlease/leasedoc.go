package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// leaseDoc is a lease as --json prints it.
type leaseDoc struct {
	ID            string       `json:"id"`
	Tenant        string       `json:"tenant"`
	Model         lease.Model  `json:"model"`
	ContractedHps uint64       `json:"contracted_hps"`
	State         lease.State  `json:"state"`
	StartMs       int64        `json:"start_ms"`
	EndMs         int64        `json:"end_ms"`    // 0: open-ended
	ClosedMs      int64        `json:"closed_ms"` // 0: not closed
	ProofMs       int64        `json:"proof_ms"`
	Tag           string       `json:"tag"`
	Nonce         string       `json:"nonce"`
	Terms         string       `json:"terms"`
	Pool          *poolDoc     `json:"pool,omitempty"` // without one the terms share the rewards
	Delivery      *deliveryDoc `json:"delivery,omitempty"`
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
		State:   l.StateAt(now.UnixMilli()),
		StartMs: l.StartMs, EndMs: l.EndMs, ClosedMs: l.ClosedMs, ProofMs: l.ProofMs,
		Tag: l.Tag.String(), Nonce: hex.EncodeToString(l.Nonce[:]), Terms: l.Terms.String(),
		Pool: newPoolDoc(l.Pool, said),
	}
}

// print writes the document for people.
func (d *leaseDoc) print(w io.Writer) error {
	end := formatEnd(d.EndMs)
	if d.ClosedMs != 0 {
		end += ", closed " + formatMs(d.ClosedMs)
	}
	lines := [][2]string{
		{"lease", d.ID + ", " + string(d.State)},
		{"tenant", d.Tenant},
		{"model", string(d.Model)},
		{"contracted", formatRate(d.ContractedHps)},
		{"from", formatMs(d.StartMs)},
		{"to", end},
		{"proof", fmt.Sprintf("a receipt per %v of contracted hashing", time.Duration(d.ProofMs)*time.Millisecond)},
		{"tag", d.Tag},
		{"nonce", d.Nonce},
		{"terms", d.Terms},
	}
	if d.Pool != nil {
		lines = append(lines, d.Pool.contract()...)
	}
	if v := d.Delivery; v != nil {
		lines = append(lines,
			[2]string{"counted", formatHashes(v.CountedHashes.Work())},
			[2]string{"proven", fmt.Sprintf("%s in %s", formatHashes(v.ProvenWork.Work()), plural(v.Receipts, "receipt"))},
			[2]string{"refused", fmt.Sprintf("%d rejected, %d stale", v.Rejected, v.Stale)})
	}
	if d.Pool != nil {
		lines = append(lines, d.Pool.verdicts()...)
	}
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
