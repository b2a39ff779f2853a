package solo

import (
	"errors"
	"fmt"
	"strings"
)

// charset32 are the digits of bech32 and cashaddr.
const charset32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// Checksum constants of BIP173 (witness version 0) and BIP350 (later ones).
const (
	bech32Const  = 1
	bech32mConst = 0x2bc830a3
)

// maxBech32 is the longest segwit address in characters (BIP173).
const maxBech32 = 90

// decodeSegwit reads a segwit address with the given prefix. Only programs
// that networks can spend today are taken: version 0 of 20 or 32 bytes,
// version 1 of 32 bytes.
func decodeSegwit(hrp, address string) (version byte, program []byte, err error) {
	digits, err := digits32(address, hrp+"1", maxBech32)
	if err != nil {
		return 0, nil, err
	}
	if len(digits) < 1+6 {
		return 0, nil, errors.New("not an address: too short")
	}
	version = digits[0]
	want := uint32(bech32mConst)
	if version == 0 {
		want = bech32Const
	}
	if polymod32(hrp, digits) != want {
		return 0, nil, errors.New("checksum does not match: a character is mistyped")
	}
	program, err = regroup(digits[1 : len(digits)-6])
	if err != nil {
		return 0, nil, err
	}
	if ok := version == 0 && (len(program) == 20 || len(program) == 32) || version == 1 && len(program) == 32; !ok {
		return 0, nil, fmt.Errorf("witness version %d with %d bytes is not spendable on today's network", version, len(program))
	}
	return version, program, nil
}

// digits32 strips the prefix and turns the rest into numbers below 32. Mixed
// case is refused.
func digits32(s, prefix string, maxLen int) ([]byte, error) {
	lower := strings.ToLower(s)
	if len(s) > maxLen || lower != s && strings.ToUpper(s) != s {
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

// polymod32 is the checksum of BIP173 over prefix and digits.
func polymod32(hrp string, digits []byte) uint32 {
	c := uint32(1)
	step := func(d byte) {
		top := c >> 25
		c = c&0x1ffffff<<5 ^ uint32(d)
		for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 != 0 {
				c ^= g
			}
		}
	}
	for i := range len(hrp) {
		step(hrp[i] >> 5)
	}
	step(0)
	for i := range len(hrp) {
		step(hrp[i] & 31)
	}
	for _, d := range digits {
		step(d)
	}
	return c
}

// regroup turns digits of 5 bits into bytes. The bits left over must be less
// than a digit and zero.
func regroup(digits []byte) ([]byte, error) {
	var out []byte
	var acc uint32
	var bits uint
	for _, d := range digits {
		acc, bits = acc<<5|uint32(d), bits+5
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	if bits >= 5 || acc&(1<<bits-1) != 0 {
		return nil, errors.New("not an address: bits left over")
	}
	return out, nil
}
