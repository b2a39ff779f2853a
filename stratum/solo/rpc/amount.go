package rpc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// coinDigits is how many decimals of a coin the satoshi is.
const coinDigits = 8

// maxAmountText bounds an amount's text, in bytes: "-21000000.00000000" is 18.
const maxAmountText = 40

// Amount is an amount in satoshi. As JSON it is a number in coins with eight
// decimals, as nodes write it; no float is involved in either direction.
type Amount int64

// ErrAmount is wrapped by the errors of ParseAmount.
var ErrAmount = errors.New("unusable amount")

// ParseAmount reads a number in coins: decimal, with an exponent where a node
// writes small amounts so. More than eight decimals and more than 21 million
// coins are errors.
func ParseAmount(s string) (Amount, error) {
	sat, err := parseCoins(s)
	if err != nil {
		return 0, fmt.Errorf("%w %.40q: %w", ErrAmount, s, err)
	}
	return Amount(sat), nil
}

func parseCoins(s string) (int64, error) {
	if len(s) > maxAmountText {
		return 0, fmt.Errorf("%d characters, at most %d", len(s), maxAmountText)
	}
	text, negative := strings.CutPrefix(s, "-")
	text, exponent, err := cutExponent(text)
	if err != nil {
		return 0, err
	}
	whole, decimals, dotted := strings.Cut(text, ".")
	if whole == "" || dotted && decimals == "" || strings.Trim(whole+decimals, "0123456789") != "" {
		return 0, errors.New("not a decimal number")
	}
	// The number is whole+decimals times ten to the power of shift satoshi.
	digits := strings.TrimLeft(whole+decimals, "0")
	for shift := exponent + coinDigits - len(decimals); digits != "" && shift != 0; {
		if shift > 0 {
			digits, shift = digits+"0", shift-1
			continue
		}
		var zero bool
		if digits, zero = strings.CutSuffix(digits, "0"); !zero {
			return 0, fmt.Errorf("more than %d decimals", coinDigits)
		}
		shift++
	}
	if digits == "" {
		return 0, nil
	}
	sat, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || sat > maxSatoshi {
		return 0, errors.New("more coins than there can be")
	}
	if negative {
		sat = -sat
	}
	return sat, nil
}

// cutExponent takes "e-08" and the like off a number.
func cutExponent(s string) (number string, exponent int, err error) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0, nil
	}
	exponent, err = strconv.Atoi(s[i+1:])
	if err != nil || exponent < -maxAmountText || exponent > maxAmountText {
		return "", 0, errors.New("unusable exponent")
	}
	return s[:i], exponent, nil
}

// String writes the amount in coins with eight decimals.
func (a Amount) String() string {
	sign, sat := "", uint64(a)
	if a < 0 {
		sign, sat = "-", -sat
	}
	return fmt.Sprintf("%s%d.%08d", sign, sat/1e8, sat%1e8)
}

// MarshalJSON writes the amount as a number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalJSON reads a number.
func (a *Amount) UnmarshalJSON(b []byte) (err error) {
	*a, err = ParseAmount(string(b))
	return err
}
