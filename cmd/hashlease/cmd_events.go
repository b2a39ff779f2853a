package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// eventDoc is an event as --json prints it.
type eventDoc struct {
	Seq    int64           `json:"seq"`
	Key    string          `json:"key,omitempty"`
	AtMs   int64           `json:"at_ms"`
	Kind   lease.EventKind `json:"kind"`
	Lease  string          `json:"lease,omitempty"`
	Tenant string          `json:"tenant,omitempty"`
	Body   json.RawMessage `json:"body"`
}

// spanFlags are the flags of a stretch of time.
type spanFlags struct {
	f        *dataFlags
	from, to *string
}

func newSpanFlags(f *dataFlags) spanFlags {
	return spanFlags{f,
		f.String("from", "", "from when on: a `TIME` such as 2026-12-01 or 2026-12-01T08:00:00Z"),
		f.String("to", "", "until when: a `TIME`"),
	}
}

// read returns the stretch in Unix milliseconds; 0 is no bound.
func (s *spanFlags) read(now time.Time) (fromMs, toMs int64, err error) {
	for _, x := range []struct {
		text string
		ms   *int64
	}{{*s.from, &fromMs}, {*s.to, &toMs}} {
		if x.text == "" {
			continue
		}
		t, err := parseTime(x.text, now)
		if err != nil {
			return 0, 0, err
		}
		*x.ms = t.UnixMilli()
	}
	if fromMs != 0 && toMs != 0 && toMs < fromMs {
		return 0, 0, s.f.usage("--to %s is before --from %s", formatMs(toMs), formatMs(fromMs))
	}
	return fromMs, toMs, nil
}

// eventKinds are the kinds that can be asked for.
func eventKinds() []string {
	var names []string
	for _, k := range []lease.EventKind{
		lease.EventLeaseAdded, lease.EventLeasePaused, lease.EventLeaseResumed, lease.EventLeaseExtended, lease.EventLeaseClosed, lease.EventLeasePool,
		lease.EventLowBudget, lease.EventWindowDown, lease.EventAlarm, lease.EventPeriodClosed, lease.EventAddress, lease.EventTerms,
		lease.EventPlacement, lease.EventPayout, lease.EventFeeMean, lease.EventPrepaid,
		lease.EventCorrected, lease.EventPoolIncome,
	} {
		names = append(names, string(k))
	}
	return names
}

// followEvery is how often --follow looks for new events.
const followEvery = 500 * time.Millisecond

func runEvents(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "events", "[--lease ID] [--tenant NAME] [--kind KIND] [--from TIME] [--to TIME] [--follow] [--json]",
		"Lists what was decided, with what it was decided from: changes of contracts,\n"+
			"budgets, hours that were down, alarms, credits, payouts and more. --json prints a\n"+
			"JSON object a line, with everything.")
	id := f.String("lease", "", "of one lease: its `ID`")
	tenant := f.String("tenant", "", "of one tenant: its `NAME`")
	var kinds list
	f.Var(&kinds, "kind", "of one `KIND`, such as alarm; again for more")
	span := newSpanFlags(f)
	follow := f.Bool("follow", false, "go on with what comes, until it is interrupted")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	filter := lease.EventFilter{Lease: *id, Tenant: *tenant}
	for _, k := range kinds {
		if known := eventKinds(); !slices.Contains(known, k) {
			return unknownName("kind of event", k, known, fmt.Sprintf("there are %v", known))
		}
		filter.Kinds = append(filter.Kinds, lease.EventKind(k))
	}
	var err error
	if filter.FromMs, filter.ToMs, err = span.read(e.now()); err != nil {
		return err
	}
	if filter.FromMs > 0 {
		filter.FromMs-- // the filter's bound is not within it
	}
	if *follow && filter.ToMs != 0 {
		return f.usage("--follow and --to exclude each other")
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if *id != "" && *id != lease.House {
		if _, err := p.findLease(ctx, *id); err != nil {
			return err
		}
	}
	if *tenant != "" {
		if _, err := p.findTenant(ctx, *tenant); err != nil {
			return err
		}
	}
	for {
		if err := f.printEvents(p.store.Events(ctx, filter), &filter.AfterSeq); err != nil || !*follow {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(followEvery):
		}
	}
}

// printEvents prints events and notes the last one.
func (f *dataFlags) printEvents(events iter.Seq2[lease.Event, error], last *int64) error {
	for x, err := range events {
		if err != nil {
			return err
		}
		*last = x.Seq
		if *f.json {
			line, err := json.Marshal(eventDoc{x.Seq, x.Key, x.AtMs, x.Kind, x.Lease, x.Tenant, x.Body})
			if err != nil {
				return fmt.Errorf("event %d, %s: %w", x.Seq, x.Kind, err)
			}
			if _, err := fmt.Fprintf(f.e.stdout, "%s\n", line); err != nil {
				return err
			}
			continue
		}
		text, err := eventText(&x)
		if err != nil {
			return fmt.Errorf("event %d, %s: %w", x.Seq, x.Kind, err)
		}
		about := x.Lease
		if about == "" {
			about = x.Tenant
		}
		if about == "" {
			about = "-"
		}
		if _, err := fmt.Fprintf(f.e.stdout, "%s  %-8s  %-14s  %s\n", formatMs(x.AtMs), about, x.Kind, text); err != nil {
			return err
		}
	}
	return nil
}
