package bundle

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

func verifierOf(name string) note.Verifier {
	return must(translog.NewVerifier(testOrigin, public(name)))
}

func TestStatementNote(t *testing.T) {
	w := moneyBundle(t, moneyCases()["own pool"])
	signed := must(w.s.Sign(w.signer()))
	again, err := OpenStatement(signed, verifierOf("other"), verifierOf("provider"))
	if err != nil || !bytes.Equal(must(again.Encode()), must(w.s.Encode())) {
		t.Fatalf("%+v: %v", again, err)
	}
	if s, err := OpenStatement(signed, verifierOf("other")); !errors.Is(err, ErrUnsigned) || s == nil {
		t.Errorf("another key's: %v, %v", s, err)
	}
	if s, err := OpenStatement(signed); !errors.Is(err, ErrUnsigned) || s == nil {
		t.Errorf("without keys: %v, %v", s, err)
	}
	forged := bytes.Replace(signed, []byte(`"tenant":"acme"`), []byte(`"tenant":"eve!"`), 1)
	if s, err := OpenStatement(forged, verifierOf("provider")); !errors.Is(err, ErrUnsigned) || s == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("a text that was not signed: %v, %v", s, err)
	}
	for _, bad := range [][]byte{
		nil, []byte("{}"), bytes.Replace(signed, []byte(`{"books"`), []byte(`{ "books"`), 1), bytes.Replace(signed, []byte("\n\n"), []byte("\n{}\n\n"), 1),
		bytes.Replace(signed, []byte(`"number":1`), []byte(`"number":1.0`), 1), bytes.Replace(signed, []byte(`"number":1`), []byte(`"number":1,"number":1`), 1),
		bytes.Replace(signed, []byte(`"hours":[`), []byte(`"minutes":[],"hours":[`), 1), bytes.Repeat([]byte("a"), MaxStatement+1),
	} {
		if s, err := OpenStatement(bad, verifierOf("provider")); s != nil || err == nil {
			t.Errorf("%.60q: %v, %v", bad, s, err)
		}
	}
}

// TestStatementLimits changes honest statements into such as cannot be.
func TestStatementLimits(t *testing.T) {
	o := moneyCases()["tides"]
	o.mined = make(mined)
	many := func(n int) []Hour { return make([]Hour, n) }
	for name, change := range map[string]func(s *Statement){
		"format":              func(s *Statement) { s.Format = "hashlease-statement/4" },
		"state":               func(s *Statement) { s.State = "perhaps" },
		"number":              func(s *Statement) { s.Number = 0 },
		"supersedes":          func(s *Statement) { s.Number = 2 },
		"verdicts":            func(s *Statement) { s.Delivery.Verdicts = nil },
		"a null":              func(s *Statement) { s.Books.Lines = nil },
		"hours":               func(s *Statement) { s.Hours = many(MaxHours + 1) },
		"an hour":             func(s *Statement) { s.Hours[0].Hour = maxIndex },
		"no period":           func(s *Statement) { s.Period.ToMs = s.Period.FromMs },
		"a long period":       func(s *Statement) { s.Period.ToMs += (MaxHours + 1) * lease.MsPerHour },
		"settled later":       func(s *Statement) { s.Period.SettledMs += lease.MsPerHour },
		"an amount":           func(s *Statement) { s.Rewards[0].Sat = lease.MaxSat + 1 },
		"an amount below 0":   func(s *Statement) { s.Hours[0].DueSat = -1 },
		"an index":            func(s *Statement) { s.Rewards[0].Job = -1 },
		"a name":              func(s *Statement) { s.Books.Lines[0].Ref = strings.Repeat("a", maxText+1) },
		"no tenant":           func(s *Statement) { s.Tenant = "" },
		"a tenant's accounts": func(s *Statement) { s.Tenant = "acme:prepaid" },
		"the house":           func(s *Statement) { s.Lease = lease.House },
		"postings":            func(s *Statement) { s.Books.Lines[0].Postings = make([]Posting, MaxPostings+1) },
	} {
		w := moneyBundle(t, o)
		change(&w.s)
		if _, err := w.s.Sign(w.signer()); err == nil {
			t.Errorf("%s: it can be signed", name)
		}
	}
	w := moneyBundle(t, o)
	for range maxObjects {
		w.s.Books.Lines = append(w.s.Books.Lines, Line{Postings: []Posting{}})
	}
	if _, err := w.s.Sign(w.signer()); err == nil || !strings.Contains(err.Error(), "shorter period") {
		t.Errorf("more objects than are read: %v", err)
	}
}

// TestDerive compares figures with those of tables: Garwood (1936) for 100
// receipts, and by hand.
func TestDerive(t *testing.T) {
	s := Statement{ContractedHps: hps(1_000_000_000_000_000), ProofMs: 6000, Period: Period{FromMs: 0, ToMs: lease.MsPerHour}}
	for _, tt := range []struct {
		receipts          int64
		stopMs            int64
		low, rate, high   uint64 // H/s
		accepted, sent, n uint64 // thousands of the planned work; shares
		z                 int64
	}{
		{100, 0, 135_606e9, 166_666_666_666_666, 202_712e9, 0, 0, 0, 0},
		{0, 0, 0, 0, 6_148_170_000_000, 0, 0, 0, 0},
		// Over the half hour of the term, with shares ten times as hard.
		{100, lease.MsPerHour / 2, 271_213e9, 333_333_333_333_333, 405_423e9, 90_000, 110_000, 11, -301},
		{100, lease.MsPerHour / 2, 271_213e9, 333_333_333_333_333, 405_423e9, 110_000, 110_000, 11, 287},
	} {
		s.Delivery.Receipts, s.StopMs, s.Pool = tt.receipts, tt.stopMs, nil
		if tt.n > 0 {
			planned := s.PlannedWork()
			s.Pool = &Pool{Counts: PoolCounts{Sent: tt.n, SentWork: lease.Quantity(divide(planned.Mul(tt.sent), 1000)), AcceptedWork: lease.Quantity(divide(planned.Mul(tt.accepted), 1000))}}
		}
		d := s.Derive()
		want := Derived{DeliveredHps: hps(tt.rate), IntervalHps: [2]lease.Quantity{hps(tt.low), hps(tt.high)}}
		if tt.n > 0 {
			want.PoolZMilli = &tt.z
		}
		if !d.equal(&want) {
			t.Errorf("%d receipts: %s, want %s", tt.receipts, must(d.Encode()), must(want.Encode()))
		}
		if again, err := DecodeDerived(must(d.Encode())); err != nil || !again.equal(&d) {
			t.Errorf("%d receipts: written and read %+v: %v", tt.receipts, again, err)
		}
	}
}
