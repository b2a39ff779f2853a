package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// Store is what an audit reads of a lease.Store.
type Store interface {
	Terms(ctx context.Context, h lease.TermsHash) (lease.Terms, error)
	Lease(ctx context.Context, id string) (lease.Lease, error)
	Leases(ctx context.Context) ([]lease.Lease, error)
	Rigs(ctx context.Context) ([]lease.Rig, error)
	RigMeters(ctx context.Context, sinceMs int64) (map[string]lease.RigMeter, error)

	Template(ctx context.Context, seq int64) (lease.Template, error)
	Job(ctx context.Context, seq int64) (lease.Job, error)
	Heartbeat(ctx context.Context) (int64, error)
	RunningMs(ctx context.Context, fromMs, toMs int64) (int64, error)
	ReceiptsOn(ctx context.Context, prev miner.Hash) iter.Seq2[lease.Receipt, error]
	TemplateLeaves(ctx context.Context, seqs []int64) (map[int64]int64, error)
	Leaves(ctx context.Context, f lease.LeafFilter) iter.Seq2[lease.LogLeaf, error]
	SealedMs(ctx context.Context) (int64, error)
	SealedBatches(ctx context.Context, lease string, fromMs, toMs int64) iter.Seq2[lease.SealedBatch, error]
	Unsealed(ctx context.Context, toMs int64) iter.Seq2[lease.Receipt, error]
	Meter(ctx context.Context, lease string) (lease.Meter, error)

	HourMeters(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourMeter, error]
	HourUpstreams(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourUpstream, error]
	HourEarnings(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourEarning, error]
	SettledHour(ctx context.Context) (int64, error)
	SettledStates(ctx context.Context) (map[string][]byte, error)
	SettledHours(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.SettledHour, error]
	Exclusions(ctx context.Context, fromMs, toMs int64) ([]lease.Exclusion, error)

	Blocks(ctx context.Context, states ...lease.BlockState) ([]lease.Block, error)
	Transactions(ctx context.Context) iter.Seq2[lease.Transaction, error]
	Balances(ctx context.Context) ([]lease.Balance, error)
	Events(ctx context.Context, f lease.EventFilter) iter.Seq2[lease.Event, error]
}

// Options say what to audit. The zero value audits everything that can be
// known from the store.
type Options struct {
	// Before is the ledger as an earlier audit found it, which must be the
	// beginning of what it is now; nil: there was none.
	Before *Ledger
	// Progress is told what is being looked at; nil: nobody is.
	Progress func(what string)
}

// auditor is an audit that is under way.
type auditor struct {
	store    Store
	options  Options
	report   *Report
	startMs  int64 // the heartbeat when it began
	settled  int64 // the last settled hour then
	leases   map[string]*lease.Lease
	ids      []string // of leases, in order
	terms    map[lease.TermsHash]*lease.Terms
	rated    map[string]uint64         // mJ/TH by rig
	metered  map[meteredKey]*metered   // what came in, by hour and lease
	accounts map[string]*leaseAccounts // by lease
	booked   []lease.Transaction       // what settling wrote into the ledger
	prepays  []lease.Transaction
	refunded map[string]bool // prepayments, by key, that came too late and were given back
	blocks   map[string]*blockEntries

	corrected int // transactions that were taken back by hand
}

// final is the first hour that may still change.
func (a *auditor) final() int64 { return a.startMs / lease.MsPerHour }

// Run audits a store. Its error is of a store that cannot be read; what is
// found wrong is in the report.
func Run(ctx context.Context, s Store, o Options) (*Report, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	a := &auditor{
		store: s, options: o, report: newReport(), leases: make(map[string]*lease.Lease), terms: make(map[lease.TermsHash]*lease.Terms),
		rated: make(map[string]uint64), metered: make(map[meteredKey]*metered), accounts: make(map[string]*leaseAccounts),
		refunded: make(map[string]bool), blocks: make(map[string]*blockEntries),
	}
	if err := a.begin(ctx); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		what string
		run  func(context.Context) error
	}{
		{"the ledger", a.ledger}, {"receipts", a.receipts}, {"metered hours", a.meters}, {"charges", a.charges},
		{"blocks", a.foundBlocks}, {"settlement", a.settlement},
	} {
		o.Progress(part.what)
		if err := part.run(ctx); err != nil {
			return nil, fmt.Errorf("audit of %s: %w", part.what, err)
		}
	}
	return a.report, nil
}

// begin reads what the other parts look things up in.
func (a *auditor) begin(ctx context.Context) error {
	var err error
	if a.startMs, err = a.store.Heartbeat(ctx); err != nil {
		return err
	}
	if a.settled, err = a.store.SettledHour(ctx); err != nil {
		return err
	}
	a.report.SettledHour = a.settled
	leases, err := a.store.Leases(ctx)
	if err != nil {
		return err
	}
	for i := range leases {
		l := &leases[i]
		a.leases[l.ID], a.ids = l, append(a.ids, l.ID)
		if a.terms[l.Terms] != nil {
			continue
		}
		t, err := a.store.Terms(ctx, l.Terms)
		if err != nil {
			return fmt.Errorf("terms of lease %s: %w", l.ID, err)
		}
		a.terms[l.Terms] = &t
	}
	rigs, err := a.store.Rigs(ctx)
	for _, r := range rigs {
		a.rated[r.Name] = r.RatedMilliJTH
	}
	return err
}

// ledger lets package ledger check the books by themselves, and notes what
// they say of leases and blocks.
func (a *auditor) ledger(ctx context.Context) error {
	books, err := ledger.Audit(ctx, a.store)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.report.find(checkLedger, "%v", err)
	}
	a.report.counted(checkLedger, int64(books.Transactions))
	chain := newChain(a.options.Before)
	var last int64
	for t, err := range a.store.Transactions(ctx) {
		if err != nil {
			return err
		}
		if t.Seq <= last {
			a.report.find(checkLedger, "entry %d, transaction %s, comes after %d", t.Seq, t.Key, last)
		}
		last = t.Seq
		if err := chain.add(&t); err != nil {
			return err
		}
		a.note(&t)
	}
	a.report.Ledger = chain.ledger()
	if !chain.kept() {
		a.report.find(checkLedger, "its first %d transactions are not those of the audit before", a.options.Before.Transactions)
	}
	return nil
}

// quiet reports that nothing was committed since the audit began.
func (a *auditor) quiet(ctx context.Context) (bool, error) {
	ms, err := a.store.Heartbeat(ctx)
	return ms == a.startMs, err
}

// Err is an error of the first finding; nil when all is well.
func (r *Report) Err() error {
	for i := range r.Checks {
		if c := &r.Checks[i]; len(c.Findings) > 0 {
			return fmt.Errorf("audit: %s: %s: %w", c.Name, c.Findings[0], ErrFound)
		}
	}
	return nil
}

// ErrFound is wrapped by Report.Err.
var ErrFound = errors.New("the stored facts do not agree")
