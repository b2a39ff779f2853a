package bundle

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/reward"
)

// checkBooks compares the lines with the leaves of the lease's transactions, and
// what the accounts open and close with with the lines.
func (f *facts) checkBooks() error {
	if err := f.wrong["books"]; err != nil {
		return err
	}
	if err := f.checkLines(); err != nil {
		return err
	}
	if err := f.checkReversals(); err != nil {
		return err
	}
	if err := f.checkAccounts(); err != nil {
		return err
	}
	if err := f.checkHourly(); err != nil {
		return err
	}
	return f.checkCorrections()
}

func (f *facts) booksDetail() string {
	b := &f.s.Books
	if len(b.Lines) == 0 {
		return fmt.Sprintf("nothing was booked; line %d will be the next", b.FirstLine)
	}
	return fmt.Sprintf("lines %d to %d, in the log and without a gap; what opens and closes is their sum", b.FirstLine, b.FirstLine+int64(len(b.Lines))-1)
}

// checkLines checks that the lines are in the log as they stand here, that none
// is missing between, and that they are of the period.
func (f *facts) checkLines() error {
	b, p := &f.s.Books, f.s.Period
	if f.fromStart() && b.FirstLine != 0 {
		return fmt.Errorf("the first line is number %d, but the period begins with the lease: want 0", b.FirstLine)
	}
	later := make(map[int64]bool) // leaves that take lines back
	for i := range b.Lines {
		if by := b.Lines[i].ReversedBy; by != nil {
			later[*by] = true
		}
	}
	txs := f.txs
	for i := range b.Lines {
		l, number := &b.Lines[i], b.FirstLine+int64(i)
		if len(txs) == 0 {
			return fmt.Errorf("line %d: leaf %d is not in the bundle, or no transaction's", number, l.Leaf)
		}
		if err := l.is(&txs[0], number); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if err := f.checkShape(l); err != nil {
			return fmt.Errorf("line %d, %s: %w", number, l.Key, err)
		}
		if !f.fromStart() && l.AtMs <= p.FromMs {
			return fmt.Errorf("line %d is of %d ms, before the period", number, l.AtMs)
		}
		txs = txs[1:]
	}
	for i := range txs {
		if !later[txs[i].index] {
			return fmt.Errorf("leaf %d books %s for the lease, of which the statement says nothing", txs[i].index, txs[i].Key)
		}
	}
	if n := len(b.Lines); n > 0 && f.s.State == Final && b.Lines[n-1].AtMs > p.ToMs {
		return fmt.Errorf("the last line is of %d ms, after the period", b.Lines[n-1].AtMs)
	}
	return nil
}

// is compares a line with the transaction in the log.
func (l *Line) is(t *txAt, number int64) error {
	err := errors.Join(
		same("leaf", t.index, l.Leaf), same("number of the line among the lease's", t.Number, number), same("kind", t.kind, l.Kind),
		same("key", t.Key, l.Key), same("time", t.AtMs, l.AtMs), same("reference", t.Ref, l.Ref),
		same("number of postings", len(t.Postings), len(l.Postings)),
	)
	if err != nil {
		return fmt.Errorf("in the log, %w", err)
	}
	for i, p := range t.Postings {
		if (Posting{p.Account, p.Sat}) != l.Postings[i] {
			return fmt.Errorf("posting %d is %d sat on %s in the log, the statement says %d on %s", i, p.Sat, p.Account, l.Postings[i].Sat, l.Postings[i].Account)
		}
	}
	return nil
}

// shapes are the accounts that transactions of a kind post to for a lease, the
// tenant's by the end of their names; those with a minus are credited.
func shapes(kind string) (accounts []string, ok bool) {
	switch kind {
	case ledger.KindPrepay:
		return []string{"-:prepaid"}, true
	case ledger.KindUsage:
		return []string{":prepaid", "-" + ledger.LeaseRevenue}, true
	case ledger.KindPower:
		return []string{":prepaid", "-" + ledger.Power}, true
	case ledger.KindRefund:
		return []string{":prepaid", "-:available"}, true
	case ledger.KindExit:
		return []string{":prepaid", "-" + ledger.ExitFees}, true
	case ledger.KindPPS:
		return []string{ledger.PPSExpense, "-:available"}, true
	case ledger.KindIncome, ledger.KindCarry:
		return []string{"-:available"}, true
	case ledger.KindIntent:
		return []string{":available", "-:inflight"}, true
	case ledger.KindConfirmed:
		return []string{":inflight"}, true
	case ledger.KindFailed:
		return []string{"-:available", ":inflight"}, true
	}
	return nil, false
}

