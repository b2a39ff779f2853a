package render

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/miner"
)

// FuzzForms puts foreign words and numbers everywhere that a statement has some,
// and checks every form: that it is what it should be, and that words are no
// more than words.
func FuzzForms(f *testing.F) {
	f.Add("L-0042", "liab:acme:prepaid", "usage", int64(1_700_000_000_000), int64(86_400_000), int64(5), uint64(7), uint64(1_000_000))
	f.Add("<script>", "liab:\x00:<b>", "=cmd()", int64(0), int64(1), int64(-1<<63), ^uint64(0), ^uint64(0))
	f.Add("\u202e\xff\n; x", "\"\\", "reversal", int64(253_000_000_000_000), int64(1)<<40, int64(1<<63-1), uint64(0), uint64(1))
	f.Add("日本 (x) \\", "liab:a:a", "</style></title>-->", int64(1_700_000_000_000), int64(31_536_000_000), int64(77), uint64(1)<<63, uint64(3))
	f.Fuzz(func(t *testing.T, word, account, kind string, from, length, sat int64, hi, lo uint64) {
		s, d, x := fuzzed(word, account, kind, from, length, sat, miner.Work{Hi: hi, Lo: lo})
		if _, err := x.checkBooks(s); err != nil {
			for _, f := range forms() {
				if _, err := f.write(s, d, x); err == nil {
					t.Fatalf("%s of a statement that is refused", f.name)
				}
			}
			return
		}
		readHTML(t, write(t, "html", s, d, x))
		if doc := readPDF(t, write(t, "pdf", s, d, x)); doc.pages == 0 {
			t.Fatal("a PDF without pages")
		}
		for _, form := range []string{"text", "journal", "beancount"} {
			text := string(write(t, form, s, d, x))
			if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == '\u202e' || r == '\ufffd' }); i >= 0 {
				t.Fatalf("%q in the %s", text[i:min(i+8, len(text))], form)
			}
		}
		if n := len(cells(t, write(t, "csv", s, d, x))); n < 2 {
			t.Fatalf("%d lines of CSV", n)
		}
		if n := len(cells(t, write(t, "csv-hours", s, d, x))); n != len(s.Hours) {
			t.Fatalf("%d lines of hours, want %d", n, len(s.Hours))
		}
	})
}

// fuzzed is a statement with the same words and numbers everywhere.
func fuzzed(word, account, kind string, from, length, sat int64, w miner.Work) (*bundle.Statement, *bundle.Derived, Context) {
	s, d, x := small()
	q := lease.Quantity(w)
	s.Lease, s.Tenant, s.Origin, s.Model, s.State = word, word, word, lease.Model(word), bundle.State(kind)
	s.Period = bundle.Period{FromMs: from, ToMs: from + length, RunningMs: sat, SettledMs: from + length/2}
	s.ContractedHps, s.ProofMs, s.StartMs, s.StopMs, s.Number = q, sat, sat, from, sat
	d.DeliveredHps, d.IntervalHps = q, [2]lease.Quantity{q, q}
	s.Delivery = bundle.Delivery{Receipts: sat, ProvenWork: q, CountedHashes: q, Rejected: w.Lo, Stale: w.Hi, Verdicts: map[string]uint64{word: w.Lo}, FirstBatch: sat, Batches: sat, FirstLeaf: sat}
	for i := range s.Hours {
		h := &s.Hours[i]
		h.Hour = from/lease.MsPerHour + int64(i)
		h.Contracted, h.Proven, h.Receipts, h.Window, h.ChargedSat, h.EarnedSat, h.OwedMs = q, q, sat, lease.WindowKind(word), sat, sat, sat
	}
	s.Hours = append(s.Hours, bundle.Hour{Hour: sat}, bundle.Hour{Hour: -sat})
	s.Charges = &bundle.Charges{Billable: q, Due: sat, Charged: from}
	s.SLA = &bundle.Service{Up: sat, Down: from, Excluded: length, Idle: sat, Closed: []bundle.Month{{FromMs: sat, ToMs: from, FeesSat: sat, CreditSat: sat, Judged: lease.SLACredit{AvailabilityPPM: sat, DeliveredPPM: from, InputPPM: sat, CreditPPM: length}}}}
	s.Rewards = []bundle.Reward{{State: lease.BlockState(word), Sat: sat, Height: sat, Direct: sat}, {State: lease.Mature, Direct: sat}}
	counts := bundle.PoolCounts{Sent: w.Lo, Accepted: w.Hi, SentWork: q, AcceptedWork: q}
	s.HousePool = &bundle.HousePool{URLs: []string{word, account}, Counts: counts, Incomes: []bundle.Income{{Ref: word, FromMs: from, ToMs: sat, Sat: sat, Work: q, OwnWork: q}}}
	if sat%2 == 0 {
		s.Pool = &bundle.Pool{URLs: []string{word}, User: account, Counts: counts, Former: []bundle.PoolAccount{{URLs: []string{kind}, User: word, UntilMs: sat}}}
		d.PoolZMilli = &sat
	}
	s.Energy = &bundle.Energy{Used: lease.Energy(w), Quality: word}
	s.Books.FirstLine = sat
	s.Books.Accounts = append(s.Books.Accounts, bundle.Account{Name: account, Opening: sat, Closing: from})
	s.Books.Lines = append(s.Books.Lines, bundle.Line{Leaf: sat, AtMs: sat, Kind: kind, Key: word, Ref: word, ReversedBy: &sat, Postings: []bundle.Posting{{Account: account, Sat: sat}, {Account: word, Sat: from}}})
	x.Verify, x.Terms.Scheme, x.Checkpoint.Origin = word, word, word
	return s, d, x
}
