package lease

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"regexp"
	"strings"
)

// TokenSize is the length of a token in characters.
const TokenSize = 26

// tokenForm is base 32 (RFC 4648), 5 bits a character, in any case.
var tokenForm = regexp.MustCompile(`^[A-Za-z2-7]{26}$`)

// tokenDomain separates the hashes of tokens from all others.
const tokenDomain = "hashlease rig token v1"

// TokenHash is what is stored of a token: SHA-256 over the domain, the salt
// and the token in capital letters.
//
// One round of a fast hash is enough, because a token is 130 bits of chance:
// no hash is slow enough to protect a password that a person thought of and
// fast enough for thousands of rigs that all come back after a power cut.
// So such passwords are refused.
type TokenHash struct {
	Salt [16]byte // of the rig, so that equal tokens do not show
	Sum  [sha256.Size]byte
}

// CheckToken refuses what has not the form of a token as crypto/rand.Text
// makes them: 26 letters and digits of base 32, in capitals or not.
func CheckToken(token string) error {
	if tokenForm.MatchString(token) {
		return nil
	}
	return fmt.Errorf("a token is %d letters and digits that hashlease made; words that people choose can be guessed", TokenSize)
}

// NewTokenHash hashes a token, which must pass CheckToken.
func NewTokenHash(salt [16]byte, token string) (TokenHash, error) {
	if err := CheckToken(token); err != nil {
		return TokenHash{}, err
	}
	return TokenHash{Salt: salt, Sum: sumToken(salt, token)}, nil
}

func sumToken(salt [16]byte, token string) [sha256.Size]byte {
	text := make([]byte, 0, len(tokenDomain)+len(salt)+TokenSize)
	text = append(text, tokenDomain...)
	text = append(text, salt[:]...)
	return sha256.Sum256(append(text, strings.ToUpper(token)...))
}

// Matches reports whether the hash is of that token, in a time that does not
// depend on how much of it is right.
func (h *TokenHash) Matches(token string) bool {
	if h.IsZero() || CheckToken(token) != nil {
		return false
	}
	sum := sumToken(h.Salt, token)
	return subtle.ConstantTimeCompare(sum[:], h.Sum[:]) == 1
}

// IsZero reports whether no token was ever hashed.
func (h *TokenHash) IsZero() bool { return *h == TokenHash{} }
