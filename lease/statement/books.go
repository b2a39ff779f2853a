package statement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/translog"
)

// line is what a transaction books for the lease, as its leaf has it.
type line struct {
	leaf int64
	kind string
	leaf.TransactionPrivate
}

// readLines reads all that was ever booked for the lease.
func (b *builder) readLines() error {
	for l, err := range b.Store.Leaves(b.ctx, lease.LeafFilter{Kinds: []string{string(translog.KindTransaction)}, Ref: b.lease.ID}) {
		if err != nil {
			return fmt.Errorf("its transactions: %w", err)
		}
		public, decoded, err := leaf.Read[leaf.Transaction](l.Body, translog.KindTransaction)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", l.Index, err)
		}
		private, err := leaf.Open[leaf.TransactionPrivate](decoded, l.Secret)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", l.Index, err)
		}
		if private.Lease != b.lease.ID || private.Number != int64(len(b.lines)) {
			return fmt.Errorf("leaf %d: %w: it is line %d of lease %s, want line %d", l.Index, ErrMismatch, private.Number, private.Lease, len(b.lines))
		}
		b.lines = append(b.lines, line{l.Index, public.Kind, private})
	}
	return nil
}

// books cuts out the lines of the period.
func (b *builder) books() error {
	reversed := make(map[string]int64)
	for i := range b.lines {
		if l := &b.lines[i]; l.kind == ledger.KindReversal {
			reversed[l.Ref] = l.leaf
		}
	}
	books := bundle.Books{FirstLine: int64(b.first), Lines: []bundle.Line{}, Accounts: []bundle.Account{}}
	opening, closing := make(map[string]int64), make(map[string]int64)
	for i := range b.lines[:b.last] {
		l := &b.lines[i]
		for _, p := range l.Postings {
			if !strings.HasPrefix(p.Account, lease.Liability) {
				continue
			}
			closing[p.Account] -= p.Sat
			if i < b.first {
				opening[p.Account] -= p.Sat
			}
		}
		if i < b.first {
			continue
		}
		to := bundle.Line{Leaf: l.leaf, AtMs: l.AtMs, Kind: l.kind, Key: l.Key, Ref: l.Ref, Postings: []bundle.Posting{}}
		for _, p := range l.Postings {
			to.Postings = append(to.Postings, bundle.Posting(p))
		}
		if by, ok := reversed[l.Key]; ok {
			to.ReversedBy = &by
		}
		books.Lines = append(books.Lines, to)
	}
	for _, name := range slices.Sorted(maps.Keys(closing)) {
		a := bundle.Account{Name: name, Opening: opening[name], Closing: closing[name]}
		if a.Opening < 0 || a.Closing < 0 {
			return fmt.Errorf("%w: %s begins with %d sat and ends with %d", ErrMismatch, name, a.Opening, a.Closing)
		}
		if a.Opening != 0 || a.Closing != 0 {
			books.Accounts = append(books.Accounts, a)
		}
	}
	b.st.Books = books
	return nil
}

// cut finds which lines belong to the period. A line belongs to the earliest
// moment that it or one behind it is of: so the lines of a period are all in a
// row, with all that was booked for its hours, however late. What is booked for
// an hour is of the hour's last moment, which is ToMs of its period.
func (b *builder) cut() {
	moment := make([]int64, len(b.lines))
	for i := len(b.lines) - 1; i >= 0; i-- {
		moment[i] = b.lines[i].AtMs
		if i+1 < len(moment) {
			moment[i] = min(moment[i], moment[i+1])
		}
	}
	after := func(ms int64) int {
		n, _ := slices.BinarySearch(moment, ms+1)
		return n
	}
	if b.from > b.lease.StartMs {
		b.first = after(b.from)
	}
	b.last = after(b.to)
	if b.open {
		b.last = len(b.lines)
	}
}

// booked are the period's lines.
func (b *builder) booked() []line { return b.lines[b.first:b.last] }

// sum is what so many lines make of an account that is owed, in satoshi.
func sum(lines []line, account string) (sat int64) {
	for i := range lines {
		for _, p := range lines[i].Postings {
			if p.Account == account {
				sat -= p.Sat
			}
		}
	}
	return sat
}
