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
