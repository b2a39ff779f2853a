package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/stratum"
)

// deafStore takes no events while it is deaf.
type deafStore struct {
	lease.Store
	deaf bool
}

func (s *deafStore) PutEvents(ctx context.Context, events ...lease.Event) error {
	if s.deaf {
		return errors.New("deaf")
	}
	return s.Store.PutEvents(ctx, events...)
}

// Moves of rigs are events with what they were decided from, once each, also
// when the store has to be asked again; no more than it has room for wait.
func TestMovesAreOnRecord(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "moves.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store := &deafStore{Store: db, deaf: true}
	var logged strings.Builder
	d := &Dispatcher{Config: Config{Store: store, Log: slog.New(slog.NewTextHandler(&logged, nil))}, run: 3}
	came := time.UnixMilli(1_700_000_000_000)
	now := came.Add(quantum)
	m := &mount{seat: &stratum.Seat{ID: 7}, rig: lease.Rig{Name: "one"}, lease: "L-0001", since: came}
	move := &placement{from: "L-0001", to: "L-0002", rate: 100, need: 6000, left: -1 << 58}
	d.rigs.note(d.moved(m, move, now))
	d.keepMoves(t.Context())
	d.rigs.note(d.moved(m, move, now)) // the same again
	store.deaf = false
	d.keepMoves(t.Context())
	m.lease, m.since = "L-0002", now
	d.rigs.note(d.moved(m, &placement{from: "L-0002", left: 10, rate: 100}, now.Add(time.Second)))
	ended, stop := context.WithCancel(t.Context())
	stop()
	d.keepMoves(ended) // nothing that was decided is lost at the end
	want := []lease.Event{
		{Lease: "L-0002", AtMs: now.UnixMilli(), Body: []byte(`{"connection":7,"from":"L-0001","from_need_mh":-9007199254740992,"quantum_ms":60000,` +
			`"rate_mhps":100,"rig":"one","run":3,"since_ms":1700000000000,"to":"L-0002","to_need_mh":6000}`)},
		{Lease: "L-0002", AtMs: now.UnixMilli() + 1000, Body: []byte(`{"connection":7,"from":"L-0002","from_need_mh":10,"quantum_ms":60000,` +
			`"rate_mhps":100,"rig":"one","run":3,"since_ms":1700000060000,"to":"house","to_need_mh":0}`)},
	}
	n := 0
	for e, err := range db.Events(t.Context(), lease.EventFilter{Kinds: []lease.EventKind{lease.EventPlacement}}) {
		if err != nil {
			t.Fatal(err)
		}
		if n < len(want) && (e.Lease != want[n].Lease || e.AtMs != want[n].AtMs || e.Tenant != "" || string(e.Body) != string(want[n].Body)) {
			t.Errorf("event %d: %+v\n%s", n, e, e.Body)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d events, want %d", n, len(want))
	}

	store.deaf = true
	for i := range maxMoves + 5 {
		m.since = now.Add(time.Duration(i) * time.Second)
		d.rigs.note(d.moved(m, move, now))
		d.keepMoves(t.Context())
	}
	store.deaf = false
	d.keepMoves(t.Context())
	if len(d.rigs.moves) > 0 || !strings.Contains(logged.String(), "moves=5") {
		t.Errorf("%d moves wait, the log says %q", len(d.rigs.moves), logged.String())
	}
}
