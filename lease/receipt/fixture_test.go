package receipt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

const testReward = 312_500_000

var houseScript = []byte{0x52}

func payeeScript(n byte) []byte { return append([]byte{0, 20, n}, make([]byte, 19)...) }

// coinbaseOf is a stripped coinbase.
func coinbaseOf(script []byte, outputs ...work.Output) []byte {
	b := append([]byte{1, 0, 0, 0, 1}, make([]byte, 32)...)
	b = append(append(b, 0xff, 0xff, 0xff, 0xff, byte(len(script))), script...)
	b = append(b, 0xff, 0xff, 0xff, 0xff, byte(len(outputs)))
	for _, o := range outputs {
		b = binary.LittleEndian.AppendUint64(b, uint64(o.Value))
		b = append(append(b, byte(len(o.Script))), o.Script...)
	}
	return append(b, 0, 0, 0, 0)
}

// testSplit is that of testTemplate.
func testSplit() Split {
	return Split{{Lease: "L-0001", Sat: 200_000_000}, {Lease: "L-0002", Sat: 100_000_000}, {Lease: lease.House, Sat: 6_250_000}}
}

// testTemplate is a block of the house that pays L-0001 directly.
func testTemplate(t testing.TB) *Template {
	t.Helper()
	script := slices.Concat([]byte{3, 0x40, 0xd1, 0x0c, lease.TagSize}, make([]byte, lease.TagSize), []byte{32}, make([]byte, 32), []byte{6}, make([]byte, 6))
	all := coinbaseOf(script,
		work.Output{Value: 200_000_000, Script: payeeScript(1)},
		work.Output{Value: testReward - 200_000_000, Script: houseScript},
		work.Output{Script: []byte{0x6a, 0x24}})
	at := ScriptSigAt + 5
	split, err := testSplit().Hash()
	if err != nil {
		t.Fatal(err)
	}
	return commit(t, &Template{
		Format: TemplateFormat, Height: 840_000, Prev: U256{5}, Version: 0x20000000, Mask: work.VersionMask, Bits: 0x1d00ffff,
		Time: 1000, MinTime: 900, MaxTime: 2000,
		Head: all[:at], Tail: all[at+lease.TagSize : at+lease.TagSize+34], Coinb2: all[at+lease.TagSize+34+6:],
		Branches: []B32{{1}, {2}, {3}}, Extranonce1Size: 2, Extranonce2Size: 4, Terms: B32{9},
		Reward: testReward, Fee: 6_250_000, Split: split,
		Direct: []Direct{{Script: payeeScript(1), Sat: 200_000_000, Leases: []string{"L-0001"}}},
	})
}

// commit makes the coinbase commit to the document as it is.
func commit(t testing.TB, x *Template) *Template {
	t.Helper()
	document, err := x.Encode()
	if err != nil {
		t.Fatal(err)
	}
	x.Tail = bytes.Clone(x.Tail)
	if sum, _, err := Commitment(document); err == nil {
		copy(x.Tail[1:], sum[:])
	}
	return x
}

// rich makes the house's whole reward, which pays for shares.
func rich(t testing.TB) *Template {
	t.Helper()
	x := testTemplate(t)
	x.Fee, x.Direct, x.Earns = 0, nil, &Earns{Sat: testReward}
	var err error
	if x.Split, err = One(lease.House, testReward).Hash(); err != nil {
		t.Fatal(err)
	}
	all := coinbaseOf(nil, work.Output{Value: testReward, Script: houseScript})
	x.Coinb2 = all[ScriptSigAt:]
	return commit(t, x)
}

// poolTemplate is a job in the manner of ckpool, whose extranonce2 has n bytes.
// At 8, its worker 0 and tag 0 have found the shares of poolShares.
func poolTemplate(t testing.TB, n int) *Template {
	t.Helper()
	room, err := PoolRoomOf(n)
	if err != nil {
		t.Fatal(err)
	}
	x := &Template{
		Format: PoolTemplateFormat, Height: 544, Prev: prevOf(t), Version: 0x20400000 &^ work.VersionMask, Mask: work.VersionMask, Bits: 0x1d00ffff,
		Time: 0x6affdc7d, MinTime: 0x6affdc7d, MaxTime: 0x6affdc7d + 7200,
		Head:     unhex(t, "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff360220020c0b2f503253482f627463642f047ddcff6a04bf2af20a0c"),
		Coinb2:   unhex(t, "0a636b706f6f6c2d6c6872032f782fffffffff0200f2052a010000001976a914000102030405060708090a0b0c0d0e0f1011121388ac0000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000"),
		Branches: []B32{}, Extranonce1Size: room.Worker, Extranonce2Size: room.Rolled,
		Pool: &PoolJob{
			Address: "stratum+tcp://pool.example:3333", Extranonce1: Hex{0x6a, 0xdc, 0xff, 0x6a}, Extranonce2Size: n,
			Target: U256(miner.TargetForWork(miner.Hashes(1 << 28))),
		},
	}
	x.Head[ScriptSigAt-1] += byte(n - 8)
	return x
}

// poolShares are two real shares, and their hashes.
var poolShares = []struct {
	nonce uint32
	hash  string
}{
	{0x7f717306, "0000000a7654a749c9c9a5b86e1a24edb7bcc1a0387644164c2066b04ca6da33"},
	{0x34a79b0b, "00000007e4e5d5ae4c80aea9cc9bce44b3761317a6dcfe73ec9f232d93cb67b3"},
}

func prevOf(t testing.TB) U256 {
	return U256(unhex(t, "7ddc4106c10e6f6e478817645b575b4cb966e80378b57aad29449d6af1020000"))
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(t testing.TB, x *Template) []byte {
	t.Helper()
	document, err := x.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return document
}
