package main

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// siPrefixes are the powers of a thousand, from the smallest.
const siPrefixes = "kMGTPE"

// parseRate reads a hash rate such as 5MH, 1.5 GH/s, 250k or 5000000, exactly.
func parseRate(text string) (hps uint64, err error) {
	n, err := parseSI("rate", strings.TrimSuffix(strings.TrimSpace(text), "/s"), text, "5MH, 1.5GH/s or 5000000")
	if err != nil {
		return 0, err
	}
	if !n.IsUint64() || n.Uint64() > lease.MaxContractedHps {
		return 0, usage("rate %.80q is above the limit of %s", text, formatRate(lease.MaxContractedHps))
	}
	return n.Uint64(), nil
}

// parseHashes reads a number of hashes such as 1PH or 2.5EH, exactly.
func parseHashes(text string) (miner.Work, error) {
	n, err := parseSI("number", text, text, "1PH, 2.5EH or 1000000")
	if err != nil {
		return miner.Work{}, err
	}
	w, ok := miner.WorkFromBig(n)
	if !ok {
		return miner.Work{}, usage("number %.60q is above all that can be hashed", text)
	}
	return w, nil
}

// parseSI reads a positive whole number of hashes with an SI prefix, from s,
// which is the text, as far as it matters; want is an example.
func parseSI(what, s, text, want string) (*big.Int, error) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "H"))
	scale := 0
	if n := len(s); n > 0 {
		if i := strings.IndexByte(siPrefixes, s[n-1]); i >= 0 {
			scale, s = 3*(i+1), strings.TrimSpace(s[:n-1])
		} else if s[n-1] == 'K' {
			scale, s = 3, strings.TrimSpace(s[:n-1])
		}
	}
	if strings.HasPrefix(s, "-") {
		return nil, usage("%s %q is negative: want one such as %s", what, text, want)
	}
	n, ok := decimal(s, scale)
	switch {
	case n == nil:
		return nil, usage("%s %.40q: want a number with a unit, such as %s", what, text, want)
	case !ok && what == "rate":
		return nil, usage("rate %q is not a whole number of hashes a second", text)
	case !ok:
		return nil, usage("%s %q is not a whole number of hashes", what, text)
	case n.Sign() == 0:
		return nil, usage("%s %q is zero: want one such as %s", what, text, want)
	}
	return n, nil
}

// decimal reads at most 60 digits, perhaps with a point and at most 18 digits
// after it, as a number times 10^scale. It is nil for anything else, and not ok when it is
// not whole.
func decimal(s string, scale int) (n *big.Int, ok bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 60 || len(frac) > 18 || !digits(whole) || !digits(frac) || strings.HasSuffix(s, ".") {
		return nil, false
	}
	frac = strings.TrimRight(frac, "0")
	if len(frac) > scale {
		return new(big.Int), false
	}
	n, _ = new(big.Int).SetString(whole+frac+strings.Repeat("0", scale-len(frac)), 10)
	return n, true
}

// satDigits is how many decimals a coin has.
const satDigits = 8

// parseSat reads an amount such as 5000sat or 0.001BTC, where commodity is
// BTC, or BTC-REGTEST, which may be written without what comes after the dash.
func parseSat(text, commodity string) (int64, error) {
	s := strings.TrimSpace(text)
	i := strings.LastIndexAny(s, "0123456789.") + 1
	number, unit := strings.TrimSpace(s[:i]), strings.ToUpper(strings.TrimSpace(s[i:]))
	base, _, _ := strings.Cut(commodity, "-")
	example := fmt.Sprintf("5000sat or 0.00005%s", base)
	scale := 0
	switch unit {
	case "SAT":
	case commodity, base:
		scale = satDigits
	case "":
		return 0, usage("amount %.40q has no unit: want one such as %s", text, example)
	default:
		return 0, usage("amount %.40q: the books are in %s, want an amount such as %s", text, commodity, example)
	}
	if strings.HasPrefix(number, "-") {
		return 0, usage("amount %.40q is negative: want one such as %s", text, example)
	}
	n, ok := decimal(number, scale)
	switch {
	case n == nil:
		return 0, usage("amount %.40q: want one such as %s", text, example)
	case !ok:
		return 0, usage("amount %.40q is not a whole number of satoshi", text)
	case n.Sign() == 0:
		return 0, usage("amount %.40q is zero: want one such as %s", text, example)
	case !n.IsInt64() || n.Int64() > lease.MaxSat:
		return 0, usage("amount %.40q is more than the 21 million coins that there can be", text)
	}
	return n.Int64(), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// formatRate writes a hash rate for people, to four digits: "61.25 MH/s".
func formatRate(hps uint64) string { return formatSI(miner.Hashes(hps)) + "H/s" }

// formatHashes writes a number of hashes for people, to four digits.
func formatHashes(w miner.Work) string { return formatSI(w) + "H" }

// formatSI writes four digits and an SI prefix, rounded to nearest.
func formatSI(w miner.Work) string {
	v, prefix := scaleSI(w.Float64())
	return fourDigits(v, prefix) + " " + prefix
}

// formatSpan writes two hash rates in the unit of the higher one:
// "53.99–94.28 MH/s".
func formatSpan(lo, hi uint64) string {
	top, prefix := scaleSI(float64(hi))
	low := 0.0
	if hi > 0 {
		low = float64(lo) / float64(hi) * top
	}
	return fourDigits(low, prefix) + "–" + fourDigits(top, prefix) + " " + prefix + "H/s"
}

// scaleSI finds the prefix with which v has at most three digits before the
// point.
func scaleSI(v float64) (scaled float64, prefix string) {
	for i := 0; v >= 999.95 && i < len(siPrefixes); i++ {
		v, prefix = v/1000, siPrefixes[i:i+1]
	}
	return v, prefix
}

// fourDigits rounds to nearest; without a prefix there is nothing after the
// point.
func fourDigits(v float64, prefix string) string {
	switch {
	case prefix == "":
		return fmt.Sprintf("%.0f", v)
	case v < 9.9995:
		return fmt.Sprintf("%.3f", v)
	case v < 99.995:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// formatSat writes an amount with the coin's eight decimals.
func formatSat(sat int64) string {
	sign := ""
	u := uint64(sat)
	if sat < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%08d", sign, u/1e8, u%1e8)
}

// plural writes a number and what it counts, such as "1 thread".
func plural[N int | int64 | uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
