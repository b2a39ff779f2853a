//go:build peers

package dispatch_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// TestReorganisationOnBtcd lets a real btcd take a block away, give it back
// and let it mature, and checks the books after each.
func TestReorganisationOnBtcd(t *testing.T) {
	binary := os.Getenv("BTCD")
	if binary == "" {
		t.Fatal("BTCD must hold the path of a btcd binary")
	}
	btcd := rpctest.Start(t, binary)
	coin, err := rpc.New(rpc.Config{URLs: []string{btcd.URL}, User: btcd.User, Pass: btcd.Pass})
	if err != nil {
		t.Fatal(err)
	}
	p := newPlant(t)
	p.coin.Close()
	l := p.lease(t, "alice", p.capacity/3, 200)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d, err := dispatch.New(ctx, dispatch.Config{
		Store: p.store, Node: coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1, HouseProofMs: 200,
	})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := ledger.Check(t.Context(), p.store); err != nil {
			t.Error(err)
		}
		p.verify(t, l)
	}()

	// The victim is the first block that gives the lease a part. Enough are
	// to follow it that its branch is the longer one in the end.
	var adopted []lease.Block
	var victim lease.Block
	until(t, ctx, "a block of the lease's has five after it", func() bool {
		adopted = blocks(t, p.store, lease.Adopted)
		i := slices.IndexFunc(adopted, func(b lease.Block) bool { return document(t, p.store, b).share(l.ID) > 0 })
		if i < 0 || i+5 >= len(adopted) {
			return false
		}
		victim = adopted[i]
		return true
	})
	for _, b := range adopted {
		checkFound(t, p, b)
	}

	btcd.Call(t, "invalidateblock", victim.Hash.String())
	until(t, ctx, "the block is orphaned", func() bool { return state(t, p.store, victim) == lease.Orphaned })
	found := transaction(t, p.store, ledger.Key(ledger.KindFound, victim.Hash, 1))
	orphaned := transaction(t, p.store, ledger.Key(ledger.KindOrphaned, victim.Hash, 1))
	if want := ledger.Reverse(found, orphaned.Key, orphaned.Kind, orphaned.AtMs); !slices.Equal(orphaned.Postings, want.Postings) {
		t.Errorf("the reversal is not exact:\n%v\n%v", found.Postings, orphaned.Postings)
	}

	btcd.Call(t, "reconsiderblock", victim.Hash.String())
	until(t, ctx, "the block is back", func() bool { return state(t, p.store, victim) == lease.Adopted })
	if again := transaction(t, p.store, ledger.Key(ledger.KindFound, victim.Hash, 2)); !slices.Equal(again.Postings, found.Postings) {
		t.Errorf("the block is booked otherwise than the first time:\n%v\n%v", found.Postings, again.Postings)
	}

	mineOn(t, ctx, coin, 101)
	until(t, ctx, "the block is mature", func() bool { return state(t, p.store, victim) == lease.Mature })
	var available, pending int64
	balances, err := p.store.Balances(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		switch b.Account {
		case ledger.Available("alice"):
			available -= b.Sat
		case ledger.Pending("alice"):
			pending -= b.Sat
		}
	}
	if available <= 0 || pending < 0 {
		t.Errorf("alice has %d sat available and %d pending", available, pending)
	}
}

// checkFound compares the ledger with the split frozen in the block's job,
// and the coinbase with the terms.
func checkFound(t *testing.T, p *plant, b lease.Block) {
	t.Helper()
	document := document(t, p.store, b)
	tx := transaction(t, p.store, ledger.Key(ledger.KindFound, b.Hash, 1))
	var booked int64
	for _, posting := range tx.Postings {
		if posting.Lease != "" && posting.Sat < 0 {
			if want := document.share(posting.Lease); posting.Sat != -want {
				t.Errorf("block %v books %d sat for %s, its split says %d", b.Hash, -posting.Sat, posting.Lease, want)
			}
			booked -= posting.Sat
		}
	}
	if booked != document.Reward-document.Fee {
		t.Errorf("block %v books %d sat, its split has %d", b.Hash, booked, document.Reward-document.Fee)
	}
	whole, err := p.store.Block(t.Context(), b.Hash)
	if err != nil {
		t.Fatal(err)
	}
	coinbase, err := stratum.ParseCoinbase(document.Issue(lease.Tag{}, [32]byte{}, b.Extranonce[:2]).Coinbase(b.Extranonce))
	if err != nil {
		t.Fatal(err)
	}
	if pays := coinbase.Outputs[0]; hex.EncodeToString(pays.Script) != "52" || pays.Value != document.Reward {
		t.Errorf("block %v pays %d sat to %x", b.Hash, pays.Value, pays.Script)
	}
	if len(whole.Raw) == 0 {
		t.Errorf("block %v is not kept", b.Hash)
	}
}

// mineOn lets another miner find n blocks, quicker than the node does.
func mineOn(t *testing.T, ctx context.Context, coin solo.Node, n int) {
	t.Helper()
	for i := 0; i < n; {
		template, err := coin.Template(ctx)
		if err != nil {
			t.Fatal(err)
		}
		job, err := solo.BuildJob(template, "1", [16]byte{0xff}, []stratum.Output{{Value: template.CoinbaseValue, Script: []byte{0x52}}})
		if err != nil {
			t.Fatal(err)
		}
		target, err := job.Bits.Target()
		if err != nil {
			t.Fatal(err)
		}
		extranonce := binary.BigEndian.AppendUint32([]byte{0, 0}, uint32(i))
		h := job.Header(extranonce, job.Version, job.Time, 0)
		for hash := h.Hash(); !hash.Meets(target); hash = h.Hash() {
			h.SetNonce(h.Nonce() + 1)
		}
		raw, err := solo.AssembleBlock(template, job.Coinbase(extranonce), h)
		if err != nil {
			t.Fatal(err)
		}
		if err := solo.Adopt(ctx, coin, raw, h.Hash(), template.Height); err == nil {
			i++ // else the node was quicker
		}
	}
}

func state(t *testing.T, s lease.Store, b lease.Block) lease.BlockState {
	t.Helper()
	now, err := s.Block(t.Context(), b.Hash)
	if err != nil {
		t.Fatal(err)
	}
	return now.State
}

func transaction(t *testing.T, s lease.Store, key string) lease.Transaction {
	t.Helper()
	tx, err := s.Transaction(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// until waits for a condition.
func until(t *testing.T, ctx context.Context, what string, cond func() bool) {
	t.Helper()
	for tick := time.NewTicker(10 * time.Millisecond); !cond(); {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}
