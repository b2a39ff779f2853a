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
	s := strings.TrimSpace(text)
	s = strings.TrimSuffix(s, "/s")
	s = strings.TrimSuffix(s, "H")
	s = strings.TrimSpace(s)
	scale := 0
	if n := len(s); n > 0 {
		if i := strings.IndexByte(siPrefixes, s[n-1]); i >= 0 {
			scale, s = 3*(i+1), strings.TrimSpace(s[:n-1])
		} else if s[n-1] == 'K' {
			scale, s = 3, strings.TrimSpace(s[:n-1])
		}
	}
	if strings.HasPrefix(s, "-") {
		return 0, usage("rate %q is negative: want a rate such as 5MH", text)
	}
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 20 || len(frac) > 18 || !digits(whole) || !digits(frac) || strings.HasSuffix(s, ".") {
		return 0, usage("rate %.40q: want a number with a unit, such as 5MH, 1.5GH/s or 5000000", text)
	}
	frac = strings.TrimRight(frac, "0")
	if len(frac) > scale {
		return 0, usage("rate %q is not a whole number of hashes a second", text)
	}
	n, _ := new(big.Int).SetString(whole+frac+strings.Repeat("0", scale-len(frac)), 10)
	if n.Sign() == 0 {
		return 0, usage("rate %q is zero: want a rate such as 5MH", text)
	}
	if !n.IsUint64() || n.Uint64() > lease.MaxContractedHps {
		return 0, usage("rate %q is above the limit of %s", text, formatRate(lease.MaxContractedHps))
	}
	return n.Uint64(), nil
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
