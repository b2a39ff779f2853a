package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

func TestMineAndLocate(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	var blocks []block
	for range 5 {
		clk.tick(time.Second)
		blocks = append(blocks, mineOne(t, n, 0))
	}
	hash, height := tip(t, n)
	if hash != blocks[4].hash || height != 5 {
		t.Fatalf("tip %v at %d", hash, height)
	}
	if p := locate(t, n, blocks[1]); p != (solo.Place{OnChain: true, Known: true, Height: 2, Confirmations: 4}) {
		t.Errorf("second block: %+v", p)
	}
	if p := locate(t, n, block{hash: miner.Hash{1}, height: 3}); p.Known || p.OnChain {
		t.Errorf("unknown block: %+v", p)
	}
	if err := n.Submit(t.Context(), blocks[2].raw); err != nil {
		t.Errorf("a block once more: %v", err)
	}
	if p, _ := n.Params(t.Context()); p.Maturity != 10 || p.Coin != "sandbox" || p.MinBlockGap != 0 {
		t.Errorf("params %+v", p)
	}
}

func TestGenesisIsFixed(t *testing.T) {
	p, err := chainParams(DefaultBits)
	if err != nil {
		t.Fatal(err)
	}
	const want = "ac8e22805ddecda9fbb040f3e79797d2c68b8fbc0c9ba011e93f084cadcce83b"
	if got := p.GenesisHash.String(); got != want {
		t.Errorf("genesis %s, want %s", got, want)
	}
	target, err := DefaultBits.Target()
	if err != nil {
		t.Fatal(err)
	}
	if w := target.Work().Big().Int64(); w < 1<<22 || w > 1<<22+64 {
		t.Errorf("easiest block takes %d hashes, want about 2^22", w)
	}
}

func TestBadBlocksAreRejected(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	for range 12 {
		clk.tick(20 * time.Second)
		mineOne(t, n, 0)
	}
	before, _ := tip(t, n)
	size := n.log.size
	tmpl := template(t, n)
	// build makes a block of a changed template, with a changed header.
	build := func(change func(*solo.Template), header func(*miner.Header)) []byte {
		c := *tmpl
		if change != nil {
			change(&c)
		}
		job, err := solo.BuildJob(&c, "1", [16]byte{1}, []stratum.Output{{Value: c.CoinbaseValue, Script: anyone}})
		if err != nil {
			t.Fatal(err)
		}
		en := make([]byte, 6)
		h := job.Header(en, job.Version, job.Time, 0)
		if header != nil {
			header(&h)
		}
		return solveHeader(t, &c, job.Coinbase(en), h).raw
	}
	good := build(nil, nil)
	wrongRoot := bytes.Clone(good)
	wrongRoot[len(wrongRoot)-20] ^= 1 // in the output
	high := bytes.Clone(good)
	for miner.SHA256d(high[:80])[31] < 0x80 {
		high[76]++
	}
	for name, raw := range map[string][]byte{
		"empty":          {},
		"cut":            good[:len(good)-1],
		"followed":       append(bytes.Clone(good), 0),
		"too large":      make([]byte, maxBlockBytes+1),
		"merkle root":    wrongRoot,
		"high hash":      high,
		"harder bits":    build(func(t *solo.Template) { t.Bits = 0x1f7fffff }, nil),
		"easier bits":    build(func(t *solo.Template) { t.Bits = 0x2100ffff }, nil),
		"time too old":   build(nil, func(h *miner.Header) { h.SetTime(tmpl.MinTime - 1) }),
		"time too new":   build(nil, func(h *miner.Header) { h.SetTime(uint32(clk.t.Unix()) + 7201) }),
		"overpaying":     build(func(t *solo.Template) { t.CoinbaseValue++ }, nil),
		"other height":   build(func(t *solo.Template) { t.Height++ }, nil),
		"unknown parent": build(func(t *solo.Template) { t.PrevHash[0] ^= 1 }, nil),
		"old version":    build(nil, func(h *miner.Header) { h.SetVersion(1) }),
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second time it is known to be bad
				wantRejected(t, n.Submit(t.Context(), raw))
			}
			if len(raw) >= 80 {
				b := block{hash: miner.SHA256d(raw[:80]), height: tmpl.Height}
				if p := locate(t, n, b); name != "cut" && name != "followed" && name != "merkle root" && (p.Known || p.OnChain) {
					t.Errorf("place %+v", p)
				}
			}
			if after, _ := tip(t, n); after != before || n.log.size != size {
				t.Error("the chain or its log changed")
			}
		})
	}
	if err := n.Submit(t.Context(), good); err != nil {
		t.Errorf("the good block: %v", err)
	}
}

