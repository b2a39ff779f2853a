package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/miner"
)

// The forms of receipts.
const (
	receiptsCSV   = "csv"
	receiptsJSONL = "jsonl"
	receiptsBin   = "bin"
)

func runReceiptsExport(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "receipts export", "LEASE [--period PERIOD] [--format FORM] [-o FILE]",
		"Writes the sealed receipts of a lease, or of the house, batch by batch and sorted by\n"+
			"their hashes, as the log commits to them. Each is checked on the way. csv and jsonl\n"+
			"have every field, the hash and the header; bin is what bundles hold: of each batch\n"+
			"the number of receipts (4 bytes) and of hashes that prove what thinning has left (2),\n"+
			"the receipts, each after a byte with its length, and these hashes.")
	period := f.periodFlag()
	format := f.String("format", receiptsCSV, "the `FORM`: csv, jsonl or bin")
	out := f.String("o", "-", "the `FILE` to write; - is standard output")
	pos, err := f.parse(args, 1, 1)
	forms := []string{receiptsCSV, receiptsJSONL, receiptsBin}
	switch {
	case err != nil:
		return err
	case *f.json:
		return withHint(usage("receipts export has no JSON form"), "--format jsonl prints an object a line")
	case !slices.Contains(forms, *format):
		return unknownName("form of receipts", *format, forms, "want csv, jsonl or bin")
	}
	p, fromMs, toMs, err := f.receiptsPeriod(ctx, pos[0], *period)
	if err != nil {
		return err
	}
	defer p.close()
	var lost lostReceipts
	err = e.saveStream(*out, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		x := exporter{w: buffered, csv: csv.NewWriter(buffered), h: seal.NewHasher(p.store), format: *format}
		if err := x.begin(); err != nil {
			return err
		}
		for b, err := range p.store.SealedBatches(ctx, pos[0], fromMs, toMs) {
			if err != nil {
				return err
			}
			if err := x.batch(ctx, &b); err != nil {
				return fmt.Errorf("batch %d of lease %s: %w", b.Number, b.Lease, err)
			}
			lost.add(&b)
		}
		x.csv.Flush()
		return errors.Join(x.csv.Error(), buffered.Flush())
	})
	if err != nil {
		return err
	}
	if lost.unsealed, err = p.unsealed(ctx, pos[0], fromMs, toMs); err != nil {
		return err
	}
	lost.tell(e.stderr)
	return nil
}

// lostReceipts are what is not in an export.
type lostReceipts struct {
	thinned, dropped int // batches
	unsealed         int // receipts
}

func (l *lostReceipts) add(b *lease.SealedBatch) {
	switch {
	case len(b.Packed) == 0:
		l.dropped++
	case b.Thinned:
		l.thinned++
	}
}

// tell says what is not in an export.
func (l *lostReceipts) tell(w io.Writer) {
	if l.thinned > 0 {
		fmt.Fprintf(w, "hashlease: %s thinned: of their receipts one in 32 is left\n", pluralOf(l.thinned, "batch is", "batches are"))
	}
	if l.dropped > 0 {
		fmt.Fprintf(w, "hashlease: the receipts of %s are not kept any more\n", pluralOf(l.dropped, "batch", "batches"))
	}
	if l.unsealed > 0 {
		fmt.Fprintf(w, "hashlease: %s not sealed yet, and not in it\n", pluralOf(l.unsealed, "receipt is", "receipts are"))
	}
}

// exporter writes batches.
type exporter struct {
	w      *bufio.Writer
	csv    *csv.Writer // onto w
	h      *seal.Hasher
	format string
}

// receiptDoc is a receipt as an export has it.
type receiptDoc struct {
	Seq         int64          `json:"seq"`
	CommitMs    int64          `json:"commit_ms"`
	Lease       string         `json:"lease"`
	Batch       int64          `json:"batch"` // its number
	BatchLeaf   int64          `json:"batch_leaf"`
	FromMs      int64          `json:"from_ms"` // of the batch
	ToMs        int64          `json:"to_ms"`
	Source      string         `json:"source"`
	JobLeaf     int64          `json:"job_leaf"`
	Extranonce  lease.Hex      `json:"extranonce"`
	Time        uint32         `json:"time"`
	Nonce       lease.U32      `json:"nonce"`
	VersionBits lease.U32      `json:"version_bits"`
	Work        lease.Quantity `json:"work"`
	Hash        lease.U256     `json:"hash"`
	Header      lease.Hex      `json:"header"`
}

// begin writes what comes first.
func (x *exporter) begin() error {
	if x.format != receiptsCSV {
		return nil
	}
	return x.csv.Write([]string{"seq", "commit_ms", "lease", "batch", "batch_leaf", "from_ms", "to_ms", "source",
		"job_leaf", "extranonce", "time", "nonce", "version_bits", "work", "hash", "header"})
}

// batch checks a batch and writes the receipts that are kept of it.
func (x *exporter) batch(ctx context.Context, b *lease.SealedBatch) error {
	receipts, err := x.h.Check(ctx, b)
	if err != nil {
		return err
	}
	if x.format == receiptsBin {
		return x.binary(b, receipts)
	}
	for i := range receipts {
		r := &receipts[i]
		header, leaf, err := x.h.Header(r)
		if err != nil {
			return err
		}
		d := receiptDoc{
			Seq: r.Seq, CommitMs: r.CommitMs, Lease: b.Lease, Batch: b.Number, BatchLeaf: b.Leaf, FromMs: b.FromMs, ToMs: b.ToMs,
			Source: r.Source, JobLeaf: leaf, Extranonce: r.Extranonce, Time: r.Time, Nonce: lease.U32(r.Nonce), VersionBits: lease.U32(r.VersionBits),
			Work: lease.Quantity(r.Work), Hash: lease.U256(header.Hash()), Header: header[:],
		}
		if err := x.write(&d); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) write(d *receiptDoc) error {
	if x.format == receiptsJSONL {
		line, err := json.Marshal(d)
		if err == nil {
			_, err = x.w.Write(append(line, '\n'))
		}
		return err
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return x.csv.Write([]string{number(d.Seq), number(d.CommitMs), d.Lease, number(d.Batch), number(d.BatchLeaf), number(d.FromMs), number(d.ToMs),
		d.Source, number(d.JobLeaf), fmt.Sprintf("%x", d.Extranonce), number(int64(d.Time)), fmt.Sprintf("%08x", d.Nonce), fmt.Sprintf("%08x", d.VersionBits),
		d.Work.Work().String(), miner.Hash(d.Hash).String(), fmt.Sprintf("%x", d.Header)})
}

// binary writes a batch as bundles hold it.
func (x *exporter) binary(b *lease.SealedBatch, receipts []lease.Receipt) error {
	const hashSize = 32
	out := binary.BigEndian.AppendUint32(nil, uint32(len(receipts)))
	out = binary.BigEndian.AppendUint16(out, uint16(len(b.ThinProof)/hashSize))
	for i := range receipts {
		r := &receipts[i]
		_, leaf, err := x.h.Header(r)
		if err != nil {
			return err
		}
		record := receipt.Record{Job: leaf, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits}
		text := record.Append(nil)
		out = append(append(out, byte(len(text))), text...)
	}
	_, err := x.w.Write(append(out, b.ThinProof...))
	return err
}
