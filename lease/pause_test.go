package lease

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPause(t *testing.T) {
	l := Lease{ID: "L-0001", StartMs: 1000, EndMs: 9000}
	steps := []struct {
		name   string
		do     func() error
		err    error
		state  State // at atMs
		atMs   int64
		paused []PauseBy
	}{
		{"tenant pauses", func() error { return l.Pause(PauseTenant, 2000) }, nil, Paused, 2000, []PauseBy{PauseTenant}},
		{"twice", func() error { return l.Pause(PauseTenant, 2500) }, ErrExists, Paused, 2500, []PauseBy{PauseTenant}},
		{"budget too", func() error { return l.Pause(PauseBudget, 3000) }, nil, Paused, 3000, []PauseBy{PauseTenant, PauseBudget}},
		{"tenant resumes", func() error { return l.Resume(PauseTenant, 4000) }, nil, Paused, 4000, []PauseBy{PauseBudget}},
		{"not paused by it", func() error { return l.Resume(PauseTenant, 4000) }, ErrNotFound, Paused, 4000, []PauseBy{PauseBudget}},
		{"budget is back", func() error { return l.Resume(PauseBudget, 5000) }, nil, Active, 5000, nil},
		{"after the end", func() error { return l.Pause(PauseTenant, 9000) }, ErrClosed, Ended, 9000, nil},
	}
	for _, s := range steps {
		if err := s.do(); !errors.Is(err, s.err) {
			t.Errorf("%s: %v, want %v", s.name, err, s.err)
		}
		if got := l.StateAt(s.atMs); got != s.state {
			t.Errorf("%s: %s, want %s", s.name, got, s.state)
		}
		if got := l.PausedAt(s.atMs); !slices.Equal(got, s.paused) {
			t.Errorf("%s: paused by %v, want %v", s.name, got, s.paused)
		}
	}
	if got := l.OwedMs(0, 20_000); got != 8000-3000 {
		t.Errorf("owed %d ms, want 5000: the term less the time from 2000 to 5000", got)
	}
}

// A clock that was put back makes no second pause, which one resume would not
// end.
func TestPauseWithTheClockBack(t *testing.T) {
	l := Lease{ID: "L-0001", StartMs: 1000}
	if err := l.Pause(PauseTenant, 5000); err != nil {
		t.Fatal(err)
	}
	if err := l.Pause(PauseTenant, 4000); !errors.Is(err, ErrExists) {
		t.Errorf("paused again, a second before: %v", err)
	}
	if err := l.Pause(PauseProvider, 4000); err != nil || l.Pauses[1].FromMs != 5000 {
		t.Errorf("%v, %+v: want the second pause to begin no earlier than the first", err, l.Pauses)
	}
	for _, by := range []PauseBy{PauseTenant, PauseProvider} {
		if err := l.Resume(by, 4500); err != nil {
			t.Errorf("resumed by %s: %v", by, err)
		}
	}
	if l.StateAt(9000) != Active || l.OwedMs(0, 9000) != 8000 {
		t.Errorf("%+v: want an active lease that owes all its time", l.Pauses)
	}
}

// Time is owed moment by moment: in the term and not paused but by the
// provider.
func TestOwedMs(t *testing.T) {
	by := []PauseBy{PauseTenant, PauseProvider, PauseBudget}
	rapid.Check(t, func(t *rapid.T) {
		l := Lease{StartMs: rapid.Int64Range(0, 20).Draw(t, "start")}
		l.EndMs = rapid.SampledFrom([]int64{0, l.StartMs + rapid.Int64Range(1, 40).Draw(t, "term")}).Draw(t, "end")
		now := int64(0)
		for range rapid.IntRange(0, 12).Draw(t, "changes") {
			now += rapid.Int64Range(0, 6).Draw(t, "later")
			if who := rapid.SampledFrom(by).Draw(t, "by"); rapid.Bool().Draw(t, "resume") {
				l.Resume(who, now)
			} else {
				l.Pause(who, now)
			}
		}
		from := rapid.Int64Range(0, 30).Draw(t, "from")
		to := from + rapid.Int64Range(0, 40).Draw(t, "span")
		var want int64
		for ms := from; ms < to; ms++ {
			state := l.StateAt(ms)
			off := slices.ContainsFunc(l.PausedAt(ms), func(b PauseBy) bool { return b != PauseProvider })
			if (state == Active || state == Paused) && !off {
				want++
			}
		}
		if got := l.OwedMs(from, to); got != want {
			t.Fatalf("%+v owes %d ms of [%d, %d), want %d", l, got, from, to, want)
		}
	})
}

func TestChangeAddress(t *testing.T) {
	var a Tenant
	a.ChangeAddress("first", 1000, 500)
	if a.PayTo(1000) != "first" {
		t.Errorf("the first address does not count at once: %+v", a)
	}
	a.ChangeAddress("second", 2000, 500)
	if a.PayTo(2499) != "first" || a.PayTo(2500) != "second" {
		t.Errorf("the second one does not count after its delay: %+v", a)
	}
	a.ChangeAddress("third", 2400, 500)
	if a.PayTo(2899) != "first" || a.PayTo(2900) != "third" {
		t.Errorf("the third one does not take the second one's place: %+v", a)
	}
	a.ChangeAddress("first", 2800, 500)
	if a.PayTo(9000) != "first" {
		t.Errorf("a change was not taken back: %+v", a)
	}
}
