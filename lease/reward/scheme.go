package reward

import (
	"github.com/hashlease/hashlease/lease"
)

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
