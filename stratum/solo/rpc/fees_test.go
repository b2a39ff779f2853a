package rpc_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// feeChain gives a fake node whole blocks, whose coinbases claim the given
// amounts, and statistics that state the given fees.
func feeChain(t *testing.T, f *fakeNode, claims, fees []int64) {
	t.Helper()
	bodies := map[string]string{}
	f.blocks = slices.Clone(f.blocks[:1])
	for i, claim := range claims {
		tx := wire.NewMsgTx(1)
		tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{}, 0xffffffff), []byte{1, byte(i)}, [][]byte{make([]byte, 32)}))
		tx.AddTxOut(wire.NewTxOut(claim-claim/3, []byte{0x51}))
		tx.AddTxOut(wire.NewTxOut(claim/3, []byte{0x52}))
		b := wire.NewMsgBlock(&wire.BlockHeader{PrevBlock: chainhash.Hash(f.blocks[i]), MerkleRoot: tx.TxHash()})
		b.Transactions = []*wire.MsgTx{tx}
		var raw bytes.Buffer
		if err := b.Serialize(&raw); err != nil {
			t.Fatal(err)
		}
		hash := miner.Hash(b.BlockHash())
		f.blocks = append(f.blocks, hash)
		bodies[hash.String()] = hex.EncodeToString(raw.Bytes()) + "ffff" // what follows is not read
	}
	asked := func(params []json.RawMessage) string {
		var s string
		json.Unmarshal(params[0], &s)
		return s
	}
	f.answers = map[string]func([]json.RawMessage) (any, *rpcError){
		"getblock": func(params []json.RawMessage) (any, *rpcError) {
			if body, ok := bodies[asked(params)]; ok && string(params[1]) == "0" {
				return body, nil
			}
			return nil, &rpcError{-5, "Block not found"}
		},
	}
	if fees == nil {
		return
	}
	f.answers["getblockstats"] = func(params []json.RawMessage) (any, *rpcError) {
		hash, _ := miner.ParseHash(asked(params))
		height := slices.Index(f.blocks, hash)
		if height < 1 {
			return nil, &rpcError{-5, "Block not found"}
		}
		return map[string]any{"totalfee": fees[height-1], "height": height}, nil
	}
}

func TestRecentFees(t *testing.T) {
	const full = 50e8
	for name, tc := range map[string]struct {
		claims, fees   []int64
		n              int
		mean, from, to int64
	}{
		"claimed":             {[]int64{full + 10, full + 20, full + 33}, nil, 2, 26, 2, 3},
		"stated":              {[]int64{full, full, full}, []int64{10, 20, 31}, 2, 25, 2, 3},
		"less than allowed":   {[]int64{full - 1000, full + 9}, nil, 2, 4, 1, 2},
		"a short chain":       {[]int64{full + 7, full}, nil, 144, 3, 1, 2},
		"nothing but genesis": {nil, nil, 144, 0, 1, 0},
	} {
		f := newFake()
		feeChain(t, f, tc.claims, tc.fees)
		mean, from, to, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), tc.n)
		if err != nil || mean != tc.mean || from != tc.from || to != tc.to {
			t.Errorf("%s: mean %d of %d to %d, %v, want %d of %d to %d", name, mean, from, to, err, tc.mean, tc.from, tc.to)
		}
		if calls := f.count("getblock"); calls > 0 && tc.fees != nil {
			t.Errorf("%s: %d blocks read in spite of the statistics", name, calls)
		}
	}

	// Statistics in coins are left aside.
	f := newFake()
	feeChain(t, f, []int64{full + 7}, nil)
	f.answers["getblockstats"] = func([]json.RawMessage) (any, *rpcError) {
		return map[string]any{"totalfee": rpc.Amount(3), "height": 1}, nil
	}
	if mean, _, _, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), 1); mean != 7 || err != nil {
		t.Errorf("statistics in coins: mean %d, %v", mean, err)
	}

	// Beyond a halving the subsidy is half of it.
	f = newFake()
	claims := slices.Repeat([]int64{full + 5}, 149)
	feeChain(t, f, append(claims, full/2+11, full/2+3), nil)
	if mean, from, to, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), 3); mean != 6 || from != 149 || to != 151 || err != nil {
		t.Errorf("around the halving: mean %d of %d to %d, %v", mean, from, to, err)
	}
	for _, n := range []int{-1, 0, solo.MaxFeeBlocks + 1} {
		if _, _, _, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), n); err == nil {
			t.Errorf("%d blocks were accepted", n)
		}
	}
}

