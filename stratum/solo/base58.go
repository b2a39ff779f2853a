package solo

import (
	"errors"
	"math/big"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// maxBase58 bounds an address in characters; real ones have at most 35.
const maxBase58 = 64

// decodeBase58Check takes a base58 string apart into its version byte and the
// bytes before its checksum of 4 bytes.
func decodeBase58Check(s string) (version byte, payload []byte, err error) {
	if len(s) == 0 || len(s) > maxBase58 {
		return 0, nil, errors.New("not an address: wrong length")
	}
	n, radix := new(big.Int), big.NewInt(58)
	for _, c := range []byte(s) {
		digit := strings.IndexByte(base58Alphabet, c)
		if digit < 0 {
			return 0, nil, errors.New("not an address: a character is not of base58")
		}
		n.Mul(n, radix).Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(s) - len(strings.TrimLeft(s, "1"))
	b := append(make([]byte, zeros), n.Bytes()...)
	if len(b) < 5 {
		return 0, nil, errors.New("not an address: too short")
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	if check := miner.SHA256d(body); string(check[:4]) != string(sum) {
		return 0, nil, errors.New("checksum does not match: a character is mistyped")
	}
	return body[0], body[1:], nil
}
