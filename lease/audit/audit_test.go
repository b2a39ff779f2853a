package audit_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/audit"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

// falsified is a store that tells some things as they are not.
type falsified struct {
	*sqlite.Store
	receipt func(r *lease.Receipt)
	batch   func(b *lease.SealedBatch)
	leaf    func(l *lease.LogLeaf)
	job     func(j *lease.Job)
	meter   func(m *lease.HourMeter)
	total   func(m *lease.Meter)
	row     func(h *lease.SettledHour)
	tx      func(t *lease.Transaction)
	block   func(b *lease.Block)
	body    func(text string) string
	lease   func(l *lease.Lease)
	state   func(id, text string) string
}

func altered[T any](all iter.Seq2[T, error], alter func(*T)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range all {
			if alter != nil && err == nil {
				alter(&v)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

func (f *falsified) Unsealed(ctx context.Context, toMs int64) iter.Seq2[lease.Receipt, error] {
	return altered(f.Store.Unsealed(ctx, toMs), f.receipt)
}

func (f *falsified) SealedBatches(ctx context.Context, id string, fromMs, toMs int64) iter.Seq2[lease.SealedBatch, error] {
	return altered(f.Store.SealedBatches(ctx, id, fromMs, toMs), f.batch)
}

func (f *falsified) Leaves(ctx context.Context, filter lease.LeafFilter) iter.Seq2[lease.LogLeaf, error] {
	return altered(f.Store.Leaves(ctx, filter), f.leaf)
}

func (f *falsified) ReceiptsOn(ctx context.Context, prev miner.Hash) iter.Seq2[lease.Receipt, error] {
	return altered(f.Store.ReceiptsOn(ctx, prev), f.receipt)
}

func (f *falsified) Job(ctx context.Context, seq int64) (lease.Job, error) {
	j, err := f.Store.Job(ctx, seq)
	if f.job != nil {
		f.job(&j)
	}
	return j, err
}

func (f *falsified) HourMeters(ctx context.Context, id string, from, to int64) iter.Seq2[lease.HourMeter, error] {
	return altered(f.Store.HourMeters(ctx, id, from, to), f.meter)
}

func (f *falsified) Meter(ctx context.Context, id string) (lease.Meter, error) {
	m, err := f.Store.Meter(ctx, id)
	if f.total != nil {
		f.total(&m)
	}
	return m, err
}

func (f *falsified) SettledHours(ctx context.Context, id string, from, to int64) iter.Seq2[lease.SettledHour, error] {
	return altered(f.Store.SettledHours(ctx, id, from, to), f.row)
}

func (f *falsified) Transactions(ctx context.Context) iter.Seq2[lease.Transaction, error] {
	return altered(f.Store.Transactions(ctx), f.tx)
}

func (f *falsified) Blocks(ctx context.Context, states ...lease.BlockState) ([]lease.Block, error) {
	all, err := f.Store.Blocks(ctx, states...)
	for i := range all {
		if f.block != nil {
			f.block(&all[i])
		}
	}
	return all, err
}

func (f *falsified) Template(ctx context.Context, seq int64) (lease.Template, error) {
	t, err := f.Store.Template(ctx, seq)
	if f.body != nil {
		t.Body, t.Split = []byte(f.body(string(t.Body))), []byte(f.body(string(t.Split)))
	}
	return t, err
}

func (f *falsified) Leases(ctx context.Context) ([]lease.Lease, error) {
	all, err := f.Store.Leases(ctx)
	for i := range all {
		if f.lease != nil {
			f.lease(&all[i])
		}
	}
	return all, err
}

func (f *falsified) SettledStates(ctx context.Context) (map[string][]byte, error) {
	all, err := f.Store.SettledStates(ctx)
	for id, text := range all {
		if f.state != nil {
			all[id] = []byte(f.state(id, string(text)))
		}
	}
	return all, err
}

// once does something to the first thing that is wanted, whenever it is read.
func once[T any](wanted func(*T) bool, do func(*T)) func(*T) {
	first := ""
	return func(v *T) {
		if first == "" && !wanted(v) {
			return
		}
		text := fmt.Sprintf("%+v", *v)
		if first == "" {
			first = text
		}
		if first == text {
			do(v)
		}
	}
}

func TestFinds(t *testing.T) {
	store := open(t, "lease.db")
	x := newSim(t, t.Context(), store, config{seed: 3, sources: 20, shares: 8, payouts: true})
	whole := x.month(5, 30, nil)
	for _, c := range whole.Checks {
		if c.Checked == 0 && c.Name != "sealed" { // its shares are no proofs of work
			t.Errorf("%s was never looked at", c.Name)
		}
	}
	if whole.Supply.Hours == 0 || len(whole.Unchecked) > 0 {
		t.Errorf("supply %+v, unchecked %q", whole.Supply, whole.Unchecked)
	}
	any := func(*lease.Receipt) bool { return true }
	charged := func(h *lease.SettledHour) bool { return h.ChargedSat > 0 }
	usage := func(t *lease.Transaction) bool { return t.Kind == ledger.KindUsage }
	var first lease.Receipt
	for name, c := range map[string]struct {
		falsify falsified
		check   string // that finds it
	}{
		"a receipt less":    {falsified{meter: once(func(m *lease.HourMeter) bool { return m.Evidence.N > 0 }, func(m *lease.HourMeter) { m.Evidence.N++ })}, "meters"},
		"more hashes":       {falsified{meter: once(func(m *lease.HourMeter) bool { return !m.Counted.IsZero() }, func(m *lease.HourMeter) { m.Counted = m.Counted.Add(miner.Hashes(1)) })}, "totals"},
		"a larger total":    {falsified{total: func(m *lease.Meter) { m.Evidence.N++ }}, "totals"},
		"another source":    {falsified{receipt: once(any, func(r *lease.Receipt) { r.Source = "nobody" })}, "meters"},
		"another lease":     {falsified{receipt: once(func(r *lease.Receipt) bool { return r.Lease != lease.House }, func(r *lease.Receipt) { r.Lease = lease.House })}, "jobs"},
		"more work":         {falsified{receipt: once(any, func(r *lease.Receipt) { r.Work = r.Work.Add(r.Work) })}, "jobs"},
		"before its job":    {falsified{receipt: once(any, func(r *lease.Receipt) { r.CommitMs -= 2 * hour })}, "jobs"},
		"a foreign tag":     {falsified{job: func(j *lease.Job) { j.Tag[0] ^= 1 }}, "tags"},
		"the same tag":      {falsified{lease: func(l *lease.Lease) { l.Tag = lease.Tag{1} }}, "tags"},
		"a share twice":     {falsified{receipt: func(r *lease.Receipt) { twice(&first, r) }}, "once"},
		"other work":        {falsified{row: once(charged, func(h *lease.SettledHour) { h.Proven = lease.Quantity(miner.Hashes(1)) })}, "hours"},
		"more charged":      {falsified{row: once(charged, func(h *lease.SettledHour) { h.ChargedSat = h.DueSat + 1 })}, "charges"},
		"not what is due":   {falsified{row: once(charged, func(h *lease.SettledHour) { h.DueSat++ })}, "settlement"},
		"more than booked":  {falsified{row: once(charged, func(h *lease.SettledHour) { h.ChargedSat-- })}, "booked"},
		"another amount":    {falsified{tx: once(usage, func(t *lease.Transaction) { t.Postings[0].Sat++; t.Postings[1].Sat-- })}, "settlement"},
		"not balanced":      {falsified{tx: once(usage, func(t *lease.Transaction) { t.Postings[0].Sat++ })}, "ledger"},
		"another moment":    {falsified{tx: once(usage, func(t *lease.Transaction) { t.AtMs-- })}, "settlement"},
		"a mature block":    {falsified{block: once(func(b *lease.Block) bool { return b.State == lease.Adopted || b.State == lease.Rejected }, func(b *lease.Block) { b.State = lease.Mature })}, "blocks"},
		"an orphaned block": {falsified{block: once(func(b *lease.Block) bool { return b.State == lease.Mature }, func(b *lease.Block) { b.State = lease.Orphaned })}, "blocks"},
		"another split":     {falsified{body: func(s string) string { return strings.Replace(s, `"sat":`, `"sat":1`, 1) }}, "splits"},
		"a split's hash":    {falsified{body: func(s string) string { return strings.Replace(s, `"split":"`, `"split":"0`, 1) }}, "splits"},
		"a fee":             {falsified{body: func(s string) string { return strings.Replace(s, `"fee":`, `"fee":1`, 1) }}, "splits"},
		"another state":     {falsified{state: func(_, s string) string { return strings.Replace(s, `"n":`, `"n":1`, 1) }}, "settlement"},
		"a closed lease":    {falsified{lease: once(func(l *lease.Lease) bool { return l.ClosedMs == 0 }, func(l *lease.Lease) { l.ClosedMs = l.StartMs + hour })}, "settlement"},
	} {
		first = lease.Receipt{}
		f := c.falsify
		f.Store = store
		r, err := audit.Run(t.Context(), &f, audit.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found := false
		for _, k := range r.Checks {
			found = found || k.Name == c.check && len(k.Findings) > 0
		}
		if !found || r.OK() || !errors.Is(r.Err(), audit.ErrFound) {
			t.Errorf("%s: not found by %s: %v", name, c.check, r.Err())
		}
	}
	if whole.Ledger != x.audit(audit.Options{Before: &whole.Ledger}).Ledger {
		t.Error("the ledger is another without a change")
	}
	other := whole.Ledger
	other.Digest = strings.Repeat("0", 64)
	if r, err := audit.Run(t.Context(), store, audit.Options{Before: &other}); err != nil || r.OK() {
		t.Errorf("another beginning of the ledger is not found: %v", err)
	}
}

// twice makes one share of the first two receipts of a job.
func twice(first, r *lease.Receipt) {
	switch {
	case first.Job == 0 || first.Seq == r.Seq:
		*first = *r
	case first.Job == r.Job:
		r.Extranonce, r.Time, r.Nonce, r.VersionBits = first.Extranonce, first.Time, first.Nonce, first.VersionBits
	}
}
