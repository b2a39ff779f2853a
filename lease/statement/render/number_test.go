package render

import (
	"math/big"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// plain writes a text with the spaces that keyboards have.
func plain(s string) string { return strings.NewReplacer(thin, " ", nbsp, " ").Replace(s) }

func TestNumbers(t *testing.T) {
	big128 := miner.MaxWork.Big()
	c := newScale(miner.Hashes(1_000_000_000_000_000))
	mega := newScale(miner.Hashes(123_456_789))
	for _, c := range [][2]string{
		{group(0), "0"}, {group(999), "999"}, {group(-1000), "−1 000"}, {group(1<<63 - 1), "9 223 372 036 854 775 807"}, {group(-1 << 63), "−9 223 372 036 854 775 808"},
		{coins(-1), "-0.00000001"}, {coins(lease.MaxSat), "21000000.00000000"}, {coins(-1 << 63), "-92233720368.54775808"},
		{si(big.NewInt(0), "H/s", true), "0 H/s"}, {si(big.NewInt(999), "H/s", false), "999 H/s"}, {si(big.NewInt(1000), "H/s", false), "1.000 kH/s"},
		{si(big.NewInt(999_949), "H", true), "1.000 MH"}, {si(big.NewInt(999_949), "H", false), "999.9 kH"}, {si(big.NewInt(12_345_678), "H", false), "12.34 MH"},
		{si(big128, "H", false), "340 282 366 QH"},
		{percent(big.NewInt(1), big.NewInt(3)), "33.33 %"}, {percent(big.NewInt(1), big.NewInt(0)), "–"}, {percent(big128, big.NewInt(1)), "34 028 236 692 093 846 346 337 460 743 176 821 145 500.00 %"},
		{shortPPM(970_000), "97 %"}, {shortPPM(12_345), "1.2345 %"}, {shortPPM(0), "0 %"}, {ppm(999_999), "99.99 %"},
		{ratio(big.NewInt(2), big.NewInt(3), 2), "0.66"}, {ratio(big.NewInt(20_000), big.NewInt(3), 0), "6 666"},
		{c.rate(miner.Hashes(977_412_345_678_901), false), "0.9774 PH/s"}, {c.rate(miner.Hashes(977_412_345_678_901), true), "0.9775 PH/s"},
		{c.rate(miner.Hashes(977_400_000_000_000), true), "0.9774 PH/s"}, {c.rate(miner.Hashes(5000), false), "5.000 kH/s"}, {c.rate(miner.Work{}, false), "0 PH/s"},
		{mega.rate(miner.Hashes(120_000_000), false), "120.00 MH/s"}, {newScale(miner.Hashes(12)).rate(miner.Hashes(7), true), "7 H/s"},
		{perHashes(miner.Hashes(1_000_000_000_000_000)), "PH"}, {perHashes(miner.Hashes(100_000_000_000_000_000)), "100 PH"}, {perHashes(miner.Hashes(2_500_000_000)), "2.5 GH"},
		{span(0), "0 s"}, {span(5_000), "5 s"}, {span(90_000), "1 min 30 s"}, {span(1_234), "1 234 ms"}, {span(3_600_000), "1 h"}, {span(5_400_000), "1 h 30 min"}, {span(86_400_000 * 30), "30 d"}, {span(90_000_000), "1 d 1 h"},
		{periodName(ms("2026-02-01 00:00"), ms("2026-03-01 00:00")), "2026-02"}, {periodName(ms("2026-02-28 00:00"), ms("2026-03-01 00:00")), "2026-02-28"},
		{periodName(ms("2026-02-01 00:00"), ms("2026-02-08 00:00")), "2026-02-01 to 2026-02-08"}, {periodName(ms("2026-02-01 03:00"), ms("2026-02-01 05:30")+1000), "2026-02-01 03:00 to 05:30:01"}, {periodName(ms("2026-02-01 03:00"), ms("2026-02-08 00:00")), "2026-02-01 03:00 to 2026-02-08 00:00"},
		{clean("a\x1b[0m\u202e\"'\\\xff日"), `a\x1b[0m\u202e"'\\\xff日`}, {harmless("=1+\n ,日\xff\ufffd "), "%3D1+%0A %2C日%FF%EF%BF%BD%20"},
		{signedMilli(-1234), "−1.23"}, {signedMilli(500), "+0.50"}, {signedMilli(-1 << 63), "−9 223 372 036 854 775.80"},
		{accountWord("L-0042"), "L-0042"}, {accountWord("é:x"), "XX-C3--A9--3A-x"}, {accountWord(""), "XX"}, {accountWord("acme"), "Acme"},
		{rateLabel(4e14, 1.06e15, 2e14), "0.4 PH/s"}, {rateLabel(250, 900, 50), "250 H/s"},
	} {
		if plain(c[0]) != c[1] {
			t.Errorf("%q, want %q", plain(c[0]), c[1])
		}
	}
}

// TestRounding proves that rounding down is at most the number, rounding up at
// least, and that both are near.
func TestRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := miner.Work{Hi: rapid.Uint64().Draw(t, "hi") >> rapid.IntRange(0, 64).Draw(t, "by"), Lo: rapid.Uint64().Draw(t, "lo")}
		read := func(s string) *big.Rat {
			number, unit, _ := strings.Cut(plain(s), " ")
			for {
				more, rest, ok := strings.Cut(unit, " ")
				if !ok {
					break
				}
				number, unit = number+more, rest
			}
			r, ok := new(big.Rat).SetString(number)
			if !ok {
				t.Fatalf("%q is no number", s)
			}
			power := int64(3 * max(0, strings.Index(prefixes, strings.TrimSuffix(unit, "H/s"))))
			if unit == "H/s" {
				power = 0
			}
			return r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(power), nil)))
		}
		c := newScale(miner.Hashes(rapid.Uint64().Draw(t, "contracted")))
		n := new(big.Rat).SetInt(w.Big())
		for _, f := range []func(miner.Work, bool) string{hashRate, c.rate} {
			low, high := read(f(w, false)), read(f(w, true))
			if low.Cmp(n) > 0 || high.Cmp(n) < 0 {
				t.Fatalf("%v is not within %s and %s", w, f(w, false), f(w, true))
			}
		}
	})
}
