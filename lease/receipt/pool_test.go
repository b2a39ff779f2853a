package receipt

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

func TestPoolRoom(t *testing.T) {
	for n, want := range map[int]PoolRoom{
		4: {2, 0, 2}, 5: {2, 0, 3}, 7: {2, 0, 5}, 8: {2, 2, 4}, 9: {3, 2, 4}, 12: {6, 2, 4}, 16: {10, 2, 4}, 22: {16, 2, 4}, 23: {16, 2, 4}, 32: {16, 2, 4},
	} {
		if got, err := PoolRoomOf(n); err != nil || got != want {
			t.Errorf("%d bytes: %v, %v, want %v", n, got, err, want)
		}
	}
	for _, n := range []int{-1, 0, 2, 3} {
		if _, err := PoolRoomOf(n); !errors.Is(err, ErrPoolTooNarrow) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := PoolRoomOf(33); err == nil || errors.Is(err, ErrPoolTooNarrow) {
		t.Errorf("33 bytes: %v", err)
	}
}

// The pool's extranonce2 is tag, zeros, worker's number and what was rolled.
func TestPoolTemplate(t *testing.T) {
	tag := lease.Tag{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for _, n := range []int{4, 5, 7, 8, 12, 16, 22, 30} {
		number, rolled, k := []byte{0x77, 0x78}, []byte{1, 2, 3, 4}, min(n-6, 16)
		if n < 8 {
			number, rolled, k = nil, []byte{1, 2, 3, 4, 5}[:n-2], 2
		}
		document := encode(t, poolTemplate(t, n))
		x, err := DecodeTemplate(document)
		if err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		if !x.IsPool() || !OfPool(document) || x.FitsRigs() != (n >= 8) || x.Extranonce1Size != len(number) || x.Extranonce2Size != len(rolled) {
			t.Errorf("%+v", x)
		}
		want := slices.Concat(tag[:k], make([]byte, n-k-len(number)-len(rolled)), number, rolled)
		if got := x.PoolExtranonce2(tag, number, rolled); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: submits %x, want %x", n, got, want)
		}
		coinbase := x.Issue(tag, miner.MaxTarget, number).Coinbase(slices.Concat(number, rolled))
		if want := slices.Concat(x.Head, x.Pool.Extranonce1, want, x.Coinb2); !bytes.Equal(coinbase, want) {
			t.Errorf("%d bytes: coinbase %x, want %x", n, coinbase, want)
		}
		size, places := x.TagRoom()
		if whole := 54 + n - 8; size != k || places != whole-k-len(number)-len(rolled)+1 {
			t.Errorf("%d bytes: a tag of %d at %d places", n, size, places)
		}
		v, err := x.Value()
		if err != nil || v.Sat != 50_0000_0000 || v.Network != miner.Hashes(1<<32+1<<16+1) {
			t.Errorf("worth %+v, %v", v, err)
		}
	}
}

// refit gives a pool's job another coinbase: of this script before the
// extranonces, and after them.
func refit(x *Template, before, extranonce1, after []byte) {
	script := slices.Concat(before, extranonce1, make([]byte, x.Pool.Extranonce2Size), after)
	all := coinbaseOf(script, work.Output{Value: 50, Script: houseScript})
	x.Pool.Extranonce1 = extranonce1
	x.Head = all[:ScriptSigAt+len(before)]
	x.Coinb2 = all[ScriptSigAt+len(script)-len(after):]
}

func TestPoolHeights(t *testing.T) {
	for name, c := range map[string]struct {
		before []byte
		want   int64
	}{
		"OP_16":              {[]byte{0x60, 12}, 16},
		"three bytes":        {[]byte{3, 1, 2, 3, 12}, 0x030201},
		"another push of 16": {[]byte{3, 1, 2, 3, 2, 0x10, 0x10}, 0x030201},
		"no height":          {[]byte{6, 1, 2, 3, 4, 5, 6, 12}, 0},
		"text":               {[]byte("/x/"), 0},
	} {
		x := poolTemplate(t, 8)
		refit(x, c.before, []byte{1, 2, 3, 4}, nil)
		x.Height = c.want
		if err := x.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if x.Height++; x.Validate() == nil {
			t.Errorf("%s: any height is taken", name)
		}
	}
}

func TestPoolTemplateErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(x *Template)
		want   string
	}{
		"narrow":              {func(x *Template) { x.Pool.Extranonce2Size = 3 }, "too short for a lease: it has 3 bytes"},
		"wide":                {func(x *Template) { x.Pool.Extranonce2Size = 33 }, "longer than 32"},
		"negative":            {func(x *Template) { x.Pool.Extranonce2Size = -8 }, "too short"},
		"of other sizes":      {func(x *Template) { x.Extranonce1Size, x.Extranonce2Size = 0, 6 }, "they have 2 and 4"},
		"of negative sizes":   {func(x *Template) { x.Extranonce1Size = -2 }, "they have 2 and 4"},
		"long extranonce1":    {func(x *Template) { x.Pool.Extranonce1 = make(Hex, 33) }, "extranonce1 of 33 bytes"},
		"the house's format":  {func(x *Template) { x.Format = TemplateFormat }, "format"},
		"a tail":              {func(x *Template) { x.Tail = Hex{1} }, "not the house's"},
		"a reward":            {func(x *Template) { x.Reward = 1 }, "not the house's"},
		"a split":             {func(x *Template) { x.Split = B32{1} }, "not the house's"},
		"earns":               {func(x *Template) { x.Earns = &Earns{} }, "not the house's"},
		"no address":          {func(x *Template) { x.Pool.Address = "" }, "pool address"},
		"user in the address": {func(x *Template) { x.Pool.Address = "stratum+tcp://anna@pool.example" }, "user name"},
		"bits without target": {func(x *Template) { x.Bits = 0 }, "bits"},
		"no target":           {func(x *Template) { x.Pool.Target = U256{} }, "beyond reason"},
		"time out of bounds":  {func(x *Template) { x.MinTime++ }, "not within its bounds"},
		"branches":            {func(x *Template) { x.Branches = make([]B32, 33) }, "33 merkle branches"},
		"huge":                {func(x *Template) { x.Coinb2 = make(Hex, maxCoinbase) }, "coinbase of"},
		"long script":         {func(x *Template) { refit(x, []byte{3, 1, 2, 3, 12}, nil, make([]byte, 90)) }, "malformed coinbase"},
		"the house's tag": {func(x *Template) {
			refit(x, slices.Concat([]byte{3, 1, 2, 3, 16}, make([]byte, 16), []byte{12}), nil, nil)
		}, "could be sold twice"},
		"its push, and what comes":  {func(x *Template) { refit(x, []byte{3, 1, 2, 3, 16}, []byte{1}, make([]byte, 16)) }, "could be sold twice"},
		"its push by extranonce1":   {func(x *Template) { refit(x, []byte{3, 1, 2, 3}, []byte{16, 1, 2}, make([]byte, 16)) }, "could be sold twice"},
		"its push by workers":       {func(x *Template) { refit(x, []byte{3, 1, 2, 3}, nil, make([]byte, 16)) }, "tells a pool's coinbase"},
		"a height by workers":       {func(x *Template) { refit(x, []byte{3, 1}, nil, make([]byte, 16)) }, "tells a pool's coinbase"},
		"nothing before":            {func(x *Template) { refit(x, nil, nil, make([]byte, 16)) }, "tells a pool's coinbase"},
		"extranonces before script": {func(x *Template) { x.Head = x.Head[:20] }, ""},
		"extranonces after it":      {func(x *Template) { x.Head[ScriptSigAt-1] -= 30 }, ""},
	} {
		x := poolTemplate(t, 8)
		c.change(x)
		if err := x.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
		if _, err := DecodeTemplate(encode(t, x)); err == nil {
			t.Errorf("%s: its document is taken", name)
		}
	}
	// Among the outputs a tag could change whom they pay.
	x := poolTemplate(t, 8)
	all := coinbaseOf([]byte{3, 1, 2, 3, 12}, work.Output{Value: 50, Script: make([]byte, 40)})
	x.Head, x.Coinb2, x.Pool.Extranonce1 = all[:len(all)-16], all[len(all)-4:], Hex{1, 2, 3, 4}
	if err := x.Validate(); err == nil || !strings.Contains(err.Error(), "outside the coinbase's input script") {
		t.Errorf("extranonces among the outputs: %v", err)
	}
}
