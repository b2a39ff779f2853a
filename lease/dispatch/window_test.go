package dispatch

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// receiptsStore has receipts, newest first, and what they lead to: their job's
// template has the same Seq.
type receiptsStore struct {
	lease.Store
	receipts []lease.Receipt
	bodies   map[int64]string // templates, by Seq
	terms    map[lease.TermsHash]lease.Terms
	reads    int // of receipts
	earnings []lease.HourEarning
	thinned  error // after the last receipt; nil: there are no more
}

func (s *receiptsStore) HourEarnings(_ context.Context, _ string, from, to int64) iter.Seq2[lease.HourEarning, error] {
	return func(yield func(lease.HourEarning, error) bool) {
		for _, e := range s.earnings {
			if e.Hour >= from && e.Hour < to && !yield(e, nil) {
				return
			}
		}
	}
}

func (s *receiptsStore) Job(_ context.Context, seq int64) (lease.Job, error) {
	return lease.Job{Seq: seq, Template: seq}, nil
}

func (s *receiptsStore) Template(_ context.Context, seq int64) (lease.Template, error) {
	return lease.Template{Seq: seq, Body: []byte(s.bodies[seq])}, nil
}

func (s *receiptsStore) Terms(_ context.Context, h lease.TermsHash) (lease.Terms, error) {
	t, ok := s.terms[h]
	if !ok {
		return t, lease.ErrNotFound
	}
	return t, nil
}

func (s *receiptsStore) ReceiptsBack(context.Context) iter.Seq2[lease.Receipt, error] {
	return func(yield func(lease.Receipt, error) bool) {
		for _, r := range s.receipts {
			s.reads++
			if !yield(r, nil) {
				return
			}
		}
		if s.thinned != nil {
			yield(lease.Receipt{}, s.thinned)
		}
	}
}

// A window ends where receipts were thinned, in the time before it or, under
// terms that came later, in it.
func TestWindowOfThinned(t *testing.T) {
	for _, gone := range []int64{worldMs - 40*msPerDay, worldMs - msPerDay} {
		d, s := world(t)
		d.Log = slog.New(slog.DiscardHandler)
		s.receipts = []lease.Receipt{worldReceipt(5, "L-3", 3, 9), worldReceipt(4, "L-2", 2, 1), worldReceipt(3, "L-1", 2, 1)}
		s.thinned = &lease.ThinnedError{Lease: "L-1", ToMs: gone}
		for _, hash := range []lease.TermsHash{{1}, {2}} {
			terms := s.terms[hash]
			got, _, err := d.split(t.Context(), &terms, 1000, miner.Hashes(1_000_000), worldMs)
			if err != nil || len(got) == 0 {
				t.Errorf("%s, thinned before %d ms: %v, %v", terms.Scheme, gone, got, err)
			}
		}
	}
}

