package billing

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// world is what is known after the last settled hour, of all leases or of one.
// It is moved on hour by hour, in memory.
type world struct {
	*Settler
	only      string // the lease it is about; empty: all
	heartbeat int64  // Unix milliseconds
	settled   int64  // the last hour it has settled, 0: none
	stored    int64  // the last hour that the Store had settled when it was read
	version   int64  // of the leases
	leases    []lease.Lease
	rated     map[string]uint64  // mJ/TH by rig
	states    map[string]state   // by lease
	sources   sources            // the node's own
	prepaid   map[string]int64   // in the books, by lease
	late      map[string][]money // prepayments after the last settled hour, by lease

	// failed are leases that could not be moved on, and why. nil: the first
	// failure ends everything.
	failed map[string]error
}

// money is a prepayment.
type money struct{ atMs, sat int64 }

// loadTries bounds how often everything is read again because something was
// settled or prepaid meanwhile.
const loadTries = 20

var errBusy = errors.New("billing: the books change too often to be read, try when the node is quieter")

// load reads the world as it is.
func (b *Settler) load(ctx context.Context, only string) (*world, error) {
	for range loadTries {
		w := &world{Settler: b, only: only}
		same, err := w.read(ctx)
		if err != nil {
			return nil, err
		}
		if same {
			return w, nil
		}
	}
	return nil, errBusy
}

// read reports whether nothing changed while it read.
func (w *world) read(ctx context.Context) (bool, error) {
	var err error
	// A heartbeat read first is never ahead of the pauses and prepayments
	// read after it.
	if w.heartbeat, err = w.Store.Heartbeat(ctx); err != nil {
		return false, err
	}
	if w.stored, err = w.Store.SettledHour(ctx); err != nil {
		return false, err
	}
	w.settled = w.stored
	if w.version, err = w.Store.LeasesVersion(ctx); err != nil {
		return false, err
	}
	if w.prepaid, err = w.readPrepaid(ctx); err != nil {
		return false, err
	}
	if err := w.readLate(ctx); err != nil {
		return false, err
	}
	if err := w.readLeases(ctx); err != nil {
		return false, err
	}
	if err := w.readStates(ctx); err != nil {
		return false, err
	}
	prepaid, err := w.readPrepaid(ctx)
	if err != nil {
		return false, err
	}
	settled, err := w.Store.SettledHour(ctx)
	return settled == w.stored && maps.Equal(prepaid, w.prepaid), err
}

func (w *world) readPrepaid(ctx context.Context) (map[string]int64, error) {
	balances, err := w.Store.Balances(ctx)
	if err != nil {
		return nil, err
	}
	prepaid := make(map[string]int64)
	for _, x := range balances {
		if isPrepaid(x.Account) && x.Sat != 0 && (w.only == "" || x.Lease == w.only) {
			prepaid[x.Lease] -= x.Sat // a credit is negative
		}
	}
	return prepaid, nil
}

// isPrepaid tells whether an account holds what some tenant paid ahead.
func isPrepaid(account string) bool {
	tenant, ok := strings.CutPrefix(account, lease.Liability)
	if !ok {
		return false
	}
	tenant, _, _ = strings.Cut(tenant, ":")
	return account == ledger.Prepaid(tenant)
}

func (w *world) readLate(ctx context.Context) error {
	w.late = make(map[string][]money)
	f := lease.EventFilter{Lease: w.only, Kinds: []lease.EventKind{lease.EventPrepaid}}
	if w.stored != 0 {
		f.FromMs = hourSpan(w.stored).to - 1 // later than that
	}
	for e, err := range w.Store.Events(ctx, f) {
		if err != nil {
			return err
		}
		p, err := decodePrepaid(e)
		if err != nil {
			return err
		}
		w.late[e.Lease] = append(w.late[e.Lease], money{e.AtMs, p.Sat})
	}
	return nil
}

func (w *world) readLeases(ctx context.Context) error {
	var err error
	if w.only != "" {
		var l lease.Lease
		l, err = w.Store.Lease(ctx, w.only)
		w.leases = []lease.Lease{l}
	} else {
		w.leases, err = w.Store.Leases(ctx)
	}
	if err != nil {
		return err
	}
	slices.SortFunc(w.leases, func(a, b lease.Lease) int { return strings.Compare(a.ID, b.ID) })
	if !slices.ContainsFunc(w.leases, func(l lease.Lease) bool { return l.Model == lease.Hosted }) {
		return nil
	}
	rigs, err := w.Store.Rigs(ctx)
	w.rated = make(map[string]uint64, len(rigs))
	for _, r := range rigs {
		w.rated[r.Name] = r.RatedMilliJTH
	}
	return err
}

func (w *world) readStates(ctx context.Context) error {
	texts, err := w.Store.SettledStates(ctx)
	if err != nil {
		return err
	}
	w.states = make(map[string]state, len(texts))
	for id, text := range texts {
		switch {
		case id == lease.House:
			if w.only == "" {
				err = decode(text, &w.sources)
			}
		case w.only == "" || w.only == id:
			var s state
			err = decode(text, &s)
			w.states[id] = s
		}
		if err != nil {
			return stateError(id, err)
		}
	}
	return nil
}

// prepaidBy is what is prepaid for a lease before a moment.
func (w *world) prepaidBy(id string, ms int64) int64 {
	sat := w.prepaid[id]
	for _, m := range w.late[id] {
		if m.atMs >= ms {
			sat -= m.sat
		}
	}
	return max(sat, 0)
}

// book takes a transaction into the balances.
func (w *world) book(t *lease.Transaction) {
	for _, p := range t.Postings {
		if isPrepaid(p.Account) {
			w.prepaid[p.Lease] -= p.Sat
		}
	}
}
