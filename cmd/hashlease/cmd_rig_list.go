package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/lease"
)

func runRigList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "rig list", "[--all] [--json]",
		"Lists the rigs with what their shares prove: the rate of the last ten to twenty\n"+
			"minutes, and all shares so far.")
	all := f.Bool("all", false, "list removed rigs, too")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	rigs, err := p.store.Rigs(ctx)
	if err != nil {
		return err
	}
	nowMs := e.nowMs()
	meters, err := p.store.RigMeters(ctx, lease.RecentSlotMs(nowMs))
	if err != nil {
		return err
	}
	docs := []rigDoc{}
	rows := [][]string{{"RIG", "OWNER", "STATE", "RATED", "PROVEN", "95 % INTERVAL", "SHARES", "REFUSED", "LAST SEEN", "NOTE"}}
	for i := range rigs {
		if rigs[i].State() == lease.RigRemoved && !*all {
			continue
		}
		m := meters[rigs[i].Name]
		d := newRigDoc(&rigs[i]).withMeter(&rigs[i], &m, nowMs)
		docs = append(docs, d)
		rated, proven, span := "-", "-", "-"
		if d.RatedHps > 0 {
			rated = formatRate(d.RatedHps)
		}
		if v := d.Delivery; v.RecentReceipts > 0 {
			proven, span = formatRate(v.ProvenHps), formatSpan(v.IntervalHps[0], v.IntervalHps[1])
		}
		rows = append(rows, []string{d.Name, d.Owner, string(d.State), rated, proven, span,
			strconv.FormatUint(d.Delivery.Receipts, 10), strconv.FormatUint(d.Delivery.Rejected+d.Delivery.Stale, 10),
			formatMs(d.Delivery.LastSeenMs), d.Note})
	}
	if *f.json {
		return writeJSON(e.stdout, docs)
	}
	_, err = fmt.Fprint(e.stdout, fitted(e.page.columns(), rows, []string{"LAST SEEN", "RATED", "NOTE", "REFUSED"}, "RATED", "PROVEN", "95 % INTERVAL", "SHARES", "REFUSED"))
	return err
}

func runRigShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "rig show", "NAME [--json]", "Shows a rig, how it logs in, and what it delivered so far.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	r, err := p.findRig(ctx, pos[0])
	if err != nil {
		return err
	}
	nowMs := e.nowMs()
	m, err := p.store.RigMeter(ctx, r.Name, lease.RecentSlotMs(nowMs))
	if err != nil {
		return err
	}
	doc := newRigDoc(&r).withMeter(&r, &m, nowMs)
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	return doc.print(e.stdout)
}