// Leases under older terms keep the window that their terms promise, whatever
// the house's present terms are.
func TestWindowServesAllTerms(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	now := int64(100 * day)
	d := &Dispatcher{Config: Config{Store: &receiptsStore{receipts: []lease.Receipt{
		{Seq: 2, Lease: "L-0002", Work: miner.Hashes(30), CommitMs: now - 1000},
		{Seq: 1, Lease: "L-0001", Work: miner.Hashes(10), CommitMs: now - 10*day},
	}}}}
	short := lease.Tides{NetworkMultiple: 8, MaxDays: 1, MinSec: 600}
	long := lease.Tides{NetworkMultiple: 8, MaxDays: 30, MinSec: 600}
	d.terms = lease.Terms{Scheme: lease.SchemeTides, Tides: short}
	d.window.schemes = map[string]string{"L-0001": lease.SchemeTides, "L-0002": lease.SchemeTides, lease.House: lease.SchemeTides}
	for range 2 {
		for _, c := range []struct {
			tides lease.Tides
			want  []lease.Part
		}{
			{short, []lease.Part{{Lease: "L-0002", Sat: 1000}}},
			{long, []lease.Part{{Lease: "L-0001", Sat: 250}, {Lease: "L-0002", Sat: 750}}},
		} {
			terms := lease.Terms{Scheme: lease.SchemeTides, Tides: c.tides}
			got, carry, err := d.split(t.Context(), &terms, 1000, miner.Hashes(1_000_000), now)
			if err != nil || carry != 0 {
				t.Fatalf("carry %d, %v", carry, err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("terms %+v: split %v, want %v", c.tides, got, c.want)
			}
		}
	}
}

// world has two leases that share by PPLNS, one by TIDES, a solo one, one with
// a pool, and a house that came from TIDES to PPLNS.
func world(t *testing.T) (*Dispatcher, *receiptsStore) {
	t.Helper()
	pplns := lease.Terms{HouseScript: "52", Scheme: lease.SchemePPLNS, PPLNS: &lease.PPLNS{XPPM: 1_000_000}}
	tides := lease.Terms{HouseScript: "52", Scheme: lease.SchemeTides, Tides: lease.DefaultTides}
	hash := func(n byte) lease.TermsHash { return lease.TermsHash{n} }
	s := &receiptsStore{
		terms: map[lease.TermsHash]lease.Terms{hash(1): pplns, hash(2): tides, hash(3): {HouseScript: "52", Scheme: lease.SchemeSolo}},
		bodies: map[int64]string{
			// Bits of work 2 and 4, terms of PPLNS and TIDES.
			1: `{"bits":"207fffff","terms":"01` + strings.Repeat("00", 31) + `","x":1}`,
			2: `{"bits":"203fffff","terms":"01` + strings.Repeat("00", 31) + `"}`,
			3: `{"bits":"207fffff","terms":"02` + strings.Repeat("00", 31) + `"}`,
		},
	}
	d := &Dispatcher{Config: Config{Store: s, Terms: hash(1)}, terms: pplns}
	leases := []lease.Lease{{ID: "L-1", Terms: hash(1)}, {ID: "L-2", Terms: hash(1)}, {ID: "L-3", Terms: hash(2)}, {ID: "L-4", Terms: hash(3)},
		{ID: "L-5", Terms: hash(1), Pool: &lease.Pool{}}}
	if err := d.knowSchemes(t.Context(), leases); err != nil {
		t.Fatal(err)
	}
	return d, s
}

func worldReceipt(seq int64, id string, job int64, work uint64) lease.Receipt {
	return lease.Receipt{Seq: seq, Lease: id, Job: job, Work: miner.Hashes(work), CommitMs: worldMs - 1000 + seq}
}

const worldMs = 100 * msPerDay

// Every scheme has its own receipts. What a share is of a block was decided by
// the network's work at its time.
func TestWindowsOfSchemes(t *testing.T) {
	d, s := world(t)
	s.receipts = []lease.Receipt{
		worldReceipt(8, lease.House, 2, 1), // a quarter of a block
		worldReceipt(7, "L-5", 2, 100),     // a pool's
		worldReceipt(6, "L-4", 2, 100),     // solo
		worldReceipt(5, "L-3", 3, 9),       // TIDES
		worldReceipt(4, lease.House, 3, 3), // TIDES, before the house changed
		worldReceipt(3, "L-2", 2, 1),       // a quarter
		worldReceipt(2, "L-1", 1, 1),       // half a block, at the time: the window is full with it
		worldReceipt(1, "L-2", 1, 100),
	}
	pplns, tides := s.terms[lease.TermsHash{1}], s.terms[lease.TermsHash{2}]
	check := func(when string, terms *lease.Terms, wantCarry int64, want ...lease.Part) {
		t.Helper()
		got, carry, err := d.split(t.Context(), terms, 1000, miner.Hashes(4), worldMs)
		if err != nil || carry != wantCarry || !slices.Equal(got, want) {
			t.Errorf("%s, %s: split %v, carry %d, %v; want %v, %d", terms.Scheme, when, got, carry, err, want, wantCarry)
		}
	}
	loaded := func(when string) {
		t.Helper()
		check(when, &pplns, 0, lease.Part{Lease: "L-1", Sat: 500}, lease.Part{Lease: "L-2", Sat: 250}, lease.Part{Lease: "house", Sat: 250})
		check(when, &tides, 0, lease.Part{Lease: "L-3", Sat: 750}, lease.Part{Lease: "house", Sat: 250})
	}
	loaded("loaded")
	reads := s.reads
	loaded("once more")
	if s.reads != reads {
		t.Errorf("%d receipts were read again", s.reads-reads)
	}

	// The same receipts, as they come.
	all := slices.Clone(s.receipts)
	slices.Reverse(all)
	d, s = world(t)
	check("empty", &pplns, 1000)
	check("empty", &tides, 0, lease.Part{Lease: "house", Sat: 1000})
	d.window.made([]lease.Job{{Seq: 1}}, miner.Hashes(2))
	d.window.made([]lease.Job{{Seq: 2}, {Seq: 3}}, miner.Hashes(4))
	for _, r := range all {
		// The house is under PPLNS in this run.
		if r.Seq != 4 && r.Lease != "L-5" {
			d.window.push([]lease.Receipt{r})
		}
	}
	check("pushed", &pplns, 0, lease.Part{Lease: "L-1", Sat: 500}, lease.Part{Lease: "L-2", Sat: 250}, lease.Part{Lease: "house", Sat: 250})
	check("pushed", &tides, 0, lease.Part{Lease: "L-3", Sat: 1000})

	// A job that nobody remembers is looked up.
	s.receipts = []lease.Receipt{worldReceipt(10, "L-1", 2, 1), worldReceipt(9, "L-1", 2, 3)}
	clear(d.window.networks)
	d.window.push(s.receipts[:1])
	check("read again", &pplns, 0, lease.Part{Lease: "L-1", Sat: 1000})
}

// A window of TIDES does not read what is older than all its terms.
func TestWindowStopsReading(t *testing.T) {
	d, s := world(t)
	for i := range int64(100) {
		r := worldReceipt(1000-i, "L-4", 2, 1)
		r.CommitMs = worldMs - i*msPerDay
		s.receipts = append(s.receipts, r)
	}
	terms := s.terms[lease.TermsHash{2}]
	if _, _, err := d.split(t.Context(), &terms, 1000, miner.Hashes(4), worldMs); err != nil {
		t.Fatal(err)
	}
	if s.reads > int(terms.Tides.MaxDays)+5 {
		t.Errorf("%d days of receipts were read for %d", s.reads, terms.Tides.MaxDays)
	}
}

// What was proven for a pool of the house's is paid by that, and has no part in
// the house's own blocks.
func TestWindowsAreWithoutPoolsWork(t *testing.T) {
	d, s := world(t)
	s.bodies[4] = `{"bits":"207fffff","format":"hashlease-pool-template/3","terms":"02` + strings.Repeat("00", 31) + `"}`
	s.bodies[5] = `{"bits":"207fffff","format":"hashlease-pool-template/3","terms":"01` + strings.Repeat("00", 31) + `"}`
	s.receipts = []lease.Receipt{
		worldReceipt(6, "L-3", 4, 100),
		worldReceipt(5, "L-3", 3, 1),
		worldReceipt(4, "L-1", 5, 100),
		worldReceipt(3, lease.House, 4, 100),
		worldReceipt(2, lease.House, 3, 3),
		worldReceipt(1, "L-1", 1, 2),
	}
	for _, id := range []string{"L-1", "L-3", lease.House} {
		s.earnings = append(s.earnings, lease.HourEarning{Lease: id, Hour: (worldMs - 1000) / lease.MsPerHour})
	}
	pplns, tides := s.terms[lease.TermsHash{1}], s.terms[lease.TermsHash{2}]
	for _, c := range []struct {
		terms *lease.Terms
		want  []lease.Part
	}{
		{&tides, []lease.Part{{Lease: "L-3", Sat: 250}, {Lease: lease.House, Sat: 750}}},
		{&pplns, []lease.Part{{Lease: "L-1", Sat: 1000}}},
	} {
		got, carry, err := d.split(t.Context(), c.terms, 1000, miner.Hashes(4), worldMs)
		if err != nil || carry != 0 || !slices.Equal(got, c.want) {
			t.Errorf("%s: split %v, carry %d, %v; want %v", c.terms.Scheme, got, carry, err, c.want)
		}
	}
}
