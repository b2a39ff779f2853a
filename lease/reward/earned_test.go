package reward

import (
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func group(work, network uint64, sat int64) Group {
	return Group{miner.Hashes(work), miner.Hashes(network), sat}
}

func TestEarned(t *testing.T) {
	tests := []struct {
		name   string
		feePPM int64
		groups []Group
		want   Earned
	}{
		{"nothing", 0, nil, Earned{}},
		{"half a block", 0, []Group{group(1, 2, 100)}, Earned{Sat: 50}},
		{"less two per cent", 20_000, []Group{group(1, 2, 100)}, Earned{Sat: 49}},
		{"a third of a satoshi", 0, []Group{group(1, 3, 1)}, Earned{Frac: miner.Work{Hi: 0x55555555, Lo: 0x5555555555555555}}},
		{"of equal value, summed first", 0, []Group{group(1, 3, 1), group(1, 3, 1), group(1, 3, 1)}, Earned{Sat: 1}},
		{"over a retarget", 0, []Group{group(1, 3, 1), group(2, 6, 1)}, Earned{Frac: miner.Work{Hi: 0xaaaaaaaa, Lo: 0xaaaaaaaaaaaaaaaa}}},
		{"all is fee", million, []Group{group(1, 2, 100)}, Earned{}},
		{"no reward", 0, []Group{group(1, 2, 0)}, Earned{}},
		// 1 PH/s for a day at difficulty 1.3e14 with 3.15 BTC a block.
		{"1 PH/s", 0, []Group{{miner.Hashes(86_400e15 / 1e3).Mul(1000), miner.Hashes(13e13).Mul(1 << 32), 315_000_000}}, Earned{Sat: 48_743}},
	}
	for _, tt := range tests {
		got, err := Earned{}.Add(tt.feePPM, tt.groups...)
		if tt.name == "1 PH/s" {
			got.Frac = miner.Work{}
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: %x (%v), want %x", tt.name, got, err, tt.want)
		}
	}
}

func TestEarnedRefuses(t *testing.T) {
	tests := []struct {
		name   string
		from   Earned
		feePPM int64
		group  Group
	}{
		{"no network", Earned{}, 0, group(1, 0, 1)},
		{"negative reward", Earned{}, 0, group(1, 1, -1)},
		{"more than there is", Earned{}, 0, group(1, 1, lease.MaxSat+1)},
		{"negative fee", Earned{}, -1, group(1, 1, 1)},
		{"fee above all", Earned{}, million + 1, group(1, 1, 1)},
		{"sum", Earned{Sat: lease.MaxSat}, 0, group(1, 1, 1)},
		{"128 bits", Earned{}, 0, Group{miner.MaxWork, miner.Hashes(1), lease.MaxSat}},
	}
	for _, tt := range tests {
		if got, err := tt.from.Add(tt.feePPM, tt.group); err == nil || got != (Earned{}) {
			t.Errorf("%s: %v, want an error", tt.name, got)
		}
	}
}

// Hours settled one by one, in any batches and order, and stored in between,
// are posted to the same satoshi: within 2^-96 a group of the exact sum.
func TestEarnedIsTheSameInAnyBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		feePPM := rapid.Int64Range(0, million).Draw(t, "fee")
		networks := []miner.Work{miner.Hashes(3), miner.Hashes(1<<50 + 1), {Hi: 1 << 15, Lo: 12345}}
		var e, other Earned
		var posted, groups int64
		exact := new(big.Rat)
		for range rapid.IntRange(1, 5).Draw(t, "hours") {
			var hour []Group
			for range rapid.IntRange(0, 6).Draw(t, "groups") {
				n := rapid.SampledFrom(networks).Draw(t, "network")
				g := Group{drawWork(t), n, rapid.Int64Range(0, 5).Draw(t, "reward") * 312_500_001}
				g.Work, _ = miner.WorkFromBig(new(big.Int).Mod(g.Work.Big(), n.Mul(2).Big()))
				hour = append(hour, g)
				v := Value(lease.Earns{Network: g.Network, Sat: g.RewardSat}, g.Work)
				exact.Add(exact, v.Mul(v, big.NewRat(million-feePPM, million)))
				groups++
			}
			var err error
			if e, err = e.Add(feePPM, hour...); err != nil {
				t.Fatal(err)
			}
			due := e.Due(posted)
			if due < 0 {
				t.Fatalf("%d sat due", due)
			}
			posted += due

			text, err := e.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			var back Earned
			if err := back.UnmarshalText(text); err != nil || back != e {
				t.Fatalf("%x written as %s is read as %x (%v)", e, text, back, err)
			}
			e = back

			// The same hour, each share cut in two, in another order.
			var cut []Group
			for _, g := range hour {
				half := g
				half.Work = miner.Hashes(g.Work.Lo / 3)
				g.Work = g.Work.Sub(half.Work)
				cut = append(cut, g, half)
			}
			if other, err = other.Add(feePPM, rapid.Permutation(cut).Draw(t, "order")...); err != nil || other != e {
				t.Fatalf("in other batches %x (%v), not %x", other, err, e)
			}
		}
		if posted != e.Sat {
			t.Fatalf("%d posted, %d earned", posted, e.Sat)
		}
		one := new(big.Int).Lsh(big.NewInt(1), fineBits)
		earned, err := e.big()
		if err != nil {
			t.Fatal(err)
		}
		lost := exact.Sub(exact, new(big.Rat).SetFrac(earned, one))
		if lost.Sign() < 0 || lost.Cmp(new(big.Rat).SetFrac(big.NewInt(groups), one)) > 0 {
			t.Fatalf("%s sat lost over %d groups", lost.FloatString(30), groups)
		}
	})
}

