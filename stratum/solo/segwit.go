package solo

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/address/v2/bech32"
)

// decodeSegwit reads a segwit address with the given prefix. Only programs
// that networks can spend today are taken: version 0 of 20 or 32 bytes in
// bech32 (BIP173), version 1 of 32 bytes in bech32m (BIP350).
func decodeSegwit(hrp, address string) (version byte, program []byte, err error) {
	prefix, digits, checksum, err := bech32.DecodeGeneric(address)
	if err != nil {
		return 0, nil, fmt.Errorf("not an address: %w", err)
	}
	if prefix != hrp {
		return 0, nil, fmt.Errorf("does not start with %s1", hrp)
	}
	if len(digits) == 0 {
		return 0, nil, errors.New("not an address: too short")
	}
	version = digits[0]
	want := bech32.VersionM
	if version == 0 {
		want = bech32.Version0
	}
	if checksum != want {
		return 0, nil, errors.New("checksum does not match: it is of another kind of address")
	}
	program, err = bech32.ConvertBits(digits[1:], 5, 8, false)
	if err != nil {
		return 0, nil, fmt.Errorf("not an address: %w", err)
	}
	if ok := version == 0 && (len(program) == 20 || len(program) == 32) || version == 1 && len(program) == 32; !ok {
		return 0, nil, fmt.Errorf("witness version %d with %d bytes is not spendable on today's network", version, len(program))
	}
	return version, program, nil
}
