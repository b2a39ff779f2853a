package render

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

// form is one of the package's functions, for tests of all.
type form struct {
	name  string
	write func(s *bundle.Statement, d *bundle.Derived, x Context) ([]byte, error)
}

func forms() []form {
	books := func(f func(*bundle.Statement, Context) ([]byte, error)) func(*bundle.Statement, *bundle.Derived, Context) ([]byte, error) {
		return func(s *bundle.Statement, _ *bundle.Derived, x Context) ([]byte, error) { return f(s, x) }
	}
	return []form{
		{"text", Text}, {"html", HTML}, {"pdf", PDF}, {"csv", books(CSV)}, {"csv-hours", books(HoursCSV)},
		{"journal", books(Hledger)}, {"beancount", books(Beancount)},
	}
}

func write(t testing.TB, name string, s *bundle.Statement, d *bundle.Derived, x Context) []byte {
	t.Helper()
	for _, f := range forms() {
		if f.name == name {
			b, err := f.write(s, d, x)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return b
		}
	}
	t.Fatalf("there is no form %s", name)
	return nil
}

// small is a statement of three hours, whose forms can be read through.
func small() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-20 21:00", "2026-11-21 00:00", 7)
	s := w.s
	prepaid, available, pending := ledger.Prepaid(s.Tenant), ledger.Available(s.Tenant), ledger.Pending(s.Tenant)
	w.opening(prepaid, 20_000)
	w.opening(available, 7)
	for i, rate := range []int64{100, 45, 100} {
		at := s.Period.FromMs + int64(i)*3_600_000
		w.hour(at, rate, map[bool]lease.WindowKind{true: lease.WindowUp, false: lease.WindowDown}[rate > 50], 0)
	}
	w.book(ms("2026-11-20 21:10"), ledger.KindPrepay, "prepay:a;b", "a;b", prepaid, int64(-5_000))
	w.book(ms("2026-11-20 23:30"), ledger.KindFound, "found:"+found(1)+":1", found(1), pending, int64(-999))
	w.book(ms("2026-11-21 00:00"), ledger.KindIntent, "payout-intent:1", "f00d", available, int64(7), ledger.Inflight(s.Tenant), int64(-7))
	st, d := w.done()
	x := context()
	x.Checkpoint = bundle.Head{} // the command leaves it out: it would be another one later
	return st, d, x
}

func TestGolden(t *testing.T) {
	s, d, x := small()
	for form, file := range map[string]string{"text": "small.txt", "csv": "small.csv", "csv-hours": "small.hours.csv", "journal": "small.journal", "beancount": "small.beancount"} {
		have := write(t, form, s, d, x)
		file = "testdata/" + file
		if *update {
			if err := os.WriteFile(file, have, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s: have:\n%s\nwant:\n%s", file, have, want)
		}
	}
}

// TestSame proves that the same input gives the same bytes, whatever the order
// of maps.
func TestSame(t *testing.T) {
	for name, fixture := range named() {
		for _, f := range forms() {
			s, d, x := fixture()
			first := write(t, f.name, s, d, x)
			for range 2 {
				s, d, x := fixture()
				if !bytes.Equal(first, write(t, f.name, s, d, x)) {
					t.Fatalf("%s as %s differs from one time to the next", name, f.name)
				}
			}
		}
	}
}

func TestRefused(t *testing.T) {
	s, d, x := small()
	for _, f := range forms() {
		if _, err := f.write(nil, nil, x); !errors.Is(err, errNoStatement) {
			t.Errorf("%s of nothing: %v", f.name, err)
		}
		for what, bad := range map[string]Context{"commodity": {Unit: "bitcoin;"}, "paper": {Paper: "a3"}} {
			if _, err := f.write(s, d, bad); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s with another %s: %v", f.name, what, err)
			}
		}
		odd := *s
		odd.Period.FromMs, odd.Period.ToMs = odd.Period.ToMs, odd.Period.FromMs
		if _, err := f.write(&odd, d, x); err == nil {
			t.Errorf("%s of a period that ends before it begins", f.name)
		}
	}
	if _, err := HTML(s, nil, x); !errors.Is(err, errNoStatement) {
		t.Errorf("HTML without derived figures: %v", err)
	}
}

// TestZero proves that a statement and a context without anything in them can
// be shown.
func TestZero(t *testing.T) {
	for _, f := range forms() {
		if b, err := f.write(&bundle.Statement{}, &bundle.Derived{}, Context{}); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

// TestSections proves that text, HTML and PDF have the same parts, and that
// what is not final is marked.
func TestSections(t *testing.T) {
	names := []string{"Delivery", "Charges", "SLA", "Rewards", "Balances", "Result", "Energy", "Proof", "Risk"}
	for name, fixture := range named() {
		s, d, x := fixture()
		texts := map[string]string{
			"text": string(write(t, "text", s, d, x)), "html": readHTML(t, write(t, "html", s, d, x)).text, "pdf": readPDF(t, write(t, "pdf", s, d, x)).text,
		}
		for form, text := range texts {
			text = strings.NewReplacer(thin, " ", nbsp, " ").Replace(text)
			at := 0
			for i, part := range names {
				want := fmt.Sprintf("\n%d %s\n", i+1, part)
				if form == "text" {
					want = strings.ToUpper(want)
				}
				next := strings.Index(text[at:], want)
				if next < 0 {
					t.Fatalf("%s as %s: no %q after the part before:\n%s", name, form, want, text)
				}
				at += next
			}
			if final := s.State == bundle.Final; strings.Contains(text, "PRELIMINARY") == final || strings.Contains(text, "FINAL") != final {
				t.Errorf("%s as %s does not say FINAL or PRELIMINARY", name, form)
			}
			if s.Supersedes != nil && !strings.Contains(text, "supersedes the statement 777e") {
				t.Errorf("%s as %s does not say what it supersedes", name, form)
			}
			if name == "preliminary" && (strings.Count(text, "open") < 8 || !strings.Contains(text, "Not settled")) {
				t.Errorf("%s as %s does not mark what is open", name, form)
			}
			if !strings.Contains(text, "No return is promised") || !strings.Contains(text, "hashlease verify L-0042") {
				t.Errorf("%s as %s says nothing of risk or proof", name, form)
			}
			if said := strings.Contains(text, "is not stated here"); said == (s.Pool != nil) {
				t.Errorf("%s as %s: it says that luck and odds are not in it: %v", name, form, said)
			}
		}
	}
}