// checkShape checks that a line posts what transactions of its kind do.
func (f *facts) checkShape(l *Line) error {
	if !strings.HasPrefix(l.Key, l.Kind+":") {
		return fmt.Errorf("its key is not one of kind %.40s", l.Kind)
	}
	switch l.Kind {
	case ledger.KindFound, ledger.KindMatured, ledger.KindUnmatured, ledger.KindOrphaned, ledger.KindLoss, ledger.KindReversal:
		return nil // compared with their blocks, or with what they take back
	case ledger.KindSLA:
		to := "-:prepaid"
		if slices.ContainsFunc(l.Postings, func(p Posting) bool { return p.Account == ledger.Available(f.s.Tenant) }) {
			to = "-:available"
		}
		return f.posts(l, []string{ledger.SLAExpense, to})
	}
	accounts, ok := shapes(l.Kind)
	if !ok {
		return fmt.Errorf("a kind of transaction that is not known: %.40s", l.Kind)
	}
	return f.posts(l, accounts)
}

// posts checks that a line posts one amount to accounts. What is right instead of
// a mistake may be divided otherwise.
func (f *facts) posts(l *Line, accounts []string) error {
	corrected := isCorrection(l)
	if !corrected && len(l.Postings) != len(accounts) {
		return fmt.Errorf("%d postings, want %d", len(l.Postings), len(accounts))
	}
	for i, p := range l.Postings {
		fits := func(account string) bool {
			sat := p.Sat
			if rest, credit := strings.CutPrefix(account, "-"); credit {
				account, sat = rest, -sat
			}
			if strings.HasPrefix(account, ":") {
				account = lease.Liability + f.s.Tenant + account
			}
			return p.Account == account && sat > 0 && (corrected || sat == max(l.Postings[0].Sat, -l.Postings[0].Sat))
		}
		if corrected && slices.ContainsFunc(accounts, fits) || !corrected && fits(accounts[i]) {
			continue
		}
		return fmt.Errorf("%d sat on %s, want one amount for %v", p.Sat, p.Account, accounts)
	}
	return nil
}

// isCorrection reports whether a line is what is right instead of a mistake: a
// later version of what was booked under the first part of its key.
func isCorrection(l *Line) bool { return strings.Contains(l.Key, "#") }

// checkReversals checks what takes lines back as mistakes.
func (f *facts) checkReversals() error {
	lines := f.s.Books.Lines
	byLeaf, byKey := make(map[int64]*txAt), make(map[string]*Line)
	for i := range f.txs {
		byLeaf[f.txs[i].index] = &f.txs[i]
	}
	for i := range lines {
		l := &lines[i]
		if l.Kind == ledger.KindReversal {
			if l.Key != ledger.ReversalKey(l.Ref) {
				return fmt.Errorf("%s does not take back %s", l.Key, l.Ref)
			}
			if was := byKey[l.Ref]; was != nil && (was.ReversedBy == nil || *was.ReversedBy != l.Leaf) {
				return fmt.Errorf("%s is taken back by leaf %d, of which its line says nothing", l.Ref, l.Leaf)
			}
		}
		byKey[l.Key] = l
		if l.ReversedBy == nil {
			continue
		}
		t := byLeaf[*l.ReversedBy]
		if t == nil || t.index <= l.Leaf || t.kind != ledger.KindReversal || t.Key != ledger.ReversalKey(l.Key) || len(t.Postings) != len(l.Postings) {
			return fmt.Errorf("%s is said to be taken back by leaf %d, which does not", l.Key, *l.ReversedBy)
		}
		for n, p := range t.Postings {
			if (Posting{p.Account, -p.Sat}) != l.Postings[n] {
				return fmt.Errorf("%s is taken back by leaf %d with another posting: %d sat on %s", l.Key, *l.ReversedBy, p.Sat, p.Account)
			}
		}
	}
	return nil
}

