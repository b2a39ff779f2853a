package main

import (
	"math/big"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

// difficultyOneWork is the work of a share of difficulty 1, in hashes.
const difficultyOneWork = 4_295_032_833

// parsePoolWork reads the work that a pool's page shows: hashes such as 1.25PH
// or 1250000000, or, with a D at the end, a sum of share difficulties such as
// 290kD, rounded down to whole hashes.
func parsePoolWork(text string) (miner.Work, error) {
	refuse := func() (miner.Work, error) {
		return miner.Work{}, usage("work %.40q: want hashes, such as 1.25PH, or a sum of difficulties, such as 290kD", text)
	}
	s := strings.TrimSpace(text)
	unit := big.NewInt(1)
	if rest, ok := strings.CutSuffix(s, "D"); ok {
		s, unit = rest, big.NewInt(difficultyOneWork)
	} else {
		s = strings.TrimSuffix(s, "H")
	}
	s = strings.TrimSpace(s)
	if n := len(s); n > 0 {
		prefix := strings.IndexByte(siPrefixes, s[n-1])
		if s[n-1] == 'K' {
			prefix = 0
		}
		if prefix >= 0 {
			unit.Mul(unit, new(big.Int).Exp(big.NewInt(1000), big.NewInt(int64(prefix+1)), nil))
			s = strings.TrimSpace(s[:n-1])
		}
	}
	whole, frac, dot := strings.Cut(s, ".")
	if whole == "" || len(whole) > 39 || len(frac) > 18 || dot && frac == "" || !digits(whole) || !digits(frac) {
		return refuse()
	}
	n, _ := new(big.Int).SetString(whole+frac, 10)
	n.Mul(n, unit).Quo(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(frac))), nil))
	w, ok := miner.WorkFromBig(n)
	if !ok {
		return refuse()
	}
	return w, nil
}
