package lease

import (
	"fmt"
	"slices"
	"strings"
)

// Pool is where the work of an own-pool lease goes: a foreign Stratum pool at
// which the tenant has a name. Rewards come from there and never pass the
// provider.
type Pool struct {
	URLs     []string `json:"urls"` // 1 to MaxPoolURLs Stratum addresses, the preferred first
	User     string   `json:"user"` // at the pool: 1 to MaxPoolUser printable ASCII characters but space, quotes and backslash
	Password string   `json:"-"`    // at the pool, at most MaxPoolPassword; "x" where it does not matter; never shown in documents
}

// Bounds of a pool's fields.
const (
	MaxPoolURLs     = 5
	MaxPoolURL      = 255 // bytes
	MaxPoolUser     = 128 // bytes; devices and pools cut longer ones
	MaxPoolPassword = 128 // bytes
)

// Validate checks the pool's fields. What an address means is the
// transport's question.
func (p *Pool) Validate() error {
	if n := len(p.URLs); n < 1 || n > MaxPoolURLs {
		return fmt.Errorf("pool with %d addresses: want 1 to %d", n, MaxPoolURLs)
	}
	for i, url := range p.URLs {
		switch {
		case url == "" || len(url) > MaxPoolURL:
			return fmt.Errorf("pool address %.80q of %d bytes: want 1 to %d", url, len(url), MaxPoolURL)
		case !printableASCII(url, ` "'\`):
			return fmt.Errorf("pool address %.80q: a character in it cannot be in an address", url)
		case namesUser(url):
			// Not repeated here: a password may be in it.
			return fmt.Errorf("pool address %d holds a user name: give user and password apart from the address", i+1)
		case slices.Contains(p.URLs[:i], url):
			return fmt.Errorf("pool address %s is given twice", url)
		}
	}
	switch {
	case p.User == "":
		return fmt.Errorf("pool without a user: name the tenant's account there, such as an address or account.worker")
	case len(p.User) > MaxPoolUser:
		return fmt.Errorf("user at the pool of %d bytes: at most %d", len(p.User), MaxPoolUser)
	case !printableASCII(p.User, ` "'\`):
		return fmt.Errorf("user at the pool %.130q: want printable ASCII without spaces, quotes and backslashes", p.User)
	case len(p.Password) > MaxPoolPassword:
		return fmt.Errorf("password at the pool of %d bytes: at most %d", len(p.Password), MaxPoolPassword)
	case !printableASCII(p.Password, ""):
		return fmt.Errorf("password at the pool: want printable ASCII")
	}
	return nil
}

// String names the pool for people: the user and the addresses, never the
// password.
func (p Pool) String() string { return p.User + " at " + strings.Join(p.URLs, ", ") }

// GoString is String, so that no form of printing shows the password.
func (p Pool) GoString() string { return p.String() }

// printableASCII tells whether a text holds only characters from space to
// tilde, none of them in without.
func printableASCII(s, without string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || strings.IndexByte(without, c) >= 0 {
			return false
		}
	}
	return true
}

// namesUser tells whether the part of an address that names the server begins
// with a user name.
func namesUser(url string) bool {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	if i := strings.IndexAny(url, "/?#"); i >= 0 {
		url = url[:i]
	}
	return strings.Contains(url, "@")
}
