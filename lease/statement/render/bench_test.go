package render

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

// long is a month of 720 hours with 2 000 lines in the books.
func long() (*bundle.Statement, *bundle.Derived, Context) {
	w := newWorld("2026-11-01 00:00", "2026-12-01 00:00", 9)
	s := w.s
	w.opening(ledger.Prepaid(s.Tenant), 10_000_000)
	w.opening(ledger.Available(s.Tenant), 0)
	for at := s.Period.FromMs; at < s.Period.ToMs; at += lease.MsPerHour {
		w.hour(at, 99, lease.WindowUp, 0)
		w.book(at+lease.MsPerHour, ledger.KindPPS, ledger.PPSKey(s.Lease, at), s.Lease, ledger.PPSExpense, int64(5000), ledger.Available(s.Tenant), int64(-5000))
	}
	for i := 0; len(s.Books.Lines) < 2000; i++ {
		w.book(s.Period.ToMs-1, ledger.KindIncome, "income:a", "a", ledger.Available(s.Tenant), int64(-i-1))
	}
	st, d := w.done()
	return st, d, context()
}

func BenchmarkForms(b *testing.B) {
	for _, f := range forms() {
		b.Run(f.name, func(b *testing.B) {
			s, d, x := long()
			for b.Loop() {
				out, err := f.write(s, d, x)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(out)))
			}
		})
	}
}
