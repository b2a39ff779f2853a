package lease

import (
	"fmt"
	"slices"
)

// PauseBy says who or what stops a lease for a while.
type PauseBy string

// Who pauses. A lease works while nobody pauses it.
const (
	PauseTenant   PauseBy = "tenant"   // by the tenant's own wish: not owed, not charged
	PauseProvider PauseBy = "provider" // it is owed and missed all the same
	PauseBudget   PauseBy = "budget"   // the prepayment is used up
)

// Pause is a half-open time [FromMs, ToMs) in which a lease gets no work.
type Pause struct {
	By     PauseBy `json:"by"`
	FromMs int64   `json:"from_ms"` // Unix milliseconds
	ToMs   int64   `json:"to_ms"`   // Unix milliseconds; 0: it lasts
}

// covers reports whether a moment is in the pause.
func (p *Pause) covers(ms int64) bool {
	return p.FromMs <= ms && (p.ToMs == 0 || ms < p.ToMs)
}

// pauseError says in words of its own which of the sentinels it is.
type pauseError struct {
	text string
	is   error
}

func (e *pauseError) Error() string { return e.text }
func (e *pauseError) Unwrap() error { return e.is }

// MaxPauses bounds how often a lease can have been paused.
const MaxPauses = 100_000

// PausedAt returns who pauses the lease at a moment in Unix milliseconds, in
// the order of the pauses.
func (l *Lease) PausedAt(ms int64) []PauseBy {
	var by []PauseBy
	for i := range l.Pauses {
		if l.Pauses[i].covers(ms) {
			by = append(by, l.Pauses[i].By)
		}
	}
	return by
}

// Pause begins a pause at a moment in Unix milliseconds. ErrExists when the
// same one pauses it already, ErrClosed when the lease is over.
func (l *Lease) Pause(by PauseBy, atMs int64) error {
	if err := l.mayChange(atMs); err != nil {
		return err
	}
	// One that lasts may have begun later, by a clock that was put back.
	if slices.ContainsFunc(l.Pauses, func(p Pause) bool { return p.By == by && (p.ToMs == 0 || p.covers(atMs)) }) {
		return &pauseError{fmt.Sprintf("lease %s is paused by %s already", l.ID, by), ErrExists}
	}
	if len(l.Pauses) >= MaxPauses {
		return fmt.Errorf("lease %s was paused %d times: no more", l.ID, MaxPauses)
	}
	// Earlier ones are over, so what is later in the list began later.
	if n := len(l.Pauses); n > 0 && l.Pauses[n-1].FromMs > atMs {
		atMs = l.Pauses[n-1].FromMs
	}
	l.Pauses = append(slices.Clone(l.Pauses), Pause{By: by, FromMs: atMs})
	return nil
}

// Resume ends a pause at a moment in Unix milliseconds. ErrNotFound when this
// one does not pause it, ErrClosed when the lease is over.
func (l *Lease) Resume(by PauseBy, atMs int64) error {
	if err := l.mayChange(atMs); err != nil {
		return err
	}
	for i := range l.Pauses {
		if p := &l.Pauses[i]; p.By == by && p.ToMs == 0 {
			l.Pauses = slices.Clone(l.Pauses)
			l.Pauses[i].ToMs = max(atMs, p.FromMs)
			return nil
		}
	}
	return &pauseError{fmt.Sprintf("lease %s is not paused by %s", l.ID, by), ErrNotFound}
}

// mayChange fails with ErrClosed when the lease is over.
func (l *Lease) mayChange(atMs int64) error {
	switch l.StateAt(atMs) {
	case Closed:
		return fmt.Errorf("lease %s: %w, at %s", l.ID, ErrClosed, stamp(l.ClosedMs))
	case Ended:
		return fmt.Errorf("lease %s: %w, it ended at %s", l.ID, ErrClosed, stamp(l.EndMs))
	}
	return nil
}

// OwedMs is for how many milliseconds of [fromMs, toMs) hash rate is owed: the
// lease's term, without the pauses of the tenant and those for want of budget.
func (l *Lease) OwedMs(fromMs, toMs int64) int64 {
	fromMs = max(fromMs, l.StartMs)
	if stop := l.StopMs(); stop != 0 {
		toMs = min(toMs, stop)
	}
	if fromMs >= toMs {
		return 0
	}
	var off []Pause
	for _, p := range l.Pauses {
		if p.By == PauseProvider || p.FromMs >= toMs || p.ToMs != 0 && p.ToMs <= fromMs {
			continue
		}
		if p.ToMs == 0 || p.ToMs > toMs {
			p.ToMs = toMs
		}
		p.FromMs = max(p.FromMs, fromMs)
		off = append(off, p)
	}
	slices.SortFunc(off, func(a, b Pause) int { return int(min(max(a.FromMs-b.FromMs, -1), 1)) })
	owed, at := toMs-fromMs, fromMs
	for _, p := range off {
		if start := max(p.FromMs, at); p.ToMs > start {
			owed -= p.ToMs - start
			at = p.ToMs
		}
	}
	return owed
}
