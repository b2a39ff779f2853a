//go:build slow && unix

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/stratum/solo/sandbox"
)

// kills is how often the node is killed in a row on one directory.
const kills = 20

// TestKill kills the node at random moments. It must start again each time,
// with every receipt that was acknowledged, none of them twice, and with
// every block that the chain has in its books.
func TestKill(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hashlease")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data := t.TempDir()
	rng := rand.New(rand.NewPCG(20, uint64(os.Getpid())))

	acknowledged := make(map[int64]lease.Receipt)
	for round := range kills {
		node := exec.Command(program, "node", "--data", data, "--log-format", "json", "--stratum", "127.0.0.1:0")
		log, err := os.Create(filepath.Join(t.TempDir(), "node.log"))
		if err != nil {
			t.Fatal(err)
		}
		node.Stdout, node.Stderr = log, log
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { node.Wait(); close(ended) }()
		var seen map[int64]lease.Receipt
		if round == 0 {
			// The first start makes keys, terms and demo leases: let it.
			waitForReceipt(t, data)
		}
		deadline := time.Now().Add(time.Duration(rng.Int64N(int64(3500 * time.Millisecond))))
		for time.Now().Before(deadline) {
			seen = readReceipts(t, data)
			time.Sleep(time.Duration(rng.Int64N(int64(100 * time.Millisecond))))
		}
		select {
		case <-ended:
			b, _ := os.ReadFile(log.Name())
			t.Fatalf("round %d: the node ended by itself:\n%s", round, b)
		default:
		}
		node.Process.Kill()
		<-ended
		log.Close()

		after := readReceipts(t, data)
		for seq, r := range acknowledged {
			if got, ok := after[seq]; !ok || got.Job != r.Job || got.Nonce != r.Nonce {
				t.Fatalf("round %d: receipt %d of an earlier run is gone or another", round, seq)
			}
		}
		for seq := range seen {
			if _, ok := after[seq]; !ok {
				t.Fatalf("round %d: receipt %d was seen before the kill and is lost", round, seq)
			}
		}
		acknowledged = after
	}
	t.Logf("%d receipts after %d kills", len(acknowledged), kills)
	if len(acknowledged) == 0 {
		t.Error("no receipt in all these runs: the test has shown nothing")
	}

	// A clean run settles what the last kill left open.
	if out, err := exec.Command(program, "node", "--data", data, "--run-for", "1s", "--stratum", "off").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	checkBooks(t, data)
	for _, id := range []string{"L-0001", "L-0002"} {
		bundle := filepath.Join(t.TempDir(), id+".bundle")
		if out, err := exec.Command(program, "statement", id, "--data", data, "--format", "bundle", "-o", bundle).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if out, err := exec.Command(program, "verify", bundle).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", id, err, out)
		}
	}
}

func openStore(t *testing.T, data string) lease.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(data, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func waitForReceipt(t *testing.T, data string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		if _, err := os.Stat(filepath.Join(data, databaseFile)); err == nil && len(readReceipts(t, data)) > 0 {
			tick.Stop()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("the first node found nothing")
		case <-tick.C:
		}
	}
}

// readReceipts reads all receipts as any other process would.
func readReceipts(t *testing.T, data string) map[int64]lease.Receipt {
	t.Helper()
	s := openStore(t, data)
	defer s.Close()
	all := make(map[int64]lease.Receipt)
	for r, err := range s.ReceiptsBack(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Seq] = r
	}
	return all
}

// checkBooks compares the ledger with the chain: every block of the sandbox
// chain was found by this node, so each one must be booked, once.
func checkBooks(t *testing.T, data string) {
	t.Helper()
	s := openStore(t, data)
	defer s.Close()
	if err := ledger.Check(t.Context(), s); err != nil {
		t.Error(err)
	}
	coin, err := sandbox.Open(sandbox.Config{Dir: filepath.Join(data, sandboxDir)})
	if err != nil {
		t.Fatal(err)
	}
	defer coin.Close()
	_, height, err := coin.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := s.Blocks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	booked := make(map[int64]int)
	for _, b := range blocks {
		switch b.State {
		case lease.Adopted, lease.Mature:
			booked[b.Height]++
		case lease.Candidate:
			t.Errorf("block %v is still a candidate", b.Hash)
		}
	}
	t.Logf("%d blocks on the chain", height)
	for h := int64(1); h <= height; h++ {
		if booked[h] != 1 {
			t.Errorf("the block at height %d is booked %d times", h, booked[h])
		}
	}
	if int64(len(booked)) != height {
		t.Errorf("%d blocks are booked, the chain has %d", len(booked), height)
	}
}
