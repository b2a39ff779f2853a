package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

const ledgerTenant = "acme"

// ledgerTerms promise and charge all there is.
func ledgerTerms() lease.Terms {
	sla := lease.DefaultSLA()
	return lease.Terms{
		Format: lease.TermsFormat, Text: "bench", Coin: "regtest", HouseScript: "51", FeePPM: 20_000, Scheme: lease.SchemePPS, Tides: lease.DefaultTides,
		Reserve: &lease.Reserve{Sat: lease.MaxSat, RuinPPM: 1000}, SLA: &sla,
		Prices: &lease.Prices{
			Work:  &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(1 << 36))},
			Power: &lease.Power{SatPerMWh: 1_000_000, PUEPPM: 1_200_000}, RigFee: &lease.RigFee{SatPerRigDay: 24_000},
			Slice: &lease.Slice{SatPerCoreHour: 1000}, LowBudgetHours: 2, EarlyExitPPM: 100_000,
		},
	}
}

func addLedgerRig(ctx context.Context, s *sqlite.Store, name, tenant string) error {
	token, err := lease.NewTokenHash([16]byte{1}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if err != nil {
		return err
	}
	return s.AddRig(ctx, lease.Rig{Name: name, Tenant: tenant, Token: token, CreatedMs: ledgerBegin, RatedMilliJTH: 20_000})
}

// addLedgerLease adds the lease number i, from 0.
func addLedgerLease(ctx context.Context, s *sqlite.Store, i int, terms lease.TermsHash) (lease.Lease, error) {
	const kinds = 10
	l := lease.Lease{Tenant: ledgerTenant, Model: lease.Leased, ContractedHps: perLease << 40 / 3600, StartMs: ledgerBegin, ProofMs: lease.MaxProofMs / 2, Terms: terms}
	switch i % kinds {
	case 3:
		l.Model, l.Rigs = lease.Hosted, []string{fmt.Sprintf("hosted-%d", i)}
		if err := addLedgerRig(ctx, s, l.Rigs[0], ledgerTenant); err != nil {
			return l, err
		}
	case 7:
		l.Model, l.Cores = lease.VirtualHosted, []int{i}
	}
	return s.AddLease(ctx, l, 1<<62, func(string) (lease.Tag, []lease.Event, error) {
		var tag lease.Tag
		binary.BigEndian.PutUint64(tag[:], uint64(i+1)*0x9e3779b97f4a7c15)
		return tag, nil, nil
	})
}

// hour makes the shares of an hour: each lease has some of ten machines.
func (f *ledgerFarm) hour(h int64) lease.Batch {
	b := lease.Batch{Run: f.run, AtMs: h*lease.MsPerHour + 60_000}
	for i := range f.leases {
		for k := range perLease {
			source := f.sources[(i+k*17)%len(f.sources)]
			if f.leases[i].Model == lease.Hosted {
				source = f.leases[i].Rigs[0]
			}
			b.Receipts = append(b.Receipts, f.receipt(&f.jobs[i], source))
			if source[0] == 'c' {
				b.Counts = append(b.Counts, lease.Count{Lease: f.leases[i].ID, Source: source, Hashes: 1 << 40})
			}
		}
	}
	return b
}

// settle measures the settlement of hours of all leases, and then the booking
// of blocks that are shared by all of them.
func (b *ledgerBench) settle(ctx context.Context) (err error) {
	s, err := b.open(ctx, "settle.db")
	if err != nil {
		return err
	}
	defer closing(s, &err)
	f, err := newLedgerFarm(ctx, s, b.cfg.Leases, func(done int) {
		if done%100 == 0 {
			b.cfg.Progress(fmt.Sprintf("measuring: settling, %d of %d leases are there", done, b.cfg.Leases))
		}
	})
	if err != nil {
		return err
	}
	for i := range f.leases {
		t, err := ledger.Prepayment(ledger.Party{Tenant: ledgerTenant, Lease: f.leases[i].ID}, f.leases[i].ID, 1_000_000_000, ledgerBegin)
		if err != nil {
			return err
		}
		e, err := lease.NewEvent(lease.EventPrepaid, ledgerBegin, t.Key, lease.Prepaid{Sat: 1_000_000_000, Ref: t.Ref})
		if err != nil {
			return err
		}
		if err := s.Post(ctx, t, e.Of(&f.leases[i])); err != nil {
			return err
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	settler := &billing.Settler{Store: s}
	var rounds []round
	for n := range int64(ledgerRounds) {
		b.cfg.Progress(fmt.Sprintf("measuring: settling, hour %d of %d", n+1, ledgerRounds))
		h := ledgerHour + n
		for _, batch := range []lease.Batch{f.hour(h), {Run: f.run, AtMs: (h + 1) * lease.MsPerHour}} {
			if _, err := s.CommitBatch(ctx, batch); err != nil {
				return err
			}
		}
		r, err := timed(func() error {
			_, err := settler.Settle(ctx, h)
			return err
		})
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	b.res.Settle = LedgerRun{Size: int64(len(f.leases))}
	b.res.Settle.take(rounds)
	for h, err := range s.SettledHours(ctx, "", 0, ledgerHour+ledgerRounds) {
		if err != nil {
			return err
		}
		if h.ChargedSat > 0 {
			b.res.Settle.Stored++
		}
	}
	if want := int64(len(f.leases) * ledgerRounds); b.res.Settle.Stored != want {
		return fmt.Errorf("%d hours are charged: want %d", b.res.Settle.Stored, want)
	}
	return b.book(ctx, s, f)
}

// book measures how blocks are booked as found and as mature.
func (b *ledgerBench) book(ctx context.Context, s *sqlite.Store, f *ledgerFarm) error {
	b.cfg.Progress("measuring: booking blocks")
	reward := ledger.Reward{Fee: 1_000_000, Tenants: make(map[string]string)}
	for i := range f.leases {
		reward.Split = append(reward.Split, lease.Part{Lease: f.leases[i].ID, Sat: int64(100_000 + i)})
		reward.Tenants[f.leases[i].ID] = ledgerTenant
	}
	var rounds []round
	run := LedgerRun{}
	for n := range ledgerBlocks {
		block := lease.Block{Hash: miner.Hash{byte(n), 1}, Template: f.jobs[0].Template, Job: f.jobs[0].Seq, Lease: f.jobs[0].Lease, FoundMs: ledgerBegin}
		if err := s.PutBlock(ctx, block); err != nil {
			return err
		}
		found, err := ledger.Found(block, reward, ledgerBegin)
		if err != nil {
			return err
		}
		block.Appearances = 1
		matured := ledger.Matured(block, found, ledgerBegin)
		run.Size = int64(len(found.Postings) + len(matured.Postings))
		run.Stored += run.Size
		r, err := timed(func() error {
			if err := s.MoveBlock(ctx, block.Hash, lease.Candidate, lease.Adopted, "", found); err != nil {
				return err
			}
			return s.MoveBlock(ctx, block.Hash, lease.Adopted, lease.Mature, "", matured)
		})
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	run.take(rounds)
	b.res.Booking = run
	b.cfg.Progress("checking the books")
	return ledger.Check(ctx, s)
}
