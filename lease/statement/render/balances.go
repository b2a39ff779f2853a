package render

import (
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

// maxLines is how many lines of the books are shown one by one; with more,
// those that come by the hour are summed up by day.
const maxLines = 60

func (w *writer) balances() []block {
	lines := w.s.Books.Lines
	if len(w.f.accounts) == 0 {
		return []block{{Text: "Nothing was booked for this lease up to the end of the period."}}
	}
	blocks := []block{
		{Table: w.f.table()},
		{Note: "What the provider owes you, in satoshi; what was added to it is positive. Opening plus all lines is closing."},
	}
	if len(lines) == 0 {
		return append(blocks, block{Text: "Nothing was booked in this period."})
	}
	numbers := "line " + group(w.s.Books.FirstLine) + " of this lease"
	if len(lines) > 1 {
		numbers = "lines " + group(w.s.Books.FirstLine) + " to " + group(w.s.Books.FirstLine+int64(len(lines))-1) + " of this lease"
	}
	if len(lines) <= maxLines {
		return append(blocks, block{Table: w.lineTable("Lines of the books: "+numbers, single(lines))})
	}
	folded := w.lineTable("Every line of the books", single(lines))
	folded.Folded = true
	return append(blocks, block{Table: w.lineTable("Lines of the books, those by the hour summed up by day: "+numbers, daily(lines))}, block{Table: folded})
}

// table says how opening balances came to be the closing ones.
func (f *flows) table() *table {
	t := &table{Caption: "From opening to closing balance", Columns: []column{{Name: "", Wide: 2}}}
	sums := func(name, kind string, of map[string]int64) {
		r, total := row{Cells: []string{name}, Kind: kind}, int64(0)
		for _, a := range f.accounts {
			cell := dash
			if v, ok := of[a]; ok || kind == rowSum {
				cell, total = group(v), total+v
			}
			r.Cells = append(r.Cells, cell)
		}
		if len(f.accounts) > 1 {
			r.Cells = append(r.Cells, group(total))
		}
		t.Rows = append(t.Rows, r)
	}
	for _, a := range f.accounts {
		t.Columns = append(t.Columns, column{Name: capital(clean(shortAccount(a))), Number: true})
	}
	if len(f.accounts) > 1 {
		t.Columns = append(t.Columns, column{Name: "Together", Number: true})
	}
	sums("Opening", rowSum, f.opening)
	for i := range f.list {
		name := nameOfKind(f.list[i].kind)
		if n := f.list[i].lines; n > 1 {
			name += " (" + group(n) + ")"
		}
		sums(name, "", f.list[i].sat)
	}
	sums("Closing", rowSum, f.closing)
	return t
}

// entry is one or more lines of the books that are shown as one.
type entry struct {
	first, last *bundle.Line
	n           int64
	sat         []lease.Posting // of the tenant's accounts, signs as in the books
}

func (e *entry) add(l *bundle.Line) {
	if e.n++; e.n == 1 {
		e.first = l
	}
	e.last = l
	for _, p := range l.Postings {
		if !owed(p.Account) {
			continue
		}
		i := slices.IndexFunc(e.sat, func(x lease.Posting) bool { return x.Account == p.Account })
		if i < 0 {
			i = len(e.sat)
			e.sat = append(e.sat, lease.Posting{Account: p.Account})
		}
		e.sat[i].Sat += p.Sat
	}
}

// single shows every line by itself.
func single(lines []bundle.Line) []entry {
	all := make([]entry, len(lines))
	for i := range lines {
		all[i].add(&lines[i])
	}
	return all
}

// daily sums up what is booked by the hour by its kind and UTC day, unless it
// was corrected. Nothing is summed up across another line, so that the balance
// after that one is the books' at its moment.
func daily(lines []bundle.Line) []entry {
	var all []entry
	at := map[string]int{}
	for i := range lines {
		l := &lines[i]
		hourly := l.ReversedBy == nil && slices.Contains([]string{ledger.KindUsage, ledger.KindPower, ledger.KindPPS}, l.Kind)
		if !hourly {
			clear(at) // what follows another line is another entry
			var e entry
			e.add(l)
			all = append(all, e)
			continue
		}
		key := l.Kind + date(max(l.AtMs-1, 0))
		n, ok := at[key]
		if !ok {
			n = len(all)
			at[key] = n
			all = append(all, entry{})
		}
		all[n].add(l)
	}
	return all
}

// lineTable lists entries with the balances after each.
func (w *writer) lineTable(caption string, entries []entry) *table {
	t := &table{Caption: caption, Columns: []column{{Name: "Booked, UTC"}, {Name: "Leaf", Number: true}, {Name: "What", Wide: 3}, {Name: "Account"}, {Name: "Change, sat", Number: true}, {Name: "Balance, sat", Number: true}}}
	balance := make(map[string]int64, len(w.f.accounts))
	for name, sat := range w.f.opening {
		balance[name] = sat
	}
	for i := range entries {
		e := &entries[i]
		when, leaf, what := minute(e.last.AtMs), group(e.last.Leaf), w.what(e.first)
		if e.n > 1 {
			when, leaf = date(max(e.last.AtMs-1, 0)), group(e.first.Leaf)+" – "+group(e.last.Leaf)
			what = nameOfKind(e.first.Kind) + ", " + count(e.n, "line", "lines")
		}
		kind := ""
		if e.first.ReversedBy != nil {
			what += " (taken back by leaf " + group(*e.first.ReversedBy) + ")"
			kind = rowExcluded
		}
		if len(e.sat) == 0 {
			t.Rows = append(t.Rows, row{Cells: []string{when, leaf, what, dash, dash, dash}, Kind: kind})
		}
		for j, p := range e.sat {
			if j > 0 {
				when, leaf, what = "", "", ""
			}
			balance[p.Account] -= p.Sat
			change := group(-p.Sat)
			if p.Sat < 0 {
				change = "+" + change
			}
			t.Rows = append(t.Rows, row{Cells: []string{when, leaf, what, clean(shortAccount(p.Account)), change, group(balance[p.Account])}, Kind: kind})
		}
	}
	return t
}

// what says what a line is about.
func (w *writer) what(l *bundle.Line) string {
	text, about := nameOfKind(l.Kind), l.Ref
	if _, after, ok := strings.Cut(l.Key, ":"); ok && (about == "" || about == w.s.Lease) {
		about = strings.TrimPrefix(after, w.s.Lease+":") // the hour, or the occasion
	}
	switch {
	case about == "" || about == w.s.Lease:
	case len(about) == 64 && strings.Trim(about, "0123456789abcdef") == "":
		text += " " + about[:8] + "…" + about[56:]
	default:
		text += " " + clean(about)
	}
	return text
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
