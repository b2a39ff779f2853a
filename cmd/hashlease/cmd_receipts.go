package main

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
)

func receiptsVerbs() []command {
	return []command{
		{name: "show", brief: "list the batches that a lease's receipts are sealed in", run: runReceiptsShow},
		{name: "export", brief: "write a lease's receipts, with all that makes their headers", run: runReceiptsExport},
		{name: "thin", brief: "make old batches smaller, as configured", run: runReceiptsThin},
	}
}

// batchDoc is a sealed batch as --json prints it.
type batchDoc struct {
	Lease    string         `json:"lease"`
	Number   int64          `json:"number"`
	FromMs   int64          `json:"from_ms"`
	ToMs     int64          `json:"to_ms"`
	Receipts int64          `json:"receipts"`
	Work     lease.Quantity `json:"work"`
	Root     lease.B32      `json:"root"`
	Leaf     int64          `json:"leaf"` // index in the log
	Kept     int            `json:"kept"` // receipts that are still there
	Thinned  bool           `json:"thinned"`
	Bytes    int            `json:"bytes"` // of these, and the proof that they are the first
}

func newBatchDoc(b *lease.SealedBatch) (batchDoc, error) {
	d := batchDoc{Lease: b.Lease, Number: b.Number, FromMs: b.FromMs, ToMs: b.ToMs, Receipts: b.N, Work: lease.Quantity(b.Evidence.Sum),
		Root: b.Root, Leaf: b.Leaf, Thinned: b.Thinned, Bytes: len(b.Packed) + len(b.ThinProof)}
	if len(b.Packed) == 0 {
		return d, nil
	}
	kept, err := lease.UnpackReceipts(b.Lease, b.Packed)
	d.Kept = len(kept)
	return d, err
}

// receiptsPeriod opens what a command on the receipts of one lease works on.
func (f *dataFlags) receiptsPeriod(ctx context.Context, id, period string) (p *provider, fromMs, toMs int64, err error) {
	toMs = math.MaxInt64
	if period != "" {
		if fromMs, toMs, err = parsePeriod(period); err != nil {
			return nil, 0, 0, err
		}
	}
	if p, _, err = f.open(ctx, false); err != nil {
		return nil, 0, 0, err
	}
	if id != lease.House {
		if _, err = p.findLease(ctx, id); err != nil {
			p.close()
			return nil, 0, 0, err
		}
	}
	return p, fromMs, toMs, nil
}

// periodFlag is the period of a command on receipts.
func (f *dataFlags) periodFlag() *string {
	return f.String("period", "", "of this `PERIOD`, by when receipts were stored: "+periodForms)
}

func runReceiptsShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "receipts show", "LEASE [--period PERIOD] [--json]",
		"Lists the batches that the receipts of a lease, or of the house, are sealed in, each\n"+
			"with its leaf in the log and what is kept of it.")
	period := f.periodFlag()
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p, fromMs, toMs, err := f.receiptsPeriod(ctx, pos[0], *period)
	if err != nil {
		return err
	}
	defer p.close()
	docs := []batchDoc{}
	rows := [][]string{{"NUMBER", "WINDOW", "RECEIPTS", "WORK", "LEAF", "KEPT", "BYTES"}}
	for b, err := range p.store.SealedBatches(ctx, pos[0], fromMs, toMs) {
		if err != nil {
			return err
		}
		d, err := newBatchDoc(&b)
		if err != nil {
			return fmt.Errorf("batch %d of lease %s: %w", b.Number, b.Lease, err)
		}
		docs = append(docs, d)
		rows = append(rows, []string{strconv.FormatInt(d.Number, 10), formatPeriod(d.FromMs, d.ToMs), strconv.FormatInt(d.Receipts, 10),
			formatHashes(b.Evidence.Sum), strconv.FormatInt(d.Leaf, 10), strconv.Itoa(d.Kept), strconv.Itoa(d.Bytes)})
	}
	if *f.json {
		return writeJSON(e.stdout, docs)
	}
	_, err = fmt.Fprint(e.stdout, fitted(e.page.columns(), rows, []string{"BYTES", "LEAF", "WORK"}, "NUMBER", "RECEIPTS", "WORK", "LEAF", "KEPT", "BYTES"))
	if err != nil {
		return err
	}
	n, err := p.unsealed(ctx, pos[0], fromMs, toMs)
	if err == nil && n > 0 {
		_, err = fmt.Fprintf(e.stdout, "%s not sealed yet\n", pluralOf(n, "receipt is", "receipts are"))
	}
	return err
}

// unsealed counts the receipts of a lease and time that are in no batch yet.
func (p *provider) unsealed(ctx context.Context, id string, fromMs, toMs int64) (n int, err error) {
	for r, err := range p.store.Unsealed(ctx, toMs) {
		if err != nil {
			return 0, err
		}
		if r.Lease == id && r.CommitMs >= fromMs {
			n++
		}
	}
	return n, nil
}

func runReceiptsThin(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "receipts thin", "[--json]",
		"Makes old batches smaller, as [receipts] of the configuration says and a node does\n"+
			"every hour: of those older than thin_after, one receipt in 32 is left, of those older\n"+
			"than drop_after none. It cannot be undone.")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if thin, drop, err := cfg.Receipts.ages(); err != nil || thin == 0 && drop == 0 {
		return withHint(usage("receipts.thin_after and receipts.drop_after are both \"0\": receipts are kept for ever"),
			"set one of them in [receipts] of the configuration, such as thin_after = \"90d\"")
	}
	thinMs, dropMs, err := p.retention(ctx, &cfg.Receipts)
	if err != nil {
		return err
	}
	done, err := seal.Thin(ctx, p.store, thinMs, dropMs)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, thinnedDoc{done.Thinned, done.Dropped, done.Freed})
	}
	_, err = fmt.Fprintf(e.stdout, "%s thinned, %d dropped; %s free for what is sealed next\n",
		pluralOf(done.Thinned, "batch", "batches"), done.Dropped, plural(done.Freed, "byte"))
	return err
}

// thinnedDoc is what thinning did, for programs.
type thinnedDoc struct {
	Thinned    int   `json:"thinned"` // batches
	Dropped    int   `json:"dropped"`
	FreedBytes int64 `json:"freed_bytes"`
}

func pluralOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
