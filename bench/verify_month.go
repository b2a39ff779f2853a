package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/lease/statement"
	"github.com/hashlease/hashlease/lease/statement/render"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// monthBegin is when the month begins, 2026-10-01 UTC.
const monthBegin = 1_790_812_800_000

// ms is how long it is.
func (b *verifyBench) ms() int64 { return int64(b.cfg.Days) * 24 * lease.MsPerHour }

// The contract: a receipt in some seconds, of so few hashes that a month of them
// can be made here.
const (
	monthTenant = "acme"
	monthHps    = 3
	monthProof  = 5_400 // milliseconds of contracted hashing a receipt
)

// benchOrigin is the name of the log.
const benchOrigin = "bench.hashlease"

// benchKey is the provider's, which anybody may know.
func benchKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

// benchSigner signs with it.
func benchSigner() (note.Signer, note.Verifier, error) {
	signer, err := translog.NewSigner(benchOrigin, benchKey())
	if err != nil {
		return nil, nil, err
	}
	verifier, err := translog.NewVerifier(benchOrigin, benchKey().Public().(ed25519.PublicKey))
	return signer, verifier, err
}

func openBenchLog(ctx context.Context, s *sqlite.Store) (*translog.Log, error) {
	signer, verifier, err := benchSigner()
	if err != nil {
		return nil, err
	}
	return translog.Open(ctx, translog.Config{
		Identity: translog.Identity{Origin: benchOrigin, Keys: []note.Verifier{verifier}}, Signers: []note.Signer{signer}, Storage: s.Log(),
	})
}

// monthLog signs for what a statement needs.
type monthLog struct {
	*translog.Log
	storage translog.Storage
}

// Covering implements statement.Log.
func (l monthLog) Covering(ctx context.Context, _ int64) (translog.Signed, error) { return l.Sign(ctx) }

// Hashes implements statement.Log.
func (l monthLog) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	return l.storage.Hashes(ctx, indexes)
}

// month makes a month of receipts as a node would, states it, and measures how
// long it takes to verify the bundle and to draw the statement.
func (b *verifyBench) month(ctx context.Context) (err error) {
	s, err := sqlite.Open(ctx, b.file("month.db"))
	if err != nil {
		return err
	}
	defer closing(s, &err)
	if err := b.fill(ctx, s); err != nil {
		return err
	}
	if err := b.sealed(ctx, s); err != nil {
		return err
	}
	b.cfg.Progress("making the statement and its bundle")
	settler := &billing.Settler{Store: s}
	if _, err := settler.Settle(ctx, (monthBegin+b.ms())/lease.MsPerHour-1); err != nil {
		return err
	}
	issued, err := b.state(ctx, s)
	if err != nil {
		return err
	}
	b.cfg.Progress("measuring: verifying the month")
	if b.res.Month, err = b.cfg.Check(ctx, b.file("month.zip")); err != nil {
		return err
	}
	if m := &b.res.Month; m.Failed != "" || m.Receipts != int64(b.cfg.Receipts) {
		return fmt.Errorf("%d receipts of %d hold: %s", m.Receipts, b.cfg.Receipts, m.Failed)
	}
	return b.render(ctx, &issued.Statement)
}

// seal seals the receipts before a moment, as a node does now and then.
func (b *verifyBench) seal(ctx context.Context, s *sqlite.Store, untilMs int64) error {
	start := time.Now()
	_, err := seal.Seal(ctx, s, untilMs)
	b.res.SealSec += time.Since(start).Seconds()
	return err
}

// sealed tells what is left of sealed receipts.
func (b *verifyBench) sealed(ctx context.Context, s *sqlite.Store) error {
	var packed, receipts int64
	for batch, err := range s.SealedBatches(ctx, "", 0, monthBegin+b.ms()+1) {
		if err != nil {
			return err
		}
		packed += int64(len(batch.Packed))
		receipts += batch.N
	}
	if receipts != int64(b.cfg.Receipts) {
		return fmt.Errorf("%d receipts are sealed: want %d", receipts, b.cfg.Receipts)
	}
	b.res.StoredBytes = float64(packed) / float64(receipts)
	return nil
}

// state issues the statement and writes its bundle.
func (b *verifyBench) state(ctx context.Context, s *sqlite.Store) (*statement.Issued, error) {
	log, err := openBenchLog(ctx, s)
	if err != nil {
		return nil, err
	}
	signer, _, err := benchSigner()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	src := statement.Source{Store: s, Signer: signer, Log: monthLog{log, s.Log()}}
	issued, err := statement.Issue(ctx, src, statement.Request{Lease: "L-0001", FromMs: monthBegin, ToMs: monthBegin + b.ms()})
	if err != nil {
		return nil, err
	}
	made, err := statement.Bundle(ctx, src, issued, nil)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(b.file("month.zip"))
	if err != nil {
		return nil, err
	}
	err = made.Write(f)
	if b.res.BuildSec = time.Since(start).Seconds(); err == nil {
		b.res.BundleBytes, err = f.Seek(0, 1)
	}
	return issued, errors.Join(err, f.Close())
}

