package work

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
)

// assemble writes a coinbase back, the way a node would.
func assemble(version, sequence, lock []byte, c *Coinbase) []byte {
	varint := func(b []byte, n int) []byte {
		switch {
		case n < 0xfd:
			return append(b, byte(n))
		case n < 1<<16:
			return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
		}
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
	b := append(bytes.Clone(version), 1)
	b = append(append(b, make([]byte, 32)...), 0xff, 0xff, 0xff, 0xff)
	b = append(varint(b, len(c.ScriptSig)), c.ScriptSig...)
	b = append(b, sequence...)
	b = varint(b, len(c.Outputs))
	for _, o := range c.Outputs {
		b = binary.LittleEndian.AppendUint64(b, uint64(o.Value))
		b = append(varint(b, len(o.Script)), o.Script...)
	}
	return append(b, lock...)
}

// vectorCoinbase is the coinbase of a pool in the manner of ckpool.
func vectorCoinbase(t testing.TB) []byte {
	b, err := hex.DecodeString("01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff360220020c0b2f503253482f627463642f047ddcff6a04bf2af20a0c" +
		"6adcff6a" + "0000000000000000" +
		"0a636b706f6f6c2d6c6872032f782fffffffff0200f2052a010000001976a914000102030405060708090a0b0c0d0e0f1011121388ac0000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseCoinbase(t *testing.T) {
	tx := vectorCoinbase(t)
	c, err := ParseCoinbase(tx)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.ScriptSig) != 0x36 || len(c.Outputs) != 2 || c.Outputs[0].Value != 50_0000_0000 || c.Outputs[1].Value != 0 {
		t.Errorf("%d bytes of script, outputs %+v", len(c.ScriptSig), c.Outputs)
	}
	if !strings.HasPrefix(hex.EncodeToString(c.Outputs[1].Script), "6a24aa21a9ed") {
		t.Errorf("commitment %x", c.Outputs[1].Script)
	}
	edit := func(at int, with ...byte) []byte {
		b := bytes.Clone(tx)
		copy(b[at:], with)
		return b
	}
	for name, bad := range map[string][]byte{
		"empty":           nil,
		"cut":             tx[:len(tx)-1],
		"longer":          append(bytes.Clone(tx), 0),
		"two inputs":      edit(4, 2),
		"spends":          edit(5, 1),
		"spends an index": edit(37, 0),
		"witness form":    append(append(bytes.Clone(tx[:4]), 0, 1), tx[4:]...),
		"script too long": edit(41, 101),
		"script of one":   edit(41, 1),
		"not minimal":     edit(41, 0xfd, 0x36, 0),
		"endless script":  edit(41, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"no outputs":      assemble(tx[:4], tx[:4], tx[:4], &Coinbase{ScriptSig: c.ScriptSig}),
		"too much money":  assemble(tx[:4], tx[:4], tx[:4], &Coinbase{ScriptSig: c.ScriptSig, Outputs: []Output{{Value: maxSatoshi + 1}}}),
		"negative money":  assemble(tx[:4], tx[:4], tx[:4], &Coinbase{ScriptSig: c.ScriptSig, Outputs: []Output{{Value: -1}}}),
	} {
		if c, err := ParseCoinbase(bad); !errors.Is(err, ErrCoinbase) {
			t.Errorf("%s: %+v, %v; want ErrCoinbase", name, c, err)
		}
	}
}

// FuzzParseCoinbase proves that a coinbase that is taken has one spelling.
func FuzzParseCoinbase(f *testing.F) {
	f.Add(vectorCoinbase(f))
	f.Add(vectorCoinbase(f)[:60])
	f.Fuzz(func(t *testing.T, tx []byte) {
		c, err := ParseCoinbase(tx)
		if err != nil {
			return
		}
		at := 42 + len(c.ScriptSig)
		if again := assemble(tx[:4], tx[at:at+4], tx[len(tx)-4:], c); !bytes.Equal(again, tx) {
			t.Fatalf("%x comes back as %x", tx, again)
		}
	})
}

func TestFoldBranches(t *testing.T) {
	// Four leaves, the first one folded with its branches, against the tree
	// built from below.
	var leaves [4]miner.Hash
	for i := range leaves {
		leaves[i] = miner.SHA256d([]byte{byte(i)})
	}
	pair := func(a, b miner.Hash) miner.Hash { return miner.SHA256d(append(a[:], b[:]...)) }
	want := pair(pair(leaves[0], leaves[1]), pair(leaves[2], leaves[3]))
	if got := FoldBranches(leaves[0], []miner.Hash{leaves[1], pair(leaves[2], leaves[3])}); got != want {
		t.Errorf("root %s, want %s", got, want)
	}
	if SwapPrevHash(SwapPrevHash(want)) != want || SwapPrevHash(want) == want {
		t.Error("SwapPrevHash is not its own inverse")
	}
}
