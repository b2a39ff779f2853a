package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/hashlease/hashlease/lease"
)

// exclusionDoc is a time that the SLA does not count, as --json prints it.
type exclusionDoc struct {
	ID          int64               `json:"id"`
	Kind        lease.ExclusionKind `json:"kind"`
	Lease       string              `json:"lease,omitempty"` // empty: all
	AnnouncedMs int64               `json:"announced_ms"`
	FromMs      int64               `json:"from_ms"`
	ToMs        int64               `json:"to_ms"` // 0: it lasts
	Evidence    string              `json:"evidence"`
}

func newExclusionDoc(x *lease.Exclusion) exclusionDoc {
	return exclusionDoc{ID: x.ID, Kind: x.Kind, Lease: x.Lease, AnnouncedMs: x.AnnouncedMs, FromMs: x.FromMs, ToMs: x.ToMs, Evidence: x.Evidence}
}

func runMaintenanceAdd(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "maintenance add", "--from TIME --to TIME --reason TEXT [--json]",
		"Announces maintenance of the node, before it begins. The SLA does not count hours\n"+
			"that are down for it, up to what the terms allow a month.")
	from := f.String("from", "", "when it begins: a `TIME` such as 2026-12-01T08:00:00Z or +2h")
	to := f.String("to", "", "when it ends: a `TIME`")
	reason := f.String("reason", "", "what is done, a `TEXT` for the tenants")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	for _, name := range []string{"from", "to", "reason"} {
		if f.Lookup(name).Value.String() == "" {
			return f.usage("--%s is missing", name)
		}
	}
	x := lease.Exclusion{Kind: lease.ExcludeMaintenance, Evidence: *reason}
	begin, err := parseTime(*from, e.now())
	if err != nil {
		return err
	}
	end, err := parseTime(*to, e.now())
	if err != nil {
		return err
	}
	x.FromMs, x.ToMs = begin.UnixMilli(), end.UnixMilli()
	switch {
	case len(*reason) > lease.MaxEvidence:
		return f.usage("--reason of %d bytes: at most %d", len(*reason), lease.MaxEvidence)
	case x.ToMs <= x.FromMs:
		return f.usage("--to %s is not after --from %s", formatMs(x.ToMs), formatMs(x.FromMs))
	}
	if err := checkLine("--reason", *reason); err != nil {
		return err
	}
	p, _, err := f.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.close()
	if x.AnnouncedMs, err = p.changeMs(ctx, e); err != nil {
		return err
	}
	if x.FromMs <= x.AnnouncedMs {
		return withHint(usage("--from %s is not to come: only maintenance that is announced before it begins is excluded", formatMs(x.FromMs)),
			"announce what is left of it, from a moment such as +1m")
	}
	if x, err = p.store.PutExclusion(ctx, x); err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, newExclusionDoc(&x))
	}
	_, err = fmt.Fprintf(e.stdout, "maintenance %d announced, from %s to %s\n", x.ID, formatMs(x.FromMs), formatMs(x.ToMs))
	return err
}

// checkLine refuses a text that is more than one line, or would move a
// terminal's cursor.
func checkLine(what, text string) error {
	for _, r := range text {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return usage("%s: %.60q is not one line of text", what, text)
		}
	}
	return nil
}

func runMaintenanceList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "maintenance list", "[--all] [--from TIME] [--to TIME] [--json]",
		"Lists the maintenance that was announced. --all also lists when tenants' own pools\n"+
			"refused or were out of reach, which the SLA does not count either.")
	all := f.Bool("all", false, "list the exclusions for pools, too")
	span := newSpanFlags(f)
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	fromMs, toMs, err := span.read(e.now())
	if err != nil {
		return err
	}
	if toMs == 0 {
		toMs = math.MaxInt64
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	list, err := p.store.Exclusions(ctx, fromMs, toMs)
	if err != nil {
		return err
	}
	docs := []exclusionDoc{}
	rows := [][]string{{"ID", "KIND", "LEASE", "ANNOUNCED", "FROM", "TO", "WHAT"}}
	for i := range list {
		x := &list[i]
		if x.Kind != lease.ExcludeMaintenance && !*all {
			continue
		}
		docs = append(docs, newExclusionDoc(x))
		about := x.Lease
		if about == "" {
			about = "all"
		}
		rows = append(rows, []string{strconv.FormatInt(x.ID, 10), string(x.Kind), about, formatMs(x.AnnouncedMs),
			formatMs(x.FromMs), formatEnd(x.ToMs), asLine(x.Evidence)})
	}
	if *f.json {
		return writeJSON(e.stdout, docs)
	}
	_, err = fmt.Fprint(e.stdout, fitted(e.page.columns(), rows, []string{"ANNOUNCED", "KIND"}, "ID"))
	return err
}

// asLine makes any text, such as a pool's own words, one that is safe to
// print.
func asLine(text string) string {
	out := []rune(text)
	for i, r := range out {
		if !unicode.IsPrint(r) {
			out[i] = ' '
		}
	}
	return string(out)
}