// render measures the statement's forms.
func (b *verifyBench) render(ctx context.Context, s *bundle.Statement) error {
	b.cfg.Progress("measuring: drawing the statement")
	derived := s.Derive()
	for _, form := range []struct {
		run  *LedgerRun
		draw func(*bundle.Statement, *bundle.Derived, render.Context) ([]byte, error)
	}{{&b.res.HTML, render.HTML}, {&b.res.PDF, render.PDF}} {
		var rounds []round
		for range renderRounds {
			if err := ctx.Err(); err != nil {
				return err
			}
			var page []byte
			r, err := timed(func() (err error) {
				page, err = form.draw(s, &derived, render.Context{})
				return err
			})
			if err != nil {
				return err
			}
			form.run.Size, form.run.Stored = int64(len(s.Hours)), int64(len(page))
			rounds = append(rounds, r)
		}
		form.run.take(rounds)
	}
	return nil
}

// fill makes the contract, the chain, and the jobs with their receipts.
func (b *verifyBench) fill(ctx context.Context, s *sqlite.Store) error {
	sla := lease.DefaultSLA()
	terms, err := s.PutTerms(ctx, lease.Terms{
		Format: lease.TermsFormat, Text: "bench", Coin: "regtest", HouseScript: "51", FeePPM: 20_000, Scheme: lease.SchemeTides, Tides: lease.DefaultTides, SLA: &sla,
		Prices: &lease.Prices{Work: &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(1000))}, LowBudgetHours: 2},
	})
	if err != nil {
		return err
	}
	tenant := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	if err := s.AddTenant(ctx, lease.Tenant{ID: monthTenant, Key: tenant, CreatedMs: monthBegin}); err != nil {
		return err
	}
	provider := benchKey().Public().(ed25519.PublicKey)
	l := lease.Lease{Tenant: monthTenant, Model: lease.Leased, ContractedHps: monthHps, StartMs: monthBegin, ProofMs: monthProof, Terms: terms, Provider: [32]byte(provider)}
	l, err = s.AddLease(ctx, l, 1<<40, func(id string) (lease.Tag, []lease.Event, error) {
		return lease.NewTag(lease.TagInput{Provider: provider, Lease: id, Tenant: tenant, Terms: terms}), nil, nil
	})
	if err != nil {
		return err
	}
	if err := b.prepay(ctx, s, &l); err != nil {
		return err
	}
	chain := newMonthChain(b.ms())
	if err := s.PutHeaders(ctx, chain.stored()); err != nil {
		return err
	}
	run, err := s.BeginRun(ctx, monthBegin)
	if err != nil {
		return err
	}
	return b.work(ctx, s, &l, chain, run)
}

// prepay books what the month costs.
func (b *verifyBench) prepay(ctx context.Context, s *sqlite.Store, l *lease.Lease) error {
	const sat = 100_000_000
	t, err := ledger.Prepayment(ledger.Party{Tenant: monthTenant, Lease: l.ID}, "paid", sat, monthBegin)
	if err != nil {
		return err
	}
	e, err := lease.NewEvent(lease.EventPrepaid, monthBegin, t.Key, lease.Prepaid{Sat: sat, Ref: t.Ref})
	if err != nil {
		return err
	}
	return s.Post(ctx, t, e.Of(l))
}

// work stores the jobs, and receipts that come evenly over the month.
func (b *verifyBench) work(ctx context.Context, s *sqlite.Store, l *lease.Lease, chain *monthChain, run int64) error {
	const together = 200 // jobs that become durable at a time
	templates := newMonthTemplates(l.Terms, l.ID)
	target := miner.TargetForWork(lease.ProofWork(miner.Hashes(monthHps), monthProof))
	at := func(job int) int64 { return monthBegin + b.ms()*int64(job)/int64(b.cfg.Jobs) }
	var made int
	var n uint64
	for from := 0; from < b.cfg.Jobs; from += together {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.cfg.Progress(fmt.Sprintf("making a month: %d of %d jobs", from, b.cfg.Jobs))
		count := min(together, b.cfg.Jobs-from)
		group, err := templates.group(chain, l, target, from, count, at)
		if err != nil {
			return err
		}
		_, placed, err := s.PutJobs(ctx, group.stored, group.jobs)
		if err != nil {
			return err
		}
		n++
		batch := lease.Batch{Run: run, N: n, AtMs: at(from + count)}
		var hashes uint64
		for i, t := range group.list {
			m := miners{issue: t.Issue(l.Tag, target, nil)}
			for due := int(int64(b.cfg.Receipts) * int64(from+i+1) / int64(b.cfg.Jobs)); made < due; made++ {
				r := m.find(uint64(made), &hashes)
				r.Lease, r.Job, r.Source, r.Work = l.ID, placed[i].Seq, "cpu0", target.Work()
				r.CommitMs = monthBegin + b.ms()*int64(made)/int64(b.cfg.Receipts)
				batch.Receipts = append(batch.Receipts, r)
			}
		}
		batch.Counts = []lease.Count{{Lease: l.ID, Source: "cpu0", Hashes: hashes}}
		if _, err := s.CommitBatch(ctx, batch); err != nil {
			return err
		}
		if err := b.seal(ctx, s, batch.AtMs+1); err != nil {
			return err
		}
	}
	return nil
}

// binaryNonce spreads numbers over extranonces.
func binaryNonce(n uint64) []byte {
	b := make([]byte, 8)
	binary.BigEndian.PutUint64(b, n)
	return b[2:]
}
