package billing_test

import (
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

// pooled is a provider whose house has worked for a pool.
type pooled struct {
	*testing.T
	lease.Store
	run  int64
	n    uint64
	jobs map[string][2]lease.Job // by lease: on the house's own template, and on the pool's
	seq  uint32
}

// incomeHour is the first hour of the tests, since 1970 UTC.
const incomeHour = 480_000

func incomeMs(hour int64) int64 { return (incomeHour + hour) * lease.MsPerHour }

// shareWork is the work of one share.
const shareWork = 1 << 20

func newPooled(t *testing.T) *pooled {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	p := &pooled{T: t, Store: store, jobs: make(map[string][2]lease.Job)}
	shared := lease.Terms{Format: lease.TermsFormat, HouseScript: "52", Scheme: lease.SchemeTides, Tides: lease.DefaultTides, FeePPM: 30_000}
	solo, byShare := shared, shared
	solo.Scheme, solo.FeePPM = lease.SchemeSolo, 0
	byShare.Scheme, byShare.FeePPM, byShare.Reserve = lease.SchemePPS, 10_000, &lease.Reserve{Sat: 1 << 40, RuinPPM: 1000}
	for i, terms := range []lease.Terms{shared, solo, byShare} {
		hash, err := store.PutTerms(t.Context(), terms)
		if err != nil {
			t.Fatal(err)
		}
		tenant := []string{"anna", "bert", "carl"}[i]
		if err := store.AddTenant(t.Context(), lease.Tenant{ID: tenant, Key: make(ed25519.PublicKey, 32)}); err != nil {
			t.Fatal(err)
		}
		_, err = store.AddLease(t.Context(), lease.Lease{
			Tenant: tenant, Model: lease.Leased, ContractedHps: 1000, StartMs: incomeMs(0), ProofMs: 5000, Terms: hash,
		}, 1<<60, func(id string) (lease.Tag, []lease.Event, error) { return lease.Tag{byte(i + 1)}, nil, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"L-0001", "L-0002", "L-0003", lease.House} {
		earns := &lease.Earns{Network: miner.Hashes(1 << 40), Sat: 5_000_000_000}
		own := earns
		if id != "L-0003" {
			own = nil // as blocks are shared
		}
		_, jobs, err := store.PutJobs(t.Context(),
			[]lease.Template{{Body: []byte(`{"format":"hashlease-template/3"}`)}, {Body: []byte(`{"format":"hashlease-pool-template/3"}`)}},
			[]lease.Job{
				{Template: 0, Lease: id, Target: miner.TargetForWork(miner.Hashes(shareWork)), Earns: own},
				{Template: 1, Lease: id, Target: miner.TargetForWork(miner.Hashes(shareWork)), Earns: earns},
			})
		if err != nil {
			t.Fatal(err)
		}
		p.jobs[id] = [2]lease.Job(jobs)
	}
	if p.run, err = store.BeginRun(t.Context(), incomeMs(0)); err != nil {
		t.Fatal(err)
	}
	return p
}

// work commits shares of an hour: of each lease so many on own templates, and
// on the pool's.
func (p *pooled) work(hour int64, shares map[string][2]int) {
	p.Helper()
	p.n++
	b := lease.Batch{Run: p.run, N: p.n, AtMs: incomeMs(hour)}
	for _, id := range []string{"L-0001", "L-0002", "L-0003", lease.House} {
		for kind, n := range shares[id] {
			for range n {
				p.seq++
				j := p.jobs[id][kind]
				b.Receipts = append(b.Receipts, lease.Receipt{Lease: id, Job: j.Seq, Source: "cpu0", Extranonce: []byte{1}, Nonce: p.seq, Work: j.Target.Work()})
			}
		}
	}
	if _, err := p.CommitBatch(p.Context(), b); err != nil {
		p.Fatal(err)
	}
}

func (p *pooled) settle() {
	p.Helper()
	s := &billing.Settler{Store: p.Store}
	if _, err := s.Settle(p.Context(), incomeHour+1000); err != nil {
		p.Fatal(err)
	}
}

// balance is what an account owes, in satoshi.
func (p *pooled) balance(account string) (sat int64) {
	p.Helper()
	all, err := p.Balances(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	for _, b := range all {
		if b.Account == account {
			sat -= b.Sat
		}
	}
	return sat
}

// A payment of the house's pool is shared by the work that was proven for the
// pool in its hours, to the satoshi; who is paid by the share has been paid.
func TestIncomeIsShared(t *testing.T) {
	p := newPooled(t)
	incomes := billing.Incomes{Store: p.Store}
	book := func(sat int64, ref string, from, to int64) (billing.IncomeShare, bool, error) {
		return incomes.Book(t.Context(), sat, ref, incomeMs(from), incomeMs(to), incomeMs(to))
	}
	p.work(0, map[string][2]int{"L-0001": {5, 3}, "L-0002": {0, 2}, "L-0003": {7, 1}, lease.House: {4, 1}})
	p.work(1, map[string][2]int{"L-0001": {0, 4}, "L-0002": {9, 0}})
	if _, _, err := book(1000, "early", 0, 2); !errors.Is(err, billing.ErrUnsettled) {
		t.Errorf("unsettled hours: %v", err)
	}
	p.work(2, map[string][2]int{lease.House: {0, 1}})
	p.work(3, nil)
	p.settle()

	// Shares under PPS earn by the job, whoever pays; others do not.
	earned := int64(8) * shareWork * 5_000_000_000 * 99 / 100 >> 40
	if sat := p.balance(ledger.Available("carl")); sat != earned {
		t.Errorf("shares earned %d sat, want %d", sat, earned)
	}
	if sat := p.balance(ledger.Available("anna")); sat != 0 {
		t.Errorf("shares of a lease that shares blocks earned %d sat", sat)
	}

	const paid = 14_285
	share, again, err := book(paid, "ab:0", 0, 2)
	if err != nil || again {
		t.Fatal(again, err)
	}
	// 14285·7/11 = 9090.45…, ·2/11 = 2597.27…, ·2/11 = 2597.27… the house with L-0003.
	want := map[string]int64{"L-0001": 9091, "L-0002": 2597}
	sum := share.Total.GrossSat
	for _, part := range share.Parts {
		if part.GrossSat != want[part.Lease] {
			t.Errorf("%s gets %d sat, want %d", part.Lease, part.GrossSat, want[part.Lease])
		}
		sum += part.GrossSat
	}
	if sum != paid || share.Total.GrossSat != 2597 || share.Total.Leases != 2 || share.Total.Work.Work() != miner.Hashes(11*shareWork) {
		t.Errorf("%+v of %d, %d in all", share.Total, paid, sum)
	}
	fee := int64(9091 * 30_000 / 1_000_000)
	for account, sat := range map[string]int64{
		ledger.Available("anna"): 9091 - fee, ledger.Available("bert"): 2597, ledger.Available("carl"): earned,
		ledger.Fee: fee, ledger.Mining: 2597, ledger.Wallet: -paid,
	} {
		if got := p.balance(account); got != sat {
			t.Errorf("%s has %d sat, want %d", account, got, sat)
		}
	}
	same, again, err := book(paid, "ab:0", 0, 2)
	if err != nil || !again || len(same.Parts) != 2 || same.Total != share.Total {
		t.Errorf("again: %+v, %v, %v", same, again, err)
	}
	if _, _, err := book(paid+1, "ab:0", 0, 2); !errors.Is(err, lease.ErrExists) {
		t.Errorf("another payment of that name: %v", err)
	}
	for _, overlap := range [][2]int64{{0, 2}, {1, 3}, {0, 1}} {
		if _, _, err := book(5, "cd:1", overlap[0], overlap[1]); !errors.Is(err, billing.ErrShared) {
			t.Errorf("hours %v: %v", overlap, err)
		}
	}
	if share, _, err := book(100, "ef:0", 2, 3); err != nil || len(share.Parts) != 0 || share.Total.GrossSat != 100 {
		t.Errorf("an hour of the house alone: %+v, %v", share, err)
	}
	if err := ledger.Check(t.Context(), p.Store); err != nil {
		t.Error(err)
	}
	all, err := incomes.List(t.Context(), "L-0001")
	if err != nil || len(all) != 1 || all[0].OwnWork.Work() != miner.Hashes(7*shareWork) || all[0].FeeSat != fee {
		t.Errorf("of the lease: %+v, %v", all, err)
	}

	// What was booked by mistake is taken back, and its hours can be shared.
	wrong, err := p.Transaction(t.Context(), ledger.IncomeKey("ab:0"))
	if err != nil {
		t.Fatal(err)
	}
	txs, err := ledger.Correct(wrong, nil, incomeMs(4))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.PostAll(t.Context(), txs); err != nil {
		t.Fatal(err)
	}
	if _, _, err := book(paid, "ab:1", 0, 1); err != nil {
		t.Error(err)
	}
}

// What cannot be shared is refused.
func TestIncomeErrors(t *testing.T) {
	p := newPooled(t)
	incomes := billing.Incomes{Store: p.Store}
	p.work(0, map[string][2]int{"L-0001": {5, 0}})
	p.work(3, nil)
	p.settle()
	for _, c := range []struct {
		sat      int64
		ref      string
		from, to int64 // ms
		want     error
	}{
		{0, "a", incomeMs(0), incomeMs(1), nil},
		{lease.MaxSat + 1, "a", incomeMs(0), incomeMs(1), nil},
		{1, "a", incomeMs(1), incomeMs(1), nil},
		{1, "a", incomeMs(0) + 1, incomeMs(1), nil},
		{1, "a", incomeMs(0), incomeMs(1) - 1, nil},
		{1, "a", -lease.MsPerHour, incomeMs(1), nil},
		{1, "a", incomeMs(0), incomeMs(1), billing.ErrNoWork}, // on own templates alone
	} {
		_, _, err := incomes.Book(t.Context(), c.sat, c.ref, c.from, c.to, c.to)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	p.work(4, map[string][2]int{"L-0001": {0, 1}})
	p.work(6, nil)
	p.settle()
	for _, ref := range []string{"", "a#2", "a\nb"} {
		if _, _, err := incomes.Book(t.Context(), 1, ref, incomeMs(4), incomeMs(5), incomeMs(6)); err == nil {
			t.Errorf("reference %q was taken", ref)
		}
	}
}
