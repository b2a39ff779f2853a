package receipt

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

func TestPoolTagSize(t *testing.T) {
	for n, want := range map[int]int{4: 2, 5: 2, 7: 2, 8: 2, 9: 3, 12: 6, 16: 10, 22: 16, 23: 16, 32: 16} {
		if got, err := PoolTagSize(n); err != nil || got != want {
			t.Errorf("%d bytes: %d, %v, want %d", n, got, err, want)
		}
	}
	for _, n := range []int{-1, 0, 2, 3} {
		if _, err := PoolTagSize(n); !errors.Is(err, ErrPoolTooNarrow) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := PoolTagSize(33); err == nil || errors.Is(err, ErrPoolTooNarrow) {
		t.Errorf("33 bytes: %v", err)
	}
}

// TestPoolTemplateIssue checks that what a worker finds on the document's
// issue is, with PoolExtranonce2, the same header on the pool's own.
func TestPoolTemplateIssue(t *testing.T) {
	tag := lease.Tag{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for _, n := range []int{4, 5, 7, 8, 12, 16, 22, 30} {
		number, rolled, k := []byte{0x77, 0x78}, []byte{1, 2, 3, 4}, min(n-6, 16)
		if n < 8 {
			number, rolled, k = nil, []byte{1, 2, 3, 4, 5}[:n-2], 2
		}
		in := someCoinbase(n).input(lease.TermsHash{1})
		tpl, err := NewPoolTemplate(in)
		if err != nil {
			t.Fatal(err)
		}
		document, err := tpl.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if tpl, err = DecodeTemplate(document); err != nil {
			t.Fatal(err)
		}
		if again, err := tpl.Encode(); err != nil || !bytes.Equal(again, document) {
			t.Fatalf("%s\nencodes to\n%s, %v", document, again, err)
		}
		if !tpl.IsPool() || tpl.Height != 0x0cd140 || tpl.Extranonce1Size != len(number) || tpl.Extranonce2Size != len(rolled) || tpl.FitsRigs() != (n >= 8) || tpl.Share("house") != 0 {
			t.Errorf("%+v", tpl)
		}
		issue := tpl.Issue(tag, miner.MaxTarget, number)
		share := stratum.Share{Extranonce2: rolled, Time: in.Issue.Time + 9, Nonce: 5, VersionBits: 0x4000, HasVersion: true}
		ours, _, err := issue.Check(share)
		if err != nil {
			t.Fatal(err)
		}
		share.Extranonce2 = tpl.PoolExtranonce2(tag, number, share.Extranonce2)
		pools, err := in.Issue.Rebuild(share)
		if err != nil || pools != ours {
			t.Errorf("%d bytes: %x, the pool makes %x, %v", n, ours, pools, err)
		}
		want := slices.Concat(tag[:k], make([]byte, n-k-len(number)-len(rolled)), number, rolled)
		if !bytes.Equal(share.Extranonce2, want) {
			t.Errorf("%d bytes: submits %x, want %x", n, share.Extranonce2, want)
		}
	}
	terms := testTerms()
	house := testTemplate(t, 20, &terms)
	if house.IsPool() || house.PoolExtranonce2(tag, nil, nil) != nil {
		t.Error("a block of the house passes for a pool's job")
	}
}

func TestPoolTemplateHeights(t *testing.T) {
	for name, tt := range map[string]struct {
		before []byte
		want   int64
	}{
		"OP_16":              {[]byte{0x60, 12}, 16},
		"three bytes":        {[]byte{3, 1, 2, 3, 12}, 0x030201},
		"another push of 16": {[]byte{3, 1, 2, 3, 2, 0x10, 0x10}, 0x030201},
		"no height":          {[]byte{6, 1, 2, 3, 4, 5, 6, 12}, 0},
		"text":               {[]byte("/x/"), 0},
	} {
		c := someCoinbase(8)
		c.before = tt.before
		if tpl, err := NewPoolTemplate(c.input(lease.TermsHash{})); err != nil || tpl.Height != tt.want {
			t.Errorf("%s: %v, %v, want height %d", name, tpl, err, tt.want)
		}
	}
}

func TestNewPoolTemplateErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*poolCoinbase)
		other  func(*PoolInput)
		want   string
	}{
		{name: "narrow", change: func(c *poolCoinbase) { c.n = 3 }, want: "too short for a lease: it has 3 bytes"},
		{name: "too wide", change: func(c *poolCoinbase) { c.n = 33 }, want: "longer than 32"},
		{name: "wide extranonce1", change: func(c *poolCoinbase) { c.extranonce1 = make([]byte, 33) }, want: "extranonce1 of 33 bytes"},
		{name: "house's tag", want: "could be sold twice", change: func(c *poolCoinbase) {
			c.before = slices.Concat([]byte{3, 1, 2, 3, 16}, make([]byte, 16), []byte{12})
		}},
		{name: "house's tag, of whatever follows", want: "could be sold twice", change: func(c *poolCoinbase) {
			c.before = []byte{3, 1, 2, 3, 16}
		}},
		{name: "house's tag, pushed by extranonce1", want: "could be sold twice", change: func(c *poolCoinbase) {
			c.before, c.extranonce1 = []byte{3, 1, 2, 3}, []byte{16, 1, 2}
		}},
		{name: "house's tag in the lease's own bytes", want: "tells a pool's coinbase", change: func(c *poolCoinbase) {
			c.before, c.extranonce1 = []byte{3, 1, 2, 3}, nil
		}},
		{name: "height in the extranonces", want: "tells a pool's coinbase", change: func(c *poolCoinbase) {
			c.before, c.extranonce1 = []byte{3, 1}, nil
		}},
		{name: "nothing before", want: "tells a pool's coinbase", change: func(c *poolCoinbase) {
			c.before, c.extranonce1 = nil, nil
		}},
		{name: "long script", change: func(c *poolCoinbase) { c.after = make([]byte, 90) }, want: "malformed coinbase"},
		{name: "extranonces among the outputs", want: "outside the coinbase's input script", change: func(c *poolCoinbase) {
			c.script = make([]byte, 40)
		}, other: func(in *PoolInput) {
			all := slices.Concat(in.Issue.Coinb1, make([]byte, 12), in.Issue.Coinb2)
			in.Issue.Coinb1, in.Issue.Coinb2 = all[:len(all)-16], all[len(all)-4:]
		}},
		{name: "extranonces before the script", want: "outside the coinbase's input script", change: func(c *poolCoinbase) {
			c.extranonce1 = make([]byte, 4)
		}, other: func(in *PoolInput) {
			all := slices.Concat(in.Issue.Coinb1, make([]byte, 12), in.Issue.Coinb2)
			in.Issue.Coinb1, in.Issue.Coinb2 = all[:20], all[32:]
		}},
		{name: "no pool", other: func(in *PoolInput) { in.Pool = "" }, want: "pool address"},
		{name: "user in the address", other: func(in *PoolInput) { in.Pool = "stratum+tcp://anna@pool.example" }, want: "user name"},
		{name: "bits without target", other: func(in *PoolInput) { in.Issue.Bits = 0 }, want: "bits"},
		{name: "pool without target", other: func(in *PoolInput) { in.Issue.Target = miner.Target{} }, want: "beyond reason"},
		{name: "time out of bounds", other: func(in *PoolInput) { in.Issue.MinTime++ }, want: "not within its bounds"},
		{name: "branches", other: func(in *PoolInput) { in.Issue.Branches = make([]miner.Hash, 33) }, want: "33 merkle branches"},
		{name: "huge", other: func(in *PoolInput) { in.Issue.Coinb2 = make([]byte, maxPoolCoinbase) }, want: "coinbase of"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := someCoinbase(8)
			if tt.change != nil {
				tt.change(&c)
			}
			in := c.input(lease.TermsHash{})
			if tt.other != nil {
				tt.other(&in)
			}
			if _, err := NewPoolTemplate(in); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDecodePoolTemplateErrors(t *testing.T) {
	tpl := poolTemplate(t, someCoinbase(8), lease.TermsHash{})
	document, err := tpl.Encode()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) []byte { return bytes.Replace(document, []byte(old), []byte(new), 1) }
	for name, bad := range map[string][]byte{
		"white space":      append([]byte(" "), document...),
		"house's format":   swap("hashlease-pool-template/1", "hashlease-template/1"),
		"another version":  swap("pool-template/1", "pool-template/2"),
		"unknown field":    swap(`{"bits"`, `{"a":0,"bits"`),
		"field of house's": swap(`"prev"`, `"fee":0,"prev"`),
		"missing field":    swap(`"pool":"`+poolURL+`",`, ``),
		"other case":       swap(`"pool"`, `"Pool"`),
		"upper case":       swap("aabbccdd", "AABBCCDD"),
		"no branches":      swap(`"branches":["07`+strings.Repeat("00", 31)+`"]`, `"branches":null`),
		"another height":   swap(`"height":840000`, `"height":840001`),
		"narrower":         swap(`"extranonce2_size":8`, `"extranonce2_size":7`),
		"negative":         swap(`"extranonce2_size":8`, `"extranonce2_size":-8`),
		"shorter":          swap(`"extranonce1":"aabbccdd"`, `"extranonce1":"aabbcc"`),
		"two values":       append(slices.Clone(document), document...),
	} {
		if bytes.Equal(bad, document) {
			t.Errorf("%s: nothing changed in %s", name, document)
		}
		if _, err := DecodeTemplate(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzDecodePoolTemplate(f *testing.F) {
	for _, n := range []int{8, 30} {
		tpl := poolTemplate(f, someCoinbase(n), lease.TermsHash{})
		document, err := tpl.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tpl, err := DecodeTemplate(data)
		if err != nil || !tpl.IsPool() {
			return
		}
		if again, err := tpl.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%s encodes to %s, %v", data, again, err)
		}
		// Whatever the tag and the workers fill in, it is no block of the house.
		tag := lease.Tag{16, 16, 16, 16, 16, 16, 16, 16, 16, 16}
		for _, fill := range [][]byte{{0, 0, 0, 0, 0, 0}, {16, 16, 16, 16, 16, 16}, {255, 255, 255, 255, 255, 255}} {
			issue := tpl.Issue(tag, miner.MaxTarget, fill[:2])
			c, err := stratum.ParseCoinbase(issue.Coinbase(fill))
			if err != nil {
				t.Fatal(err)
			}
			if tag, err := FindTag(c.ScriptSig); err == nil {
				t.Fatalf("tag %s of the house's in %s", tag, data)
			}
		}
	})
}
