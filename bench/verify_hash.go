package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// hash measures how many receipts a core hashes, in the worst case: each has an
// extranonce of its own, so that its coinbase and its branches have to be hashed
// for it alone.
func (b *verifyBench) hash(ctx context.Context) error {
	b.cfg.Progress("measuring: hashing receipts")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	t, err := newMonthTemplates(lease.TermsHash{}, "").next(monthTip{}, monthBegin)
	if err != nil {
		return err
	}
	h := receipt.NewHasher(lease.Tag{}, miner.MaxTarget)
	if err := h.AddJob(1, t); err != nil {
		return err
	}
	records := make([]receipt.Record, hashedReceipts)
	for i := range records {
		extranonce := make([]byte, t.Extranonce1Size+t.Extranonce2Size)
		binary.LittleEndian.PutUint32(extranonce, uint32(i))
		records[i] = receipt.Record{Job: 1, Extranonce: extranonce, Time: t.Time, Nonce: uint32(i)}
	}
	out := make([]receipt.Judged, len(records))
	var rounds []round
	for range hashedRounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, _ := timed(func() error {
			h.Hash(records, out)
			return nil
		})
		rounds = append(rounds, r)
	}
	for i := range out {
		if out[i].Err != nil {
			return fmt.Errorf("receipt %d: %w", i, out[i].Err)
		}
	}
	b.res.Hash = LedgerRun{Size: hashedReceipts, Stored: int64(len(out))}
	b.res.Hash.take(rounds)
	return nil
}

// log measures how many leaves become durable in the store's log, and are signed
// for.
func (b *verifyBench) log(ctx context.Context) (err error) {
	b.cfg.Progress("measuring: the log")
	s, err := sqlite.Open(ctx, b.file("log.db"))
	if err != nil {
		return err
	}
	defer closing(s, &err)
	log, err := openBenchLog(ctx, s)
	if err != nil {
		return err
	}
	entries := make([]translog.Entry, logBatch)
	var rounds []round
	for n := range logRounds {
		r, err := timed(func() error {
			for done := 0; done < b.cfg.Leaves; done += logBatch {
				for i := range entries {
					public := map[string]any{"from_ms": n, "lease": "L-0001", "n": 60, "number": done + i, "root": fmt.Sprintf("%064x", done+i), "sum": 1 << 40}
					if entries[i], err = translog.NewEntry(translog.KindBatch, public, nil, translog.Salt{}); err != nil {
						return err
					}
				}
				if _, err := log.Append(ctx, entries...); err != nil {
					return err
				}
			}
			_, err := log.Sign(ctx)
			return err
		})
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	b.res.Log = LedgerRun{Size: int64(b.cfg.Leaves), Stored: log.Last().N}
	b.res.Log.take(rounds)
	if want := int64(b.cfg.Leaves * logRounds); b.res.Log.Stored != want {
		return fmt.Errorf("%d leaves are signed for: want %d", b.res.Log.Stored, want)
	}
	return nil
}
