package stratum

import (
	"fmt"
	"math"
	"math/big"
	"sort"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

// A level is the exponent of a difficulty that is a power of two. All
// difficulties a server advertises are: whole ones of 1 and above, and exact
// decimal fractions below, so that no device rounds them to something else.
const (
	minLevel = -32 // every hash meets its target
	maxLevel = 62
)

// level is what belongs to one difficulty.
type level struct {
	difficulty miner.Difficulty
	target     miner.Target // floor(2^224/d), at most 2^256-1
	work       float64      // hashes of one share, for estimates of rates
	line       []byte       // the mining.set_difficulty
}

type levels [maxLevel - minLevel + 1]level

func newLevels() (*levels, error) {
	var all levels
	for n := minLevel; n <= maxLevel; n++ {
		name := powerOfTwo(n)
		d, err := miner.ParseDifficulty(name)
		if err != nil {
			return nil, fmt.Errorf("difficulty 2^%d: %w", n, err)
		}
		all[n-minLevel] = level{
			difficulty: d,
			target:     d.WorkerTarget(),
			work:       math.Ldexp(1, 32+n),
			line:       AppendNotification(nil, MethodSetDifficulty, []byte("["+name+"]")),
		}
	}
	return &all, nil
}

// powerOfTwo writes 2^n exactly.
func powerOfTwo(n int) string {
	if n >= 0 {
		return new(big.Int).Lsh(big.NewInt(1), uint(n)).String()
	}
	digits := new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(-n)), nil).String() // 2^-k = 5^k / 10^k
	return "0." + strings.Repeat("0", -n-len(digits)) + digits
}

func (l *levels) at(n int8) *level { return &l[n-minLevel] }

// below returns the hardest level that is not harder than d.
func (l *levels) below(d miner.Difficulty) int8 {
	return l.last(func(at *level) bool { return at.difficulty.Cmp(d) <= 0 })
}

// above returns the easiest level that is not easier than d.
func (l *levels) above(d miner.Difficulty) int8 {
	n := l.below(d)
	if n < maxLevel && l.at(n).difficulty.Cmp(d) < 0 {
		n++
	}
	return n
}

// easier returns the hardest level whose target is at least t.
func (l *levels) easier(t miner.Target) int8 {
	return l.last(func(at *level) bool { return at.target.Cmp(t) >= 0 })
}

// last returns the last level that satisfies ok, which those up to it do, or
// the first.
func (l *levels) last(ok func(*level) bool) int8 {
	n := sort.Search(len(l), func(i int) bool { return !ok(&l[i]) })
	return int8(max(n-1, 0) + minLevel)
}
