package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// version1 makes a database as the program wrote it when its tables were of
// version 1: a tenant with a lease, three receipts, a block and its reward.
func version1(t *testing.T) string {
	t.Helper()
	dump, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lease.db")
	fill(t, path, string(dump))
	return path
}

// schema lists the statements that make a database's tables.
func schema(t *testing.T, s *Store) []string {
	t.Helper()
	all, err := collect(t.Context(), s.reader, func(row scanner) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMigrateKeepsEverything(t *testing.T) {
	ctx := t.Context()
	s := open(t, version1(t))
	if fresh := open(t, filepath.Join(t.TempDir(), "fresh.db")); !slices.Equal(schema(t, s), schema(t, fresh)) {
		t.Errorf("the old file's tables are\n%q\nand a new one's\n%q", schema(t, s), schema(t, fresh))
	}
	l, err := s.Lease(ctx, "L-0001")
	if err != nil {
		t.Fatal(err)
	}
	w := world{lease: l}
	if w.job, err = s.Job(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.expect(t, s, 3)
	if hps, err := s.Capacity(ctx); err != nil || hps != 123_456_789 {
		t.Errorf("capacity %d, %v", hps, err)
	}
	if v, err := s.LeasesVersion(ctx); err != nil || v != 1 {
		t.Errorf("leases are of version %d, %v", v, err)
	}
	if b, err := s.Block(ctx, miner.Hash{7}); err != nil || b.State != lease.Adopted || len(b.Raw) != 2 {
		t.Errorf("block %+v, %v", b, err)
	}
	if b, err := s.Balances(ctx); err != nil || len(b) != 2 || b[0].Sat != 5 || b[1].Sat != -5 {
		t.Errorf("balances %+v, %v", b, err)
	}

	// And the new things work.
	token, err := lease.NewTokenHash([16]byte{1}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddRig(ctx, lease.Rig{Name: "r", Tenant: "acme", Token: token}); err != nil {
		t.Fatal(err)
	}
	if w.run, err = s.BeginRun(ctx, 3000); err != nil {
		t.Fatal(err)
	}
	b := w.batch(3)
	for i := range b.Receipts {
		b.Receipts[i].Source = "r"
	}
	if _, err := s.CommitBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	w.expect(t, s, 6)
	if m, err := s.RigMeter(ctx, "r", 0); err != nil || m.Evidence.N != 3 || m.Recent.N != 3 {
		t.Errorf("meter %+v, %v", m, err)
	}
}

// The tables of version 2 had rigs, but no pools.
func TestMigrateVersion2(t *testing.T) {
	ctx := t.Context()
	dump, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	rigs, err := migrations.ReadFile("migrations/0002_rigs.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lease.db")
	fill(t, path, string(dump)+string(rigs)+`PRAGMA user_version = 2;
		INSERT INTO rigs VALUES ('r', 'acme', zeroblob(16), zeroblob(32), 1, 0, 0, '', 0, 0);`)
	s := open(t, path)
	if fresh := open(t, filepath.Join(t.TempDir(), "fresh.db")); !slices.Equal(schema(t, s), schema(t, fresh)) {
		t.Errorf("the old file's tables are\n%q\nand a new one's\n%q", schema(t, s), schema(t, fresh))
	}
	if r, err := s.Rig(ctx, "r"); err != nil || r.Tenant != "acme" {
		t.Errorf("rig %+v, %v", r, err)
	}
	old, err := s.Lease(ctx, "L-0001")
	if err != nil || old.Pool != nil {
		t.Fatalf("the old lease has the pool %v, %v", old.Pool, err)
	}
	l := old
	l.Pool = &lease.Pool{URLs: []string{"stratum+tcp://a:1", "wss://b/c?d=e"}, User: "acme.w1", Password: `p "q" \`}
	if l, err = s.AddLease(ctx, l, 2, func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{2}, nil, nil }); err != nil {
		t.Fatal(err)
	}
	w := world{lease: l}
	_, jobs, err := s.PutJobs(ctx, []lease.Template{{Body: []byte("{}")}}, []lease.Job{{Lease: l.ID, Tag: l.Tag, Target: miner.TargetForWork(miner.Hashes(1000))}})
	if err != nil {
		t.Fatal(err)
	}
	w.job = jobs[0]
	if w.run, err = s.BeginRun(ctx, 3000); err != nil {
		t.Fatal(err)
	}
	w.commit(t, s, 2)
	w.expect(t, s, 2)
}

// The tables of version 3 had no hours of receipts, and knew them by their jobs.
func TestMigrateVersion3(t *testing.T) {
	ctx := t.Context()
	text, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"migrations/0002_rigs.sql", "migrations/0003_pools.sql"} {
		more, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	const hour = lease.MsPerHour
	path := filepath.Join(t.TempDir(), "lease.db")
	fill(t, path, string(text)+fmt.Sprintf(`PRAGMA user_version = 3;
		INSERT INTO receipts SELECT seq + 3, lease, job, 'rig', %d, extranonce, time, nonce, version_bits, work FROM receipts;
		INSERT INTO counts VALUES ('L-0001', 'rig', 7, X'000000000000000100000000000000FF');
		INSERT INTO verdicts VALUES ('L-0001', 'cpu0', 'duplicate', 7, 4);
		INSERT INTO upstream VALUES ('L-0001', 7, 9, 8, 1, 0, X'00000000000000000000000000000020', X'00000000000000000000000000000010');
		INSERT INTO runs VALUES (2, %d, %d, 0, 0, 0);`, 7*hour, 6*hour, 7*hour+5))
	s := open(t, path)
	if fresh := open(t, filepath.Join(t.TempDir(), "fresh.db")); !slices.Equal(schema(t, s), schema(t, fresh)) {
		t.Errorf("the old file's tables are\n%q\nand a new one's\n%q", schema(t, s), schema(t, fresh))
	}
	var three lease.Evidence
	three.AddN(miner.Hashes(1000), 3)
	want := []lease.HourMeter{
		{Lease: "L-0001", Source: "cpu0", Counted: miner.Hashes(3000), Evidence: three, Verdicts: map[string]uint64{lease.Stale: 3}},
		{Lease: "L-0001", Source: "cpu0", Hour: 7, Verdicts: map[string]uint64{"duplicate": 4}},
		{Lease: "L-0001", Source: "rig", Hour: 7, Counted: miner.Work{Hi: 1, Lo: 255}, Evidence: three, Verdicts: map[string]uint64{}},
	}
	for _, id := range []string{"", "L-0001"} {
		got := gatherAll(t, s.HourMeters(ctx, id, 0, 100))
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("hours of %q are\n%+v, want\n%+v", id, got, want)
		}
	}
	said := gatherAll(t, s.HourUpstreams(ctx, "", 0, 100))
	if len(said) != 1 || said[0].Hour != 7 || said[0].Accepted != 8 || said[0].SentWork != miner.Hashes(32) {
		t.Errorf("its pool said %+v", said)
	}
	if n := len(gatherAll(t, s.ReceiptsOn(ctx, miner.Hash{}))); n != 6 {
		t.Errorf("%d receipts on the block before, want 6", n)
	}
	if ms, err := s.Heartbeat(ctx); err != nil || ms != 7*hour+5 {
		t.Errorf("heartbeat %d, %v", ms, err)
	}
	l, err := s.Lease(ctx, "L-0001")
	if err != nil || l.Pauses != nil || l.Rigs != nil || l.Cores != nil || l.Orders != 0 {
		t.Errorf("lease %+v, %v", l, err)
	}
	if j, err := s.Job(ctx, 1); err != nil || j.Earns != nil {
		t.Errorf("job %+v, %v", j, err)
	}
	// What comes goes on from there.
	w := world{lease: l}
	if w.job, err = s.Job(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if w.run, err = s.BeginRun(ctx, 5); err != nil {
		t.Fatal(err)
	}
	w.commit(t, s, 2)
	got := gatherAll(t, s.HourMeters(ctx, "", 7, 8))
	if len(got) != 2 || got[0].Evidence.N != 2 || got[0].Counted != miner.Hashes(2000) {
		t.Errorf("after two more receipts: %+v", got)
	}
}

// gatherAll gathers a sequence.
func gatherAll[T any](t *testing.T, seq iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// A list of addresses that is none is damage, not a lease without a pool.
func TestDamagedPool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	w := newWorld(t, open(t, path))
	fill(t, path, "UPDATE leases SET pool_urls = 'stratum+tcp://a:1'")
	s := open(t, path)
	if _, err := s.Lease(t.Context(), w.lease.ID); !errors.Is(err, errDamaged) {
		t.Errorf("error %v, want %v", err, errDamaged)
	}
}

// Many processes may meet at a file that none of them has brought up to date.
func TestMigrateAtOnce(t *testing.T) {
	path := version1(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Rigs(context.Background()); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
