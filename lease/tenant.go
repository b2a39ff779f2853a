package lease

import (
	"crypto/ed25519"
	"fmt"
	"regexp"
)

// House is the lease and tenant ID of the provider's own account.
const House = "house"

// Tenant rents hash rate.
type Tenant struct {
	ID        string            // short name, unique at the provider: a-z, 0-9 and dashes
	Key       ed25519.PublicKey // the tenant's own key; it enters every tag
	Address   string            // payout address, empty until the tenant names one
	CreatedMs int64             // Unix milliseconds
	Next      string            // the address that takes its place, or empty
	NextMs    int64             // from when on, Unix milliseconds
	Orders    int64             // number of the tenant's last order about itself that was carried out
}

// PayTo is the payout address at a moment in Unix milliseconds, empty while
// there is none.
func (t *Tenant) PayTo(ms int64) string {
	if t.Next != "" && ms >= t.NextMs {
		return t.Next
	}
	return t.Address
}

// ChangeAddress makes another address count from atMs + delayMs on, so that a
// change nobody wanted can be seen and taken back before money goes there. The
// first address counts at once.
func (t *Tenant) ChangeAddress(address string, atMs, delayMs int64) {
	t.Address = t.PayTo(atMs)
	t.Next, t.NextMs = "", 0
	switch {
	case t.Address == "":
		t.Address = address
	case t.Address != address:
		t.Next, t.NextMs = address, atMs+delayMs
	}
}

var tenantID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Validate checks the tenant's fields, except that the address needs the
// coin's rules.
func (t *Tenant) Validate() error {
	if !tenantID.MatchString(t.ID) {
		return fmt.Errorf("tenant name %.40q: want 1 to 32 characters of a-z, 0-9 and -, not starting with -", t.ID)
	}
	if t.ID == House {
		return fmt.Errorf("tenant name %q is the provider's own account: choose another", House)
	}
	if len(t.Key) != ed25519.PublicKeySize {
		return fmt.Errorf("tenant %s: key of %d bytes, want an Ed25519 public key of %d", t.ID, len(t.Key), ed25519.PublicKeySize)
	}
	return nil
}
