package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/miner"
)

// pooledBooks is a data directory in which acme's lease and the house worked for
// the house's pool in one hour, three to one.
func pooledBooks(t *testing.T) (dir string, hour time.Time) {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e, _, _ := testEnv()
	cfg := defaultConfig()
	p, err := openProvider(ctx, dir, true)
	ok(err)
	defer p.close()
	terms, err := p.newestTerms(ctx, e, &cfg)
	ok(err)
	ok(p.store.AddTenant(ctx, lease.Tenant{ID: "acme", Key: p.public()}))
	const first = 480_000 // hours since 1970
	l := lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1000, StartMs: first * lease.MsPerHour, ProofMs: lease.DefaultProofMs, Terms: terms}
	_, err = p.store.AddLease(ctx, l, 1_000_000, func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{1}, nil, nil })
	ok(err)
	target, earns := miner.TargetForWork(miner.Hashes(1000)), &lease.Earns{Network: miner.Hashes(1 << 40), Sat: 5_000_000_000}
	_, jobs, err := p.store.PutJobs(ctx, []lease.Template{{Body: []byte(`{"format":"hashlease-pool-template/3"}`)}},
		[]lease.Job{{Lease: "L-0001", Target: target, Earns: earns}, {Lease: lease.House, Target: target, Earns: earns}})
	ok(err)
	run, err := p.store.BeginRun(ctx, first*lease.MsPerHour)
	ok(err)
	batch := lease.Batch{Run: run, N: 1, AtMs: first*lease.MsPerHour + 1}
	for i, job := range []lease.Job{jobs[0], jobs[0], jobs[0], jobs[1]} {
		batch.Receipts = append(batch.Receipts, lease.Receipt{Lease: job.Lease, Job: job.Seq, Source: "cpu0", Extranonce: []byte{1}, Nonce: uint32(i), Work: target.Work()})
	}
	_, err = p.store.CommitBatch(ctx, batch)
	ok(err)
	_, err = p.store.CommitBatch(ctx, lease.Batch{Run: run, N: 2, AtMs: (first + 1) * lease.MsPerHour})
	ok(err)
	settler := billing.Settler{Store: p.store}
	_, err = settler.Settle(ctx, first)
	ok(err)
	return dir, time.UnixMilli(first * lease.MsPerHour).UTC()
}

func TestLedgerIncome(t *testing.T) {
	dir, hour := pooledBooks(t)
	from, to := hour.Format(time.RFC3339), hour.Add(time.Hour).Format(time.RFC3339)
	for _, tt := range []struct {
		name string
		args string
		code int
		want []string // in what is printed
	}{
		{"unsettled", "income 1000sat --ref ab:0 --from " + from + " --to " + hour.Add(2*time.Hour).Format(time.RFC3339), 1, []string{"not settled yet", "try again"}},
		{"shared", "income 0.00001001SANDBOX --ref ab:0 --from " + from + " --to " + to, 0, []string{"751", "15", "736", "250", "are shared by 4"}},
		{"again", "income 1001sat --ref ab:0 --json --from " + from + " --to " + to, 0, []string{`"again": true`, `"net_sat": 736`, `"own_work": 3000`, `"tenant": "acme"`}},
		{"another amount", "income 1000sat --ref ab:0 --from " + from + " --to " + to, 1, []string{"exists already", "a reference of its own"}},
		{"hours again", "income 1000sat --ref cd:0 --from " + from + " --to " + to, 1, []string{"shared for some of these hours already", "ab:0"}},
		{"books", "check", 0, []string{"all hold"}},
		{"taken back", "correct income:ab:0 --reason wrong --none", 0, []string{"reversal:income:ab:0"}},
		{"by that name", "income 1001sat --ref ab:0 --from " + from + " --to " + to, 1, []string{"was taken back", "ab:0:again"}},
		{"by another", "income 1001sat --ref ab:0:again --from " + from + " --to " + to, 0, []string{"are shared by 4"}},
	} {
		e, out, errs := testEnv()
		code := run(t.Context(), e, append([]string{"ledger"}, append(strings.Fields(tt.args), "--data", dir)...))
		text := out.String() + errs.String()
		if code != tt.code {
			t.Errorf("%s: exit code %d, want %d: %s", tt.name, code, tt.code, text)
		}
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in: %s", tt.name, want, text)
			}
		}
	}
	e, out, errs := testEnv()
	if code := run(t.Context(), e, []string{"events", "--kind", "pool-income", "--data", dir}); code != 0 || !strings.Contains(out.String(), "751 sat of the pool's 1001 sat (ab:0)") {
		t.Errorf("%d: %s%s", code, out, errs)
	}
}