// checkAccounts checks that what opens, with the lines, is what closes, and that
// prepayments are never overdrawn.
func (f *facts) checkAccounts() error {
	b := &f.s.Books
	sums, left := make(map[string]int64), make(map[string]int64)
	for i := range b.Accounts {
		a := &b.Accounts[i]
		switch {
		case !f.ownAccount(a.Name):
			return fmt.Errorf("account %s is none of what is owed to the tenant", a.Name)
		case i > 0 && a.Name <= b.Accounts[i-1].Name:
			return fmt.Errorf("account %s is not in order", a.Name)
		case a.Opening == 0 && a.Closing == 0:
			return fmt.Errorf("account %s is empty at both ends", a.Name)
		case b.FirstLine == 0 && a.Opening != 0:
			return fmt.Errorf("account %s opens with %d sat before the first line", a.Name, a.Opening)
		}
		sums[a.Name], left[a.Name] = a.Opening, a.Closing
	}
	prepaid := ledger.Prepaid(f.s.Tenant)
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Kind == ledger.KindExit {
			if err := f.checkLeaving(l, sums[prepaid]); err != nil {
				return err
			}
		}
		for _, p := range l.Postings {
			if !strings.HasPrefix(p.Account, lease.Liability) {
				continue
			}
			if !f.ownAccount(p.Account) {
				return fmt.Errorf("%s posts to %s, which is not the tenant's", l.Key, p.Account)
			}
			if sums[p.Account] -= p.Sat; sums[p.Account] > lease.MaxSat || sums[p.Account] < -lease.MaxSat {
				return fmt.Errorf("%s comes to %d sat with %s", p.Account, sums[p.Account], l.Key)
			}
		}
		if sums[prepaid] < 0 {
			return fmt.Errorf("%s takes %d sat more than were prepaid", l.Key, -sums[prepaid])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if left[name] != sums[name] {
			return fmt.Errorf("account %s closes with %d sat, opening and lines make %d", name, left[name], sums[name])
		}
	}
	return nil
}

// ownAccount reports whether an account says what is owed to the tenant.
func (f *facts) ownAccount(name string) bool {
	t := f.s.Tenant
	return name == ledger.Prepaid(t) || name == ledger.Pending(t) || name == ledger.Available(t) || name == ledger.Inflight(t)
}

// checkLeaving checks what leaving early costs, when so much is prepaid.
func (f *facts) checkLeaving(l *Line, left int64) error {
	if f.terms == nil || isCorrection(l) {
		return nil
	}
	ppm := int64(0)
	if f.terms.Prices != nil {
		ppm = f.terms.Prices.EarlyExitPPM
	}
	if sat := -l.owed(ledger.Prepaid(f.s.Tenant)); sat > reward.Fee(left, ppm) {
		return fmt.Errorf("leaving early cost %d sat of %d prepaid, the terms allow %d ppm", sat, left, ppm)
	}
	return nil
}

// checkHourly compares what was charged and earned in the hours with the lines
// about them. Lines of later versions correct them, and are told of apart.
func (f *facts) checkHourly() error {
	lines := make(map[string]*Line)
	for i := range f.s.Books.Lines {
		l := &f.s.Books.Lines[i]
		switch l.Kind {
		case ledger.KindUsage, ledger.KindPower, ledger.KindPPS, ledger.KindSLA, ledger.KindExit:
			if !isCorrection(l) {
				if lines[l.Key] != nil {
					return fmt.Errorf("%s is booked twice", l.Key)
				}
				lines[l.Key] = l
			}
		}
	}
	take := func(key string, hour int64) (sat int64, err error) {
		l := lines[key]
		if l == nil {
			return 0, nil
		}
		delete(lines, key)
		if l.AtMs != (hour+1)*lease.MsPerHour {
			return 0, fmt.Errorf("%s is of %d ms, not of the hour's end", key, l.AtMs)
		}
		return max(l.Postings[0].Sat, -l.Postings[0].Sat), nil
	}
	id := f.s.Lease
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		ms := r.Hour * lease.MsPerHour
		usage, err1 := take(ledger.UsageKey(id, ms), r.Hour)
		power, err2 := take(ledger.PowerKey(id, ms), r.Hour)
		earned, err3 := take(ledger.PPSKey(id, ms), r.Hour)
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		if usage+power != r.ChargedSat || earned != r.EarnedSat {
			return fmt.Errorf("hour %d: %d sat are charged and %d earned, its lines book %d and %d", r.Hour, r.ChargedSat, r.EarnedSat, usage+power, earned)
		}
	}
	closed := make(map[string]bool)
	for _, m := range f.closedMonths() {
		closed[ledger.SLAKey(id, m.name())] = true
		closed[ledger.ExitKey(id)] = closed[ledger.ExitKey(id)] || m.over
	}
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		if !closed[key] {
			return fmt.Errorf("%s is booked, and no settled hour or closed month of the statement is about it", key)
		}
	}
	return nil
}
