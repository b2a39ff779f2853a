package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

// ledgerTarget is that of the shares, and their work.
func ledgerTarget() (miner.Target, miner.Work) {
	t := miner.TargetForWork(miner.Hashes(1 << 40))
	return t, t.Work()
}

// split measures a split by TIDES over a full window of shares of many leases.
func (b *ledgerBench) split(ctx context.Context) error {
	b.cfg.Progress("measuring: a TIDES split")
	// One thread is measured, and the collector with it.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	_, work := ledgerTarget()
	terms := lease.Tides{NetworkMultiple: 8, MaxDays: 30, MinSec: 600}
	network := work.Mul(splitShares / 8)
	var w reward.Window
	for i := range splitShares {
		w.Push(reward.Share{Seq: int64(i + 1), Lease: ledgerLeaseID(i * 7919 % b.cfg.Leases), Work: work, AtMs: ledgerBegin + int64(i)})
	}
	const sat = 312_500_000
	var rounds []round
	var parts []lease.Part
	for range splitRounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, _ := timed(func() error {
			parts = w.Split(terms, sat, network, ledgerBegin+splitShares)
			return nil
		})
		rounds = append(rounds, r)
	}
	var sum int64
	for _, p := range parts {
		sum += p.Sat
	}
	if sum != sat || len(parts) != min(b.cfg.Leases, splitShares) {
		return fmt.Errorf("%d parts of %d sat together: want %d of %d", len(parts), sum, min(b.cfg.Leases, splitShares), sat)
	}
	b.res.Tides = LedgerRun{Size: splitShares, Stored: int64(len(parts))}
	b.res.Tides.take(rounds)
	return nil
}

func ledgerLeaseID(i int) string { return fmt.Sprintf("L-%04d", i+1) }

// meter measures the commits of shares of 50 leases and 200 machines, rigs and
// threads, which change their leases now and then.
func (b *ledgerBench) meter(ctx context.Context) (err error) {
	s, err := b.open(ctx, "meter.db")
	if err != nil {
		return err
	}
	defer closing(s, &err)
	f, err := newLedgerFarm(ctx, s, meteredLeases, func(int) {})
	if err != nil {
		return err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	size := max(1, b.cfg.Shares/ledgerRounds)
	var rounds []round
	for n := range ledgerRounds {
		b.cfg.Progress(fmt.Sprintf("measuring: metering, %d of %d shares", n*size, ledgerRounds*size))
		r, err := timed(func() error {
			for left := size; left > 0; left -= ledgerBatch {
				if _, err := s.CommitBatch(ctx, f.batch(min(left, ledgerBatch))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	b.res.Meter = LedgerRun{Size: int64(size)}
	b.res.Meter.take(rounds)
	for _, l := range f.leases {
		m, err := s.Meter(ctx, l.ID)
		if err != nil {
			return err
		}
		b.res.Meter.Stored += int64(m.Evidence.N)
	}
	if want := int64(size * ledgerRounds); b.res.Meter.Stored != want {
		return fmt.Errorf("%d receipts are stored: want %d", b.res.Meter.Stored, want)
	}
	return nil
}

// ledgerFarm is a node with leases and machines.
type ledgerFarm struct {
	leases  []lease.Lease
	jobs    []lease.Job
	sources []string
	run     int64
	n       uint64 // batches
	share   uint64
}

// batch makes the next batch of so many shares, a quarter of a second after the
// last.
func (f *ledgerFarm) batch(shares int) lease.Batch {
	f.n++
	turn := int(f.n / 100)
	b := lease.Batch{Run: f.run, N: f.n, AtMs: ledgerBegin + int64(f.n)*250, Receipts: make([]lease.Receipt, shares)}
	for i := range b.Receipts {
		source := i % len(f.sources)
		b.Receipts[i] = f.receipt(&f.jobs[(source+turn)%len(f.jobs)], f.sources[source])
	}
	for i, name := range f.sources {
		if name[0] == 'c' {
			b.Counts = append(b.Counts, lease.Count{Lease: f.jobs[(i+turn)%len(f.jobs)].Lease, Source: name, Hashes: 1 << 42})
		}
	}
	return b
}

func (f *ledgerFarm) receipt(j *lease.Job, source string) lease.Receipt {
	f.share++
	extranonce := make([]byte, 6)
	binary.BigEndian.PutUint32(extranonce[2:], uint32(f.share))
	return lease.Receipt{
		Lease: j.Lease, Job: j.Seq, Source: source, Extranonce: extranonce, Time: ledgerBegin / 1000, Nonce: uint32(f.share * 2654435761), Work: j.Target.Work(),
	}
}

// newLedgerFarm adds leases of all models, and machines of which every second
// is a rig. Every tenth lease is hosted, every tenth virtual-hosted.
func newLedgerFarm(ctx context.Context, s *sqlite.Store, leases int, progress func(done int)) (*ledgerFarm, error) {
	f := new(ledgerFarm)
	for i := range ledgerSources {
		name := fmt.Sprintf("cpu%d", i)
		if i%2 == 1 {
			name = fmt.Sprintf("rig-%d", i)
			if err := addLedgerRig(ctx, s, name, ""); err != nil {
				return nil, err
			}
		}
		f.sources = append(f.sources, name)
	}
	terms, err := s.PutTerms(ctx, ledgerTerms())
	if err != nil {
		return nil, err
	}
	if err := s.AddTenant(ctx, lease.Tenant{ID: ledgerTenant, Key: make([]byte, 32)}); err != nil {
		return nil, err
	}
	for i := range leases {
		progress(i)
		l, err := addLedgerLease(ctx, s, i, terms)
		if err != nil {
			return nil, err
		}
		f.leases = append(f.leases, l)
		target, _ := ledgerTarget()
		f.jobs = append(f.jobs, lease.Job{Lease: l.ID, Tag: l.Tag, Target: target, CreatedMs: ledgerBegin,
			Earns: &lease.Earns{Network: miner.Hashes(1 << 62), Sat: 312_500_000}})
	}
	if _, f.jobs, err = s.PutJobs(ctx, []lease.Template{{CreatedMs: ledgerBegin, Body: []byte("{}")}}, f.jobs); err != nil {
		return nil, err
	}
	f.run, err = s.BeginRun(ctx, ledgerBegin)
	return f, err
}
