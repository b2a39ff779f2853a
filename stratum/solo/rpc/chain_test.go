package rpc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

func TestCoinbase(t *testing.T) {
	f := newFake()
	feeChain(t, f, []int64{50e8, 50e8}, nil)
	n := connect(t, rpc.Config{}, f)
	for height := int64(1); height <= 2; height++ {
		header, coinbase, err := n.Coinbase(t.Context(), height)
		if err != nil || header.Hash() != f.blocks[height] {
			t.Errorf("block %v at %d, %v, want %v", header.Hash(), height, err, f.blocks[height])
		}
		// The marker of a witness would be in the place of the number of inputs.
		if len(coinbase) < 5 || coinbase[4] != 1 {
			t.Errorf("coinbase at %d: %x", height, coinbase)
		}
	}
	if _, _, err := n.Coinbase(t.Context(), 3); !errors.Is(err, solo.ErrNoBlock) {
		t.Errorf("beyond the tip: %v", err)
	}
	getblock := f.answers["getblock"]
	for name, body := range map[string]string{
		"cut off":       strings.Repeat("0", 158),
		"no coinbase":   strings.Repeat("0", 162),
		"another block": strings.Repeat("0", 160) + "01" + "01000000" + "00" + "00" + "00000000",
	} {
		f.answers["getblock"] = func([]json.RawMessage) (any, *rpcError) { return body, nil }
		if _, _, err := n.Coinbase(t.Context(), 1); !errors.Is(err, rpc.ErrAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.answers["getblock"] = getblock
}

func TestHeader(t *testing.T) {
	f := newFake()
	var header miner.Header
	header.SetTime(7)
	hash := header.Hash()
	answer := header.String()
	f.answers = map[string]func([]json.RawMessage) (any, *rpcError){
		"getblockheader": func(params []json.RawMessage) (any, *rpcError) {
			if string(params[0]) != `"`+hash.String()+`"` || string(params[1]) != "false" {
				return nil, &rpcError{-5, "Block not found"}
			}
			return answer, nil
		},
	}
	n := connect(t, rpc.Config{}, f)
	if got, err := n.Header(t.Context(), hash); err != nil || got != header {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := n.Header(t.Context(), miner.Hash{1}); !errors.Is(err, solo.ErrNoBlock) {
		t.Errorf("a block that is none: %v", err)
	}
	for _, answer = range []string{"", "00", strings.Repeat("x", 160), strings.Repeat("0", 160)} {
		if _, err := n.Header(t.Context(), hash); !errors.Is(err, rpc.ErrAnswer) {
			t.Errorf("answer %.10q: %v", answer, err)
		}
	}
}
