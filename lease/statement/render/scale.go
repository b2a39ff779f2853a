package render

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

// scale writes rates in one unit, so that they can be compared at a glance.
type scale struct {
	unit     *big.Int // hashes per second
	name     string   // such as PH/s
	decimals int
}

// newScale is one in which a rate has five digits.
func newScale(w miner.Work) scale {
	n, thousand := w.Big(), big.NewInt(1000)
	c := scale{unit: big.NewInt(1), name: "H/s"}
	prefix := 0
	for prefix < len(prefixes)-1 && new(big.Int).Quo(n, c.unit).Cmp(thousand) >= 0 {
		c.unit.Mul(c.unit, thousand)
		prefix++
	}
	if prefix == 0 {
		return c
	}
	c.name, c.decimals = prefixes[prefix:prefix+1]+c.name, 4
	for q := new(big.Int).Quo(n, c.unit); c.decimals > 2 && q.Cmp(big.NewInt(10)) >= 0; q.Quo(q, big.NewInt(10)) {
		c.decimals--
	}
	return c
}

// number writes a rate without the unit, rounded down or up.
func (c scale) number(n *big.Int, up bool) string {
	if up {
		grid := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.decimals)), nil)
		grid.Quo(c.unit, grid)
		if grid.Sign() > 0 {
			n = new(big.Int).Add(n, grid.Sub(grid, big.NewInt(1)))
		}
	}
	return ratio(n, c.unit, c.decimals)
}

// rate writes a rate with the unit, in one of its own if it is far from the
// others.
func (c scale) rate(w miner.Work, up bool) string {
	n := w.Big()
	if n.Sign() == 0 {
		return "0" + nbsp + c.name
	}
	far := new(big.Int).Mul(c.unit, big.NewInt(100_000))
	near := new(big.Int).Mul(n, big.NewInt(1000))
	if n.Cmp(far) >= 0 || n.Sign() > 0 && near.Cmp(c.unit) < 0 {
		return hashRate(w, up)
	}
	return c.number(n, up) + nbsp + c.name
}

// mean writes the rate of so much work in so much time, without the unit.
func (c scale) mean(w miner.Work, ms int64) string {
	if ms <= 0 {
		return dash
	}
	n := new(big.Int).Mul(w.Big(), big.NewInt(1000))
	return c.number(n.Quo(n, big.NewInt(ms)), false)
}

// perHashes names an amount of hashes that something is the price of: PH, or
// 100 PH.
func perHashes(w miner.Work) string {
	number, unit, _ := strings.Cut(hashes(w), nbsp)
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	if number == "1" {
		return unit
	}
	return fmt.Sprintf("%s%s%s", number, nbsp, unit)
}