func TestReorganisation(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	clk.tick(time.Second)
	root := template(t, n)
	ours := solve(t, root, 1)
	theirs := solve(t, root, 2)
	if err := solo.Adopt(t.Context(), n, ours.raw, ours.hash, 1); err != nil {
		t.Fatal(err)
	}
	mine := template(t, n)
	if err := n.Submit(t.Context(), theirs.raw); err != nil {
		t.Fatal(err)
	}
	if p := locate(t, n, theirs); p.OnChain || !p.Known {
		t.Errorf("the later sibling: %+v", p)
	}
	// One more on top of theirs makes it the longer branch.
	side := *mine
	side.PrevHash = theirs.hash
	longer := solve(t, &side, 3)
	if err := solo.Adopt(t.Context(), n, longer.raw, longer.hash, 2); err != nil {
		t.Fatal(err)
	}
	if p := locate(t, n, ours); p.OnChain || !p.Known || p.Confirmations != 0 {
		t.Errorf("our orphaned block: %+v", p)
	}
	if p := locate(t, n, theirs); !p.OnChain || p.Confirmations != 2 {
		t.Errorf("their block: %+v", p)
	}
	// A restart, with the cache and without, shows the same.
	for _, wipe := range []bool{false, true} {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if wipe {
			removeCache(t, n.dir)
		}
		n = open(t, n.dir, clk)
		if hash, height := tip(t, n); hash != longer.hash || height != 2 {
			t.Errorf("after a restart: tip %v at %d", hash, height)
		}
		if p := locate(t, n, ours); p.OnChain || !p.Known {
			t.Errorf("after a restart our block: %+v", p)
		}
	}
}

func TestStaleSibling(t *testing.T) {
	n := open(t, t.TempDir(), newClock())
	root := template(t, n)
	ours, theirs := solve(t, root, 1), solve(t, root, 2)
	if err := n.Submit(t.Context(), theirs.raw); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		if err := solo.Adopt(t.Context(), n, ours.raw, ours.hash, 1); !errors.Is(err, solo.ErrStale) {
			t.Errorf("Adopt of a sibling = %v", err)
		}
	})
}

func TestWait(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		clk := newClock()
		n, err := Open(Config{Dir: dir, Now: clk.now, Easiest: trivial})
		if err != nil {
			t.Fatal(err)
		}
		for range 40 { // into a period of real difficulty
			clk.tick(time.Second)
			mineOne(t, n, 0)
		}
		first := template(t, n)
		start := time.Now()
		got, err := n.Wait(t.Context(), first)
		if err != nil || got.PrevHash != first.PrevHash || time.Since(start) != refresh {
			t.Errorf("undisturbed: %v after %v", err, time.Since(start))
		}
		// Just before the difficulty falls, Wait returns when it does.
		clk.t = time.Unix(int64(first.MaxTime)-4, 0)
		start = time.Now()
		if _, err = n.Wait(t.Context(), first); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("difficulty: %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Wait(ctx, first); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
		// A new tip is told at once, and so is the end.
		waiting := make(chan error, 1)
		wait := func(after *solo.Template) {
			var err error
			got, err = n.Wait(t.Context(), after)
			waiting <- err
		}
		go wait(first)
		synctest.Wait()
		start = time.Now()
		next := mineOne(t, n, 7)
		if err := <-waiting; err != nil || got.PrevHash != next.hash || time.Since(start) != 0 {
			t.Errorf("after a block: %v, %+v", err, got)
		}
		go wait(got)
		synctest.Wait()
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-waiting; !errors.Is(err, ErrClosed) {
			t.Errorf("Wait at Close: %v", err)
		}
	})
}

func TestAddresses(t *testing.T) {
	n := open(t, t.TempDir(), newClock())
	// btcd's own code, told of our prefixes, writes the addresses.
	ours := &chaincfg.Params{PubKeyHashAddrID: 0x28, ScriptHashAddrID: 0x64, Bech32HRPSegwit: "hl"}
	hash := make([]byte, 32)
	for i := range hash {
		hash[i] = byte(i)
	}
	key, err1 := address.NewAddressPubKeyHash(hash[:20], ours)
	script, err2 := address.NewAddressScriptHashFromHash(hash[:20], ours)
	witness, err3 := address.NewAddressWitnessPubKeyHash(hash[:20], ours)
	taproot, err4 := address.NewAddressTaproot(hash, ours)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	for prefix, a := range map[string]address.Address{"H": key, "h": script, "hl1q": witness, "hl1p": taproot} {
		want, err := txscript.PayToAddrScript(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := n.AddressScript(a.EncodeAddress())
		if err != nil || !bytes.Equal(got, want) || !strings.HasPrefix(a.EncodeAddress(), prefix) {
			t.Errorf("%v: %x, %v, want %x", a, got, err, want)
		}
	}
	if got, err := n.AddressScript("script:51"); err != nil || !bytes.Equal(got, anyone) {
		t.Errorf("script:51 = %x, %v", got, err)
	}
	if _, err := n.AddressScript("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"); err == nil {
		t.Error("a Bitcoin address was taken")
	}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	if _, err := Open(Config{Dir: n.dir, Now: clk.now, Easiest: trivial}); err == nil {
		t.Error("a directory was opened twice")
	}
	mineOne(t, n, binary.BigEndian.Uint32([]byte("once")))
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: n.dir, Now: clk.now}); !errors.Is(err, errForeignLog) {
		t.Errorf("other rules on the same directory: %v", err)
	}
}
