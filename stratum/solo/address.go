package solo

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"
)

// AddressForms are the spellings of addresses on one network.
type AddressForms struct {
	Name   string // for errors: "Bitcoin regtest"
	P2PKH  byte   // first byte of a base58 address that pays a key's hash
	P2SH   byte   // first byte of a base58 address that pays a script's hash
	Bech32 string // prefix of segwit addresses (BIP173, BIP350), "" for none
	Cash   string // prefix of cashaddr addresses, "" for none
}

// ErrAddress is wrapped by every error of AddressForms.Script.
var ErrAddress = errors.New("unusable address")

// scriptPrefix starts the raw form of an address: the output script itself.
const scriptPrefix = "script:"

// maxRawScript bounds a script given in hexadecimal, in bytes.
const maxRawScript = 520

// maxBase58 bounds a base58 address in characters; real ones have at most 35.
const maxBase58 = 64

// FormsOf returns the address forms of a coin's network, by the names of
// Params.
func FormsOf(coin, network string) (AddressForms, bool) {
	for _, f := range knownForms() {
		if f.coin == coin && slices.Contains(strings.Fields(f.networks), network) {
			return f.AddressForms, true
		}
	}
	return AddressForms{}, false
}

// networkForms are the address forms shared by some networks of a coin.
type networkForms struct {
	coin, networks string
	AddressForms
}

func knownForms() []networkForms {
	return []networkForms{
		{"btc", "main", AddressForms{"Bitcoin main network", 0x00, 0x05, "bc", ""}},
		{"btc", "testnet3 testnet4 signet", AddressForms{"Bitcoin test network", 0x6f, 0xc4, "tb", ""}},
		{"btc", "regtest", AddressForms{"Bitcoin regtest", 0x6f, 0xc4, "bcrt", ""}},
		{"btc", "simnet", AddressForms{"Bitcoin simnet", 0x3f, 0x7b, "sb", ""}},
		{"bch", "main", AddressForms{"Bitcoin Cash main network", 0x00, 0x05, "", "bitcoincash"}},
		{"bch", "testnet3 testnet4", AddressForms{"Bitcoin Cash test network", 0x6f, 0xc4, "", "bchtest"}},
		{"bch", "regtest", AddressForms{"Bitcoin Cash regtest", 0x6f, 0xc4, "", "bchreg"}},
		{"bch", "simnet", AddressForms{"Bitcoin Cash simnet", 0x3f, 0x7b, "", "bchsim"}},
		{"sandbox", "sandbox", AddressForms{"sandbox coin", 0x28, 0x64, "hl", ""}},
	}
}

// Script returns the output script that pays an address. It takes what f
// names and, on every network, "script:HEX": the output script itself, which
// is not judged. An address of another network is an error that names it.
func (f AddressForms) Script(address string) ([]byte, error) {
	if raw, ok := strings.CutPrefix(address, scriptPrefix); ok {
		script, err := hex.DecodeString(raw)
		if err != nil || len(script) == 0 || len(script) > maxRawScript {
			return nil, fmt.Errorf("%w %.60q: want script: and 1 to %d bytes in hexadecimal", ErrAddress, address, maxRawScript)
		}
		return script, nil
	}
	script, err := f.decode(address)
	if err == nil {
		return script, nil
	}
	for _, other := range knownForms() {
		if _, otherErr := other.decode(address); otherErr == nil {
			return nil, fmt.Errorf("%w %q: it belongs to the %s, this node is on the %s", ErrAddress, address, other.Name, f.Name)
		}
	}
	return nil, fmt.Errorf("%w %.100q: %w (expected one of the %s)", ErrAddress, address, err, f.Name)
}

// decode tries the forms in turn.
func (f AddressForms) decode(address string) ([]byte, error) {
	lower := strings.ToLower(address)
	if f.Bech32 != "" && strings.HasPrefix(lower, f.Bech32+"1") {
		version, program, err := decodeSegwit(f.Bech32, address)
		if err != nil {
			return nil, err
		}
		return segwitScript(version, program), nil
	}
	if f.Cash != "" {
		if script, err := decodeCash(f.Cash, address); err == nil || strings.Contains(address, ":") {
			return script, err
		}
	}
	if len(address) > maxBase58 {
		return nil, errors.New("not an address: too long")
	}
	hash, version, err := base58.CheckDecode(address)
	if errors.Is(err, base58.ErrChecksum) {
		return nil, errors.New("checksum does not match: a character is mistyped")
	}
	if err != nil {
		return nil, fmt.Errorf("not an address: %w", err)
	}
	if len(hash) == 20 && version == f.P2PKH {
		return keyHashScript(hash), nil
	}
	if len(hash) == 20 && version == f.P2SH {
		return scriptHashScript(hash), nil
	}
	return nil, fmt.Errorf("version byte %#02x with %d bytes is no address here", version, len(hash))
}

// keyHashScript pays the owner of a key: DUP HASH160 <hash> EQUALVERIFY
// CHECKSIG.
func keyHashScript(hash []byte) []byte {
	return slices.Concat([]byte{0x76, 0xa9, 20}, hash, []byte{0x88, 0xac})
}

// scriptHashScript pays whoever shows the script: HASH160 <hash> EQUAL.
func scriptHashScript(hash []byte) []byte {
	return slices.Concat([]byte{0xa9, 20}, hash, []byte{0x87})
}

// scriptHash32Script is scriptHashScript with HASH256 and 32 bytes.
func scriptHash32Script(hash []byte) []byte {
	return slices.Concat([]byte{0xaa, 32}, hash, []byte{0x87})
}

// segwitScript pays a witness program of version 0 or 1.
func segwitScript(version byte, program []byte) []byte {
	op := byte(0)
	if version > 0 {
		op = 0x50 + version
	}
	return append([]byte{op, byte(len(program))}, program...)
}
