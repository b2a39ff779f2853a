package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

func runLogCheck(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "log check", "[URL] [--key KEY] [--since CHECKPOINT] [-o FILE] [--strict] [--json]",
		"Reads all leaves of a log, that of the data directory or another provider's at its\n"+
			"URL (https://provider.example/log), and checks what no tenant can see from its own\n"+
			"bundle: that no tag is used twice, each coinbase is described in one way, no batch is\n"+
			"missing, what sources did is what batches prove, and no more was leased than has been\n"+
			"produced. Then it lists, hour by hour, what was leased and what was produced. The\n"+
			"exit code is 3 if the log lies. Hours in which less was produced than leased are\n"+
			"listed, as an outage makes them too; --strict makes them, and what could not be\n"+
			"checked, failures. Of the directory's own log it also checks what is kept beside the\n"+
			"leaves: their private parts, and the hashes that proofs are made of, which it makes\n"+
			"anew where the database was damaged.")
	key := f.String("key", "", "the verifier `KEY` that the log began with, known from elsewhere")
	since := f.String("since", "", "the `FILE` with a checkpoint kept from earlier, which the log must continue")
	out := f.String("o", "", "keep the checkpoint that was checked in this `FILE`")
	strict := f.Bool("strict", false, "fail if anything could not be checked, or an hour is short")
	pos, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	var first note.Verifier
	if *key != "" {
		if first, err = translog.ParseVerifier(*key); err != nil {
			return usage("--key: %w", err)
		}
	}
	var earlier []byte
	if *since != "" {
		if earlier, err = e.readCheckpoint(*since); err != nil {
			return err
		}
	}
	var log *auditedLog
	switch {
	case len(pos) == 0:
		var p *provider
		if p, _, err = f.open(ctx, false); err != nil {
			return lied(err)
		}
		defer p.close()
		log, err = p.auditedLog(ctx, first)
	case !isURL(pos[0]):
		return withHint(f.usage("%.100q is no URL", pos[0]), "a log of this machine is named by its directory: --data DIR")
	default:
		log, err = remoteLog(ctx, pos[0], first)
	}
	if err != nil {
		return lied(err)
	}
	r, err := e.audit(ctx, log, earlier, *since)
	if err != nil {
		return lied(err)
	}
	if *strict {
		makeStrict(&r)
	}
	if *out != "" && r.OK() {
		if err := e.save(*out, log.signed.Note); err != nil {
			return err
		}
	}
	if *f.json {
		err = writeJSON(e.stdout, struct {
			OK bool `json:"ok"`
			*auditor.Report
		}{r.OK(), &r})
	} else {
		printAudit(e.stdout, &r)
	}
	if err == nil && !r.OK() {
		err = &coded{code: exitUnverified}
	}
	return err
}

// lied gives an error that shows a log to be at fault the exit code of that.
func lied(err error) error {
	if auditor.Lied(err) && exitCode(err) == exitFailed {
		return &coded{code: exitUnverified, err: err}
	}
	return err
}

// audit reads and checks all leaves.
func (e *env) audit(ctx context.Context, log *auditedLog, earlier []byte, name string) (auditor.Report, error) {
	const atOnce = 4096
	a := auditor.New()
	var bodies [][]byte
	var n int64
	err := log.leaves(ctx, func(body []byte) error {
		n++
		if bodies = append(bodies, bytes.Clone(body)); len(bodies) == atOnce {
			a.AddAll(bodies)
			bodies = bodies[:0]
			e.progress(fmt.Sprintf("%d of %d leaves read", n, log.signed.N))
		}
		return ctx.Err()
	})
	e.progress("")
	if err != nil {
		return auditor.Report{}, err
	}
	a.AddAll(bodies)
	r := a.Report(&log.signed)
	if log.pinned {
		r.Say(auditor.Checkpoint, auditor.Passed, "signed by the log %s", log.signed.Origin)
	} else {
		r.Say(auditor.Checkpoint, auditor.Unchecked, "signed by the key that the log itself names: compare it, or name the right one with --key")
	}
	if err := log.checkKept(ctx, &r); err != nil || earlier == nil {
		return r, err
	}
	was, err := log.id.Open(earlier)
	if err != nil {
		return r, explainOpen(err, name)
	}
	switch err := translog.CheckPrefix(&was, &log.signed, log.hashes); {
	case errors.Is(err, translog.ErrReplayed):
		r.Say(auditor.Since, auditor.Failed, "truncated, or replayed: %d leaves were signed for before, %d are now", was.N, log.signed.N)
	case err == nil:
		r.Say(auditor.Since, auditor.Passed, "the log begins with the %d leaves of %s", was.N, name)
	case auditor.Lied(err):
		r.Say(auditor.Since, auditor.Failed, "%v", err)
	default:
		return r, err
	}
	return r, nil
}