func TestRecentFeesOfBadNodes(t *testing.T) {
	reply := func(result any) func([]json.RawMessage) (any, *rpcError) {
		return func([]json.RawMessage) (any, *rpcError) { return result, nil }
	}
	for name, tc := range map[string]struct {
		method string
		result any
	}{
		"no total":          {"getblockstats", map[string]any{"height": 1}},
		"a negative total":  {"getblockstats", map[string]any{"height": 1, "totalfee": -1}},
		"another height":    {"getblockstats", map[string]any{"height": 2, "totalfee": 1}},
		"another block":     {"getblock", "00"},
		"blocks that lapse": {"getblockhash", nil},
	} {
		f := newFake()
		feeChain(t, f, []int64{50e8}, nil)
		f.answers[tc.method] = reply(tc.result)
		if tc.result == nil {
			calls := 0
			f.answers[tc.method] = func([]json.RawMessage) (any, *rpcError) {
				if calls++; calls%2 == 0 {
					return nil, &rpcError{-8, "Block height out of range"}
				}
				return f.blocks[1].String(), nil
			}
		}
		_, _, _, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), 1)
		if !errors.Is(err, rpc.ErrAnswer) && !errors.Is(err, rpc.ErrSyncing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A node without either: its own refusal.
	f := newFake()
	if _, _, _, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), 1); !errors.Is(err, rpc.ErrCall) {
		t.Errorf("a node that gives no blocks: %v", err)
	}
}

// A reorganisation between two answers makes the reading start anew.
func TestRecentFeesReorganised(t *testing.T) {
	f := newFake()
	feeChain(t, f, []int64{50e8 + 100, 50e8 + 100}, nil)
	stale, getblock := f.blocks, f.answers["getblock"]
	feeChain(t, f, []int64{50e8 + 2, 50e8 + 4}, nil)
	fresh, newer := f.blocks, f.answers["getblock"]
	f.blocks = stale
	f.answers["getblock"] = func(params []json.RawMessage) (any, *rpcError) {
		if f.blocks = fresh; f.calls["getblock"] == 1 {
			return getblock(params)
		}
		return newer(params)
	}
	f.blocks = stale
	if mean, from, to, err := connect(t, rpc.Config{}, f).RecentFees(t.Context(), 2); mean != 3 || from != 1 || to != 2 || err != nil {
		t.Errorf("mean %d of %d to %d, %v, want that of the new chain", mean, from, to, err)
	}
}

// A client calls one node's wallet by name.
func TestClient(t *testing.T) {
	f := newFake()
	var balances struct{ Trusted rpc.Amount }
	f.answers = map[string]func([]json.RawMessage) (any, *rpcError){
		"getbalances": func([]json.RawMessage) (any, *rpcError) {
			return map[string]any{"trusted": rpc.Amount(123)}, nil
		},
		"listlabels": func([]json.RawMessage) (any, *rpcError) { return nil, &rpcError{-18, "not loaded"} },
	}
	c := wallet(t, f, "till/1")
	if err := c.Call(t.Context(), &balances, "getbalances"); err != nil || balances.Trusted != 123 {
		t.Errorf("%+v, %v", balances, err)
	}
	if got := f.path; got != "/wallet/till%2F1" {
		t.Errorf("asked at %s", got)
	}
	err := c.Call(t.Context(), &struct{}{}, "listlabels")
	if code, words, ok := rpc.Refusal(err); code != -18 || words != "not loaded" || !ok {
		t.Errorf("refusal %d %s: %v", code, words, err)
	}
	f.set(func() { f.down = true })
	err = c.Call(t.Context(), &balances, "getbalances")
	if _, _, ok := rpc.Refusal(err); ok || !errors.Is(err, rpc.ErrUnreachable) {
		t.Errorf("a node that is down: %v", err)
	}
	if _, err := rpc.NewClient(rpc.Config{URLs: []string{"http://a", "http://b"}}, ""); err == nil {
		t.Error("a wallet in two nodes was accepted")
	}
}
