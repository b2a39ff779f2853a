package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// rigDoc is a rig as --json prints it.
type rigDoc struct {
	Name       string          `json:"name"`
	Owner      string          `json:"owner"`
	State      lease.RigState  `json:"state"`
	User       string          `json:"user"`            // to log in with
	Token      string          `json:"token,omitempty"` // only when it was made now
	CreatedMs  int64           `json:"created_ms"`
	DisabledMs int64           `json:"disabled_ms"` // 0: not disabled
	RemovedMs  int64           `json:"removed_ms"`  // 0: not removed
	Note       string          `json:"note,omitempty"`
	RatedHps   uint64          `json:"rated_hps,omitempty"`
	RatedJTH   float64         `json:"rated_j_th,omitempty"`
	Delivery   *rigDeliveryDoc `json:"delivery,omitempty"`
}

// rigDeliveryDoc is what a rig delivered so far, and at which rate of late.
type rigDeliveryDoc struct {
	LastSeenMs     int64             `json:"last_seen_ms"` // 0: never
	RecentReceipts uint64            `json:"recent_receipts"`
	RecentFromMs   int64             `json:"recent_from_ms"`
	ProvenHps      uint64            `json:"proven_hps"`   // of the recent receipts
	IntervalHps    [2]uint64         `json:"interval_hps"` // 95 %
	ProvenWork     lease.Quantity    `json:"proven_work"`
	Receipts       uint64            `json:"receipts"`
	Rejected       uint64            `json:"rejected"`
	Stale          uint64            `json:"stale"`
	Refused        map[string]uint64 `json:"refused,omitempty"` // by reason
}

func newRigDoc(r *lease.Rig) rigDoc {
	d := rigDoc{
		Name: r.Name, Owner: r.Owner(), State: r.State(), User: r.Name,
		CreatedMs: r.CreatedMs, DisabledMs: r.DisabledMs, RemovedMs: r.RemovedMs,
		Note: r.Note, RatedHps: r.RatedHps, RatedJTH: float64(r.RatedMilliJTH) / 1000,
	}
	if r.Tenant != "" {
		d.User = r.Tenant + "." + r.Name
	}
	return d
}

func (d rigDoc) withToken(token string) rigDoc {
	d.Token = token
	return d
}

func (d rigDoc) withMeter(r *lease.Rig, m *lease.RigMeter, nowMs int64) rigDoc {
	v := &rigDeliveryDoc{
		LastSeenMs: m.LastMs, RecentReceipts: m.Recent.N, RecentFromMs: r.RecentRigMs(nowMs),
		ProvenWork: lease.Quantity(m.Evidence.Sum), Receipts: m.Evidence.N,
		Rejected: m.Rejected(), Stale: m.Stale(), Refused: m.Verdicts,
	}
	v.ProvenHps, v.IntervalHps[0], v.IntervalHps[1] = m.RecentHps(r, nowMs)
	d.Delivery = v
	return d
}

// print writes the document for people.
func (d *rigDoc) print(w io.Writer) error {
	lines := [][2]string{
		{"rig", d.Name + ", " + string(d.State)},
		{"owner", d.Owner},
		{"user", d.User},
		{"added", formatMs(d.CreatedMs)},
	}
	add := func(name, format string, args ...any) {
		lines = append(lines, [2]string{name, fmt.Sprintf(format, args...)})
	}
	if d.DisabledMs != 0 {
		add("disabled", "%s", formatMs(d.DisabledMs))
	}
	if d.RemovedMs != 0 {
		add("removed", "%s", formatMs(d.RemovedMs))
	}
	if d.Note != "" {
		add("note", "%s", d.Note)
	}
	if d.RatedHps != 0 {
		add("rated", "%s", formatRate(d.RatedHps))
	}
	if d.RatedJTH != 0 {
		add("power", "%s J/TH", strconv.FormatFloat(d.RatedJTH, 'f', -1, 64))
	}
	if d.RatedHps != 0 && d.RatedJTH != 0 {
		// As delivered by the maker's word: H/s times J/TH is 10^-12 W.
		lines[len(lines)-1][1] += fmt.Sprintf(", %.0f W", float64(d.RatedHps)/1e12*d.RatedJTH)
	}
	v := d.Delivery
	add("last seen", "%s", formatMs(v.LastSeenMs))
	if v.RecentReceipts > 0 {
		add("rate", "%s, 95 %% interval %s, by %s since %s", formatRate(v.ProvenHps),
			formatSpan(v.IntervalHps[0], v.IntervalHps[1]), plural(v.RecentReceipts, "share"), formatMs(v.RecentFromMs))
	}
	add("proven", "%s by %s", formatHashes(v.ProvenWork.Work()), plural(v.Receipts, "share"))
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(v.Refused)) {
		reasons = append(reasons, fmt.Sprintf("%d %s", v.Refused[reason], reason))
	}
	if len(reasons) == 0 {
		reasons = []string{"none"}
	}
	add("refused", "%s", strings.Join(reasons, ", "))
	for _, l := range lines {
		if _, err := fmt.Fprintf(w, "%-11s %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}

// printAccess writes what to enter at a machine.
func printAccess(w io.Writer, cfg *stratumConfig, r *lease.Rig, token string) error {
	_, err := fmt.Fprintf(w, "  pool      %s\n  user      %s\n  password  %s   shown only now\n", cfg.url(), newRigDoc(r).User, token)
	return err
}

// url is the address to enter at a machine, as far as the configuration tells
// it.
func (c *stratumConfig) url() string {
	if c.off() {
		return "none: stratum.listen is off"
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return c.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "THIS-MACHINE"
	}
	return "stratum+tcp://" + net.JoinHostPort(host, port)
}
