package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// onLine calls a function with each line that is written.
type onLine struct {
	rest bytes.Buffer
	call func(line string)
}

func (w *onLine) Write(b []byte) (int, error) {
	w.rest.Write(b)
	for {
		line, err := w.rest.ReadString('\n')
		if err != nil {
			w.rest.WriteString(line)
			return len(b), nil
		}
		w.call(line)
	}
}

// With --follow, what comes later is told, until it is interrupted.
func TestEventsFollow(t *testing.T) {
	dir := t.TempDir()
	p, err := openProvider(t.Context(), dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	put := func(reason string) {
		e, err := lease.NewEvent(lease.EventLeasePaused, 1, "", lease.LeasePaused{By: lease.PauseProvider, Reason: reason})
		if err == nil {
			err = p.store.PutEvents(t.Context(), e)
		}
		if err != nil {
			t.Error(err)
		}
	}
	put("one")
	ctx, interrupt := context.WithCancelCause(t.Context())
	e, _, stderr := testEnv()
	var lines []string
	e.stdout = &onLine{call: func(line string) {
		lines = append(lines, line)
		switch len(lines) {
		case 1:
			put("two")
		case 2:
			interrupt(errInterrupted)
		}
	}}
	if code := run(ctx, e, []string{"events", "--follow", "--data", dir}); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if len(lines) != 2 || !strings.HasSuffix(lines[0], ": one\n") || !strings.HasSuffix(lines[1], ": two\n") {
		t.Errorf("%q", lines)
	}
}

// Every kind of event has a line, and a body that is none of its kind is an
// error, not a panic.
func TestEventText(t *testing.T) {
	bodies := map[lease.EventKind]any{
		lease.EventLeaseAdded:    lease.LeaseAdded{Rigs: []string{"r"}, Cores: []int{1, 2}},
		lease.EventLeasePaused:   lease.LeasePaused{By: lease.PauseTenant, Order: "{}"},
		lease.EventLeaseResumed:  lease.LeasePaused{},
		lease.EventLeaseExtended: lease.LeaseExtended{ToEndMs: 1},
		lease.EventLeaseClosed:   lease.LeaseClosed{FreeExit: true},
		lease.EventLeasePool:     lease.LeaseRepointed{},
		lease.EventLowBudget:     lease.BudgetState{},
		lease.EventWindowDown:    lease.SettledHour{},
		lease.EventAlarm:         lease.Alarm{Source: "cpu0"},
		lease.EventPeriodClosed:  lease.PeriodClosed{RefundSat: 1},
		lease.EventAddress:       lease.AddressChanged{},
		lease.EventTerms:         lease.TermsAdded{Replaces: "00"},
		lease.EventPlacement:     struct{}{},
		lease.EventPayout:        lease.PayoutMoved{Reason: "so"},
		lease.EventFeeMean:       lease.FeeMean{},
		lease.EventPrepaid:       lease.Prepaid{Ref: "a\x1b[2J"},
		lease.EventCorrected:     lease.Corrected{},
		lease.EventPoolIncome:    lease.PoolIncome{},
	}
	for _, name := range eventKinds() {
		kind := lease.EventKind(name)
		e, err := lease.NewEvent(kind, 1, "", bodies[kind])
		if err != nil || bodies[kind] == nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		text, err := eventText(&e)
		if err != nil || text == "" || strings.ContainsAny(text, "\n\x1b") {
			t.Errorf("%s: %q, %v", kind, text, err)
		}
		e.Body = []byte("[")
		if _, err := eventText(&e); err == nil && kind != lease.EventPlacement {
			t.Errorf("%s: a damaged body is no error", kind)
		}
	}
}
