package reward

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// ErrNotOffered is wrapped by the error of Offered for a scheme that is known
// and refused.
var ErrNotOffered = errors.New("reward scheme is not offered")

// Offered returns nil for the names of the schemes that rewards may be shared
// by. For those that are refused on purpose it says why: proportional, and
// the family of shared maximum pay per share (Rosenfeld, arXiv 1112.4980,
// sections 2.1, 4.2, 4.3 and 6.1).
func Offered(scheme string) error {
	switch scheme {
	case lease.SchemeSolo, lease.SchemePPS, lease.SchemeFPPS, lease.SchemePPLNS, lease.SchemeTides:
		return nil
	case "prop":
		return fmt.Errorf("%s: %w, because it can be hopped: a share is worth less the longer a round lasts, so who leaves early in each round takes from who stays; pplns and tides pay a share the same whenever it comes", scheme, ErrNotOffered)
	case "smpps", "esmpps", "rsmpps":
		return fmt.Errorf("%s: %w, because the time in which its buffer recovers from bad luck is infinite on average, and who is owed then waits for as long; pps and fpps pay from a stated reserve, pplns and tides from blocks", scheme, ErrNotOffered)
	}
	return fmt.Errorf("unknown reward scheme %.30q: use solo, pps, fpps, pplns or tides", scheme)
}

// Solo gives sat satoshi, the reward less the fee, to the lease whose job the
// block was found on; without one, to the house. Of sat ≤ 0 there are no
// parts.
func Solo(finder string, sat int64) []lease.Part {
	if sat <= 0 {
		return nil
	}
	if finder == "" {
		finder = lease.House
	}
	return []lease.Part{{Lease: finder, Sat: sat}}
}