func FuzzEarnedText(f *testing.F) {
	above := new(big.Int).Lsh(big.NewInt(lease.MaxSat+1), fineBits)
	largest := new(big.Int).Sub(above, big.NewInt(1))
	for _, s := range []string{"0", "1", "79228162514264337593543950336", "01", "-0", "-1", "+1", "", "1e3", "1_0", largest.String(), above.String()} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Earned
		if err := e.UnmarshalText(b); err != nil {
			if e != (Earned{}) {
				t.Fatalf("%q: error %v and %x", b, err, e)
			}
			return
		}
		back, err := e.MarshalText()
		if err != nil || string(back) != string(b) {
			t.Fatalf("%q is written as %q (%v)", b, back, err)
		}
	})
}

func TestEarnedText(t *testing.T) {
	if b, err := (Earned{Sat: -1}).MarshalText(); err == nil {
		t.Errorf("negative earnings are written as %s", b)
	}
	if b, err := (Earned{Frac: miner.Work{Hi: 1 << 32}}).MarshalText(); err == nil {
		t.Errorf("a fraction of a whole satoshi is written as %s", b)
	}
	for _, tt := range []struct {
		e    Earned
		text string
	}{
		{Earned{Sat: 1, Frac: miner.Hashes(2)}, "79228162514264337593543950338"},
		{Earned{lease.MaxSat, miner.Work{Hi: 1<<32 - 1, Lo: 1<<64 - 1}}, "166379141279955188174604809969937593543950335"},
	} {
		var back Earned
		if b, err := tt.e.MarshalText(); err != nil || string(b) != tt.text || len(b) > maxEarnedText {
			t.Errorf("%+v is written as %s (%v), want %s", tt.e, b, err, tt.text)
		}
		if err := back.UnmarshalText([]byte(tt.text)); err != nil || back != tt.e {
			t.Errorf("%s is read as %+v (%v), want %+v", tt.text, back, err, tt.e)
		}
	}
	above := new(big.Int).Lsh(big.NewInt(lease.MaxSat+1), fineBits)
	if err := new(Earned).UnmarshalText([]byte(above.String())); err == nil {
		t.Errorf("%v is read", above)
	}
}

func TestFPPSReward(t *testing.T) {
	if b, err := FPPSReward(312_500_000, 2_500_000); err != nil || b != 315_000_000 {
		t.Errorf("%d, %v", b, err)
	}
	for _, bad := range [][2]int64{{-1, 1}, {1, -1}, {lease.MaxSat, 1}, {1, 1<<63 - 1}, {lease.MaxSat + 1, 0}} {
		if b, err := FPPSReward(bad[0], bad[1]); err == nil {
			t.Errorf("%v: %d", bad, b)
		}
	}
}
