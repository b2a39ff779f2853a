package miner

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// The values are those of Bitcoin Core's GetBlockProof and of the compact
// form's definition.
func TestWorkOfKnownTargets(t *testing.T) {
	if got, want := DifficultyOne.Work(), Hashes(4295032833); got != want {
		t.Errorf("work of difficulty 1 = %v, want %v", got, want)
	}
	regtest, err := Bits(0x207fffff).Target()
	if err != nil {
		t.Fatal(err)
	}
	if got := regtest.Work(); got != Hashes(2) {
		t.Errorf("work of regtest bits = %v, want 2", got)
	}
	if got := MaxTarget.Work(); got != Hashes(1) {
		t.Errorf("work of 2^256-1 = %v, want 1", got)
	}
	if got := (Target{}).Work(); got != MaxWork {
		t.Errorf("work of target 0 = %v, want MaxWork", got)
	}
}

func TestBits(t *testing.T) {
	for _, c := range []struct {
		bits   Bits
		target string
	}{
		{0x1d00ffff, "00000000ffff0000000000000000000000000000000000000000000000000000"},
		{0x1b0404cb, "00000000000404cb000000000000000000000000000000000000000000000000"},
		{0x207fffff, "7fffff0000000000000000000000000000000000000000000000000000000000"},
		{0x03123456, "0000000000000000000000000000000000000000000000000000000000123456"},
		{0x05009234, "0000000000000000000000000000000000000000000000000000000092340000"},
	} {
		got, err := c.bits.Target()
		if err != nil {
			t.Errorf("%08x: %v", uint32(c.bits), err)
			continue
		}
		if got.String() != c.target {
			t.Errorf("%08x = %v, want %s", uint32(c.bits), got, c.target)
		}
		if back := got.Bits(); back != c.bits {
			t.Errorf("bits of %v = %08x, want %08x", got, uint32(back), uint32(c.bits))
		}
	}
	for _, bad := range []Bits{0, 0x01003456, 0x04923456, 0xff123456, 0x23000001} {
		if got, err := bad.Target(); err == nil {
			t.Errorf("%08x: no error, got %v", uint32(bad), got)
		}
	}
}

func TestDifficultyTargets(t *testing.T) {
	one, err := ParseDifficulty("1")
	if err != nil {
		t.Fatal(err)
	}
	if got := one.PoolTarget(); got != DifficultyOne {
		t.Errorf("pool target of 1 = %v", got)
	}
	if got, want := one.WorkerTarget().String(), "0000000100000000000000000000000000000000000000000000000000000000"; got != want {
		t.Errorf("worker target of 1 = %v, want %v", got, want)
	}
	for _, same := range [][2]string{{"0.5", "5e-1"}, {"1024", "1024.0"}, {"0.00015", "1.5E-4"}, {"16e0", "16"}} {
		a, err := ParseDifficulty(same[0])
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseDifficulty(same[1])
		if err != nil {
			t.Fatal(err)
		}
		if a.Cmp(b) != 0 || a.WorkerTarget() != b.WorkerTarget() {
			t.Errorf("%s and %s differ", same[0], same[1])
		}
	}
	if d, _ := ParseDifficulty("1024.0"); d.String() != "1024" {
		t.Errorf("1024.0 prints as %s", d)
	}
	if d, _ := ParseDifficulty("1e-20"); d.WorkerTarget() != MaxTarget {
		t.Errorf("tiny difficulty = %v, want the largest target", d.WorkerTarget())
	}
	for _, bad := range []string{"", "0", "-1", "+1", "1e41", "1e-41", "1e", "e1", ".5", "1.2.3", "0x10", "1/2", "inf", "NaN", "1_000",
		"12345678901234567890123456789012345678901"} {
		if d, err := ParseDifficulty(bad); err == nil {
			t.Errorf("%q parsed as %v", bad, d)
		}
	}
}

func TestTargetForWorkRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		w := Work{Hi: rng.Uint64() >> (rng.UintN(64) + 1), Lo: rng.Uint64() >> rng.UintN(64)}
		if rng.UintN(2) == 0 {
			w.Hi = 0
		}
		if w.IsZero() {
			continue
		}
		got := TargetForWork(w)
		if got.Work().Cmp(w) < 0 {
			t.Fatalf("target of work %v gives less work: %v", w, got.Work())
		}
		if next := TargetFromBig(new(big.Int).Add(got.Big(), big.NewInt(1))); got != MaxTarget && next.Work().Cmp(w) >= 0 {
			t.Fatalf("target of work %v is not the largest", w)
		}
	}
}

func TestWorkArithmetic(t *testing.T) {
	if got := MaxWork.Add(Hashes(1)); got != MaxWork {
		t.Errorf("overflowing sum = %v", got)
	}
	if got := Hashes(1).Sub(Hashes(2)); !got.IsZero() {
		t.Errorf("underflowing difference = %v", got)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 10000 {
		a := Work{rng.Uint64() >> 33, rng.Uint64()}
		b := Work{rng.Uint64() >> 33, rng.Uint64()}
		n := rng.Uint64() >> 33
		sum, _ := WorkFromBig(new(big.Int).Add(a.Big(), b.Big()))
		if a.Add(b) != sum || sum.Sub(b) != a {
			t.Fatalf("%v+%v", a, b)
		}
		product, _ := WorkFromBig(new(big.Int).Mul(a.Big(), new(big.Int).SetUint64(n)))
		if a.Mul(n) != product {
			t.Fatalf("%v·%d", a, n)
		}
		back, err := ParseWork(a.String())
		if err != nil || back != a {
			t.Fatalf("%v parses as %v, %v", a, back, err)
		}
		if a.Cmp(b) != a.Big().Cmp(b.Big()) {
			t.Fatalf("order of %v and %v", a, b)
		}
	}
	for _, bad := range []string{"", "-1", "+1", "1.0", "340282366920938463463374607431768211456", "0x10"} {
		if w, err := ParseWork(bad); err == nil {
			t.Errorf("%q parsed as %v", bad, w)
		}
	}
}

// Block 125552 of Bitcoin's main chain.
func TestHeaderOfBlock125552(t *testing.T) {
	prev, _ := ParseHash("00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81")
	root, _ := ParseHash("2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3")
	h := NewHeader(1, prev, root, 1305998791, 0x1a44b9f2, 2504433986)
	hash := h.Hash()
	if want := "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d"; hash.String() != want {
		t.Fatalf("hash = %v, want %s", hash, want)
	}
	target, _ := h.Bits().Target()
	if !hash.Meets(target) {
		t.Error("the block's hash does not meet its own target")
	}
	if h.Version() != 1 || h.Prev() != prev || h.Root() != root || h.Time() != 1305998791 || h.Nonce() != 2504433986 {
		t.Error("a field does not read back")
	}
	back, err := ParseHeader(h.String())
	if err != nil || back != h {
		t.Errorf("%v parses as %v, %v", h, back, err)
	}
}