// makeStrict fails what could not be checked, and short hours.
func makeStrict(r *auditor.Report) {
	for i := range r.Checks {
		if c := &r.Checks[i]; c.State == auditor.Unchecked {
			r.Say(c.Name, auditor.Failed, "not checked: %s", c.What)
		}
	}
	if r.Short > 0 {
		r.Say(auditor.Oversell, auditor.Failed, "%s short of what was leased", plural(r.Short, "hour"))
	}
}

// Hours that are listed: all that are not covered, and the last ones.
const (
	lastHours = 24
	badHours  = 100
)

// printAudit prints what an audit found, for people.
func printAudit(w io.Writer, r *auditor.Report) {
	fmt.Fprintf(w, "log %s, %d leaves, root %v\n\n", printable(r.Origin), r.Size, r.Root)
	marks := map[auditor.State]string{auditor.Passed: "✓", auditor.Failed: "✗", auditor.Unchecked: "–"}
	for i := range r.Checks {
		c := &r.Checks[i]
		fmt.Fprintf(w, "%s %-13s %s\n", marks[c.State], c.Name, printable(c.What))
	}
	for _, what := range r.NotShown {
		fmt.Fprintf(w, "– not shown: %s\n", what)
	}
	if n := len(r.Findings); n > 0 {
		fmt.Fprintln(w, "\nwhat must not be:")
		for _, f := range r.Findings {
			where := ""
			if f.Leaf >= 0 {
				where = fmt.Sprintf("leaf %d: ", f.Leaf)
			}
			fmt.Fprintf(w, "  %s: %s%s\n", f.Check, where, printable(f.What))
		}
	}
	if len(r.Hours) > 0 {
		fmt.Fprintf(w, "\n%s", hoursTable(r.Hours))
	}
}

// hoursTable compares leased with produced.
func hoursTable(hours []auditor.Hour) string {
	rows := [][]string{{"HOUR (UTC)", "LEASES", "LEASED", "PRODUCED", "95 % INTERVAL", "RECEIPTS", ""}}
	bad := 0
	for i := range hours {
		h := &hours[i]
		listed := i >= len(hours)-lastHours
		if h.State == auditor.HourShort || h.State == auditor.HourOversold {
			bad++
			listed = listed || bad <= badHours
		}
		if !listed {
			continue
		}
		rate := func(q lease.Quantity) uint64 { low, _ := lease.Rate(q.Work(), h.ToMs-h.FromMs); return low }
		rows = append(rows, []string{
			time.UnixMilli(h.Hour * lease.MsPerHour).UTC().Format("2006-01-02 15:04"), fmt.Sprint(h.Leases), formatRate(rate(h.Leased)),
			formatRate(rate(h.Produced)), formatSpan(rate(h.Low), rate(h.High)), fmt.Sprint(h.Receipts), hourWord(h.State),
		})
	}
	text := table(rows, "LEASES", "LEASED", "PRODUCED", "95 % INTERVAL", "RECEIPTS")
	if left := len(hours) - (len(rows) - 1); left > 0 {
		text += fmt.Sprintf("%s of before left out, --json has them\n", plural(left, "hour"))
	}
	return text
}

func hourWord(s auditor.HourState) string {
	switch s {
	case auditor.HourShort:
		return "short of what was leased"
	case auditor.HourOversold:
		return "oversold"
	case auditor.HourOpen:
		return "not all of it sealed"
	}
	return ""
}
