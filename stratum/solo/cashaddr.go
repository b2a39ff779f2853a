package solo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/address/v2/bech32"
)

// charset32 are the digits of cashaddr, the same as bech32's.
const charset32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// maxCashaddr is the longest address of 32 bytes with its prefix, in
// characters, rounded up.
const maxCashaddr = 90

// decodeCash reads a cashaddr address (CHIP-2021-07 types included: a
// token-aware address pays the same script) with or without its prefix and
// returns the output script.
func decodeCash(prefix, address string) ([]byte, error) {
	if !strings.Contains(address, ":") {
		if strings.ToUpper(address) == address {
			prefix = strings.ToUpper(prefix)
		}
		address = prefix + ":" + address
	}
	prefix = strings.ToLower(prefix)
	digits, err := cashDigits(address, prefix+":")
	if err != nil {
		return nil, err
	}
	if len(digits) < 8 {
		return nil, errors.New("not an address: too short")
	}
	if polymodCash(prefix, digits) != 0 {
		return nil, errors.New("checksum does not match: a character is mistyped")
	}
	b, err := bech32.ConvertBits(digits[:len(digits)-8], 5, 8, false)
	if err != nil {
		return nil, fmt.Errorf("not an address: %w", err)
	}
	if len(b) == 0 {
		return nil, errors.New("not an address: empty")
	}
	kind, hash := b[0], b[1:]
	switch {
	case (kind == 0x00 || kind == 0x10) && len(hash) == 20:
		return keyHashScript(hash), nil
	case (kind == 0x08 || kind == 0x18) && len(hash) == 20:
		return scriptHashScript(hash), nil
	case (kind == 0x0b || kind == 0x1b) && len(hash) == 32:
		return scriptHash32Script(hash), nil
	}
	return nil, fmt.Errorf("cashaddr version byte %#02x with %d bytes is unknown", kind, len(hash))
}

// polymodCash is the 40-bit checksum of cashaddr over prefix and digits; zero
// when it holds.
func polymodCash(prefix string, digits []byte) uint64 {
	c := uint64(1)
	step := func(d byte) {
		top := c >> 35
		c = c&0x07ffffffff<<5 ^ uint64(d)
		for i, g := range [5]uint64{0x98f2bc8e61, 0x79b76d99e2, 0xf33e5fb3c4, 0xae2eabe2a8, 0x1e4f43e470} {
			if top>>i&1 != 0 {
				c ^= g
			}
		}
	}
	for i := range len(prefix) {
		step(prefix[i] & 31)
	}
	step(0)
	for _, d := range digits {
		step(d)
	}
	return c ^ 1
}

// cashDigits strips the prefix and turns the rest into numbers below 32. Mixed
// case is refused.
func cashDigits(s, prefix string) ([]byte, error) {
	lower := strings.ToLower(s)
	if len(s) > maxCashaddr || lower != s && strings.ToUpper(s) != s {
		return nil, errors.New("not an address: too long, or upper and lower case mixed")
	}
	rest, ok := strings.CutPrefix(lower, prefix)
	if !ok {
		return nil, fmt.Errorf("does not start with %s", prefix)
	}
	digits := make([]byte, len(rest))
	for i := range len(rest) {
		d := strings.IndexByte(charset32, rest[i])
		if d < 0 {
			return nil, fmt.Errorf("not an address: character %q", rest[i])
		}
		digits[i] = byte(d)
	}
	return digits, nil
}
