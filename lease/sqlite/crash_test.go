package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leasetest"
)

// crashEnv tells a copy of the test program to write until it is killed:
// path|lease|job.
const crashEnv = "HASHLEASE_TEST_CRASH"

// receiptsPerBatch is what the copy puts into each batch.
const receiptsPerBatch = 20

func TestMain(m *testing.M) {
	if args, ok := os.LookupEnv(crashEnv); ok { // never the tests again
		fmt.Fprintln(os.Stderr, writeForever(strings.Split(args, "|")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForever commits batches and a payment beside each, every second one in
// the settlement of an hour, and prints the number of each that was
// acknowledged. It sends every third batch twice.
func writeForever(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("%s: want path|lease|job", crashEnv)
	}
	ctx := context.Background()
	s, err := Open(ctx, args[0])
	if err != nil {
		return err
	}
	l, err := s.Lease(ctx, args[1])
	if err != nil {
		return err
	}
	seq, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	w := world{lease: l}
	if w.job, err = s.Job(ctx, seq); err != nil {
		return err
	}
	if w.run, err = s.BeginRun(ctx, 1000); err != nil {
		return err
	}
	for n := uint64(1); ; n++ {
		b := w.batch(receiptsPerBatch)
		b.N = n
		if _, err := s.CommitBatch(ctx, b); err != nil {
			return err
		}
		if n%5 == 0 { // also between two times that one is sent
			if err := sealAll(ctx, s); err != nil {
				return err
			}
		}
		if n%3 == 0 {
			if _, err := s.CommitBatch(ctx, b); err != nil {
				return err
			}
		}
		t := lease.Transaction{Key: fmt.Sprintf("%d/%d", w.run, n), Kind: "test", Postings: []lease.Posting{
			{Account: "assets:wallet", Sat: 1}, {Account: "liab:acme:prepaid", Sat: -1},
		}}
		if n%2 == 0 {
			err = settleNext(ctx, s, w.lease.ID, t)
		} else {
			err = s.Post(ctx, t)
		}
		if err == nil {
			err = w.logMore(ctx, s, n)
		}
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// sealAll seals what is there.
func sealAll(ctx context.Context, s *Store) error {
	from, err := s.SealedMs(ctx)
	if err != nil {
		return err
	}
	to, err := s.Heartbeat(ctx)
	if err != nil || to+1 == from {
		return err
	}
	var receipts []lease.Receipt
	for r, err := range s.Unsealed(ctx, to+1) {
		if err != nil {
			return err
		}
		receipts = append(receipts, r)
	}
	batches, err := leasetest.Batches(from, to+1, receipts)
	if err == nil {
		_, err = s.Seal(ctx, from, to+1, batches)
	}
	return err
}

// checkSealed checks that batches and their leaves are there together.
func (w world) checkSealed(t *testing.T, s *Store) {
	t.Helper()
	leaves := make(map[int64]bool)
	for _, l := range gatherAll(t, s.Leaves(t.Context(), lease.LeafFilter{Kinds: []string{"batch"}, Ref: w.lease.ID})) {
		leaves[l.Index] = true
	}
	sealed := gatherAll(t, s.SealedBatches(t.Context(), "", 0, 1<<60))
	for i, b := range sealed {
		if b.Number != int64(i) || !leaves[b.Leaf] {
			t.Errorf("batch %d has number %d and leaf %d, which there is: %v", i, b.Number, b.Leaf, leaves[b.Leaf])
		}
	}
	if len(sealed) != len(leaves) {
		t.Errorf("%d batches with %d leaves", len(sealed), len(leaves))
	}
}

// settleNext settles the next hour, whose number is the lease's state, with a
// payment and an event.
func settleNext(ctx context.Context, s *Store, id string, t lease.Transaction) error {
	last, err := s.SettledHour(ctx)
	if err != nil {
		return err
	}
	hour := last + 1
	t.Kind = "settled"
	return s.Settle(ctx, lease.Settlement{
		Hour: hour, Prev: last, States: map[string][]byte{id: []byte(strconv.FormatInt(hour, 10))}, Hours: []lease.SettledHour{{Lease: id, Hour: hour, Window: lease.WindowUp}},
		Txs: []lease.Transaction{t}, Events: []lease.Event{{Key: t.Key, Kind: lease.EventAlarm}},
	})
}

// checkSettled checks that so many settlements are there, each as a whole.
func (w world) checkSettled(t *testing.T, s *Store, settled int) {
	t.Helper()
	last, err := s.SettledHour(t.Context())
	if err != nil || last != int64(settled) {
		t.Errorf("hour %d is the last settled, after %d settlements: %v", last, settled, err)
	}
	states, err := s.SettledStates(t.Context())
	if err != nil || settled > 0 && string(states[w.lease.ID]) != strconv.Itoa(settled) {
		t.Errorf("states %q after %d settlements: %v", states, settled, err)
	}
	hours, events := gatherAll(t, s.SettledHours(t.Context(), "", 0, 1<<40)), gatherAll(t, s.Events(t.Context(), lease.EventFilter{}))
	if len(hours) != settled || len(events) != settled {
		t.Errorf("%d hours and %d events of %d settlements", len(hours), len(events), settled)
	}
}

// A process that is killed at any moment loses nothing that it acknowledged,
// and nothing counts twice.
func TestKill(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lease.db")
	s := open(t, path)
	w := newWorld(t, s)
	acknowledged := 0
	for round := range 8 {
		if round%2 == 1 { // the log is recovered by whoever opens it next
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%s|%d", crashEnv, path, w.lease.ID, w.job.Seq))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		stop, killed := 1+rand.IntN(40), false
		seen := 0
		for lines.Scan() {
			if seen, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if seen >= stop && !killed {
				killed = true
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd.Wait()
		if !killed {
			t.Fatalf("the writer ended by itself after %d batches", seen)
		}
		if round%2 == 1 {
			s = open(t, path)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		acknowledged = w.checkCrash(t, s, acknowledged, seen)
	}
}

// checkCrash checks the store after a run that acknowledged so many batches,
// and returns the number of batches that are there.
func (w world) checkCrash(t *testing.T, s *Store, before, seen int) int {
	t.Helper()
	m, err := s.Meter(t.Context(), w.lease.ID)
	if err != nil {
		t.Fatal(err)
	}
	batches := int(m.Evidence.N) / receiptsPerBatch
	if d := batches - before - seen; d < 0 || d > 1 {
		t.Errorf("%d batches stored of %d acknowledged", batches-before, seen)
	}
	w.expect(t, s, batches*receiptsPerBatch)
	posted, settled := 0, 0
	for _, tx := range gatherAll(t, s.Transactions(t.Context())) {
		posted++
		if tx.Kind == "settled" {
			settled++
		}
	}
	w.checkSettled(t, s, settled)
	w.checkSealed(t, s)
	checkLogged(t, s)
	// The payment follows its batch, so it may be missing of the last one of
	// each run alone.
	if posted > batches || posted < before+seen-8 {
		t.Errorf("%d payments for %d batches", posted, batches)
	}
	balances, err := s.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		if b.Sat != int64(posted) && b.Sat != -int64(posted) {
			t.Errorf("%s is %d after %d payments", b.Account, b.Sat, posted)
		}
	}
	return batches
}
