package miner

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Difficulty is a share difficulty as an exact, positive rational. Its zero
// value is difficulty 1.
type Difficulty struct{ r *big.Rat }

const (
	maxDifficultyDigits = 40
	maxDifficultyExp    = 40
)

// ParseDifficulty reads the decimal text of a JSON number (or the text of a
// numeric string) without going through a float. More than 40 digits, an
// exponent beyond ±40, and values that are not positive are refused.
func ParseDifficulty(s string) (Difficulty, error) {
	mant, exp, hasExp := strings.Cut(strings.ToLower(s), "e")
	digits := 0
	for i, c := range []byte(mant) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && i > 0 && strings.IndexByte(mant, '.') == i:
		default:
			return Difficulty{}, fmt.Errorf("difficulty %.60q: want a positive decimal number", s)
		}
	}
	if digits == 0 || digits > maxDifficultyDigits {
		return Difficulty{}, fmt.Errorf("difficulty %.60q: want 1 to %d digits", s, maxDifficultyDigits)
	}
	if hasExp {
		e, err := strconv.Atoi(exp)
		if err != nil || e > maxDifficultyExp || e < -maxDifficultyExp {
			return Difficulty{}, fmt.Errorf("difficulty %.60q: want an exponent within ±%d", s, maxDifficultyExp)
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return Difficulty{}, fmt.Errorf("difficulty %.60q: want a positive decimal number", s)
	}
	return Difficulty{r}, nil
}

// rat returns the rational, which callers must not change.
func (d Difficulty) rat() *big.Rat {
	if d.r == nil {
		return big.NewRat(1, 1)
	}
	return d.r
}

// WorkerTarget returns min(2^256-1, floor(2^224/d)): the target by which our
// own workers are judged. It admits both conventions in use, T1/d and 2^224/d.
func (d Difficulty) WorkerTarget() Target { return d.divide(new(big.Int).Lsh(big.NewInt(1), 224)) }

// PoolTarget returns floor(T1/d), the target towards an upstream pool.
func (d Difficulty) PoolTarget() Target { return d.divide(DifficultyOne.Big()) }

func (d Difficulty) divide(n *big.Int) Target {
	n.Mul(n, d.rat().Denom())
	return TargetFromBig(n.Quo(n, d.rat().Num()))
}

// Difficulty returns T1/T, the difficulty of a target in the pool convention.
// A zero target is treated as 1, the hardest there is.
func (t Target) Difficulty() Difficulty {
	n := t.Big()
	if n.Sign() == 0 {
		n.SetInt64(1)
	}
	return Difficulty{new(big.Rat).SetFrac(DifficultyOne.Big(), n)}
}

// Cmp orders difficulties: -1, 0 or +1.
func (d Difficulty) Cmp(e Difficulty) int { return d.rat().Cmp(e.rat()) }

// Float64 returns the nearest float64, for display only.
func (d Difficulty) Float64() float64 {
	f, _ := d.rat().Float64()
	return f
}

// String writes whole difficulties as integers (1024, not 1024.0), others
// with up to 12 significant digits.
func (d Difficulty) String() string {
	if d.rat().IsInt() {
		return d.rat().Num().String()
	}
	return strconv.FormatFloat(d.Float64(), 'g', 12, 64)
}
