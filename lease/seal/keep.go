package seal

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// MinKeep is how long receipts stay whole at least: what is under way is checked
// and shared by them.
const MinKeep = 48 * time.Hour

// ErrUnbounded says that receipts of any age may be asked for.
var ErrUnbounded = errors.New("receipts of any age may be needed")

// Keep is how long receipts must stay whole under the terms, for blocks to be
// shared by them. It fails with ErrUnbounded under PPLNS, whose window is over
// when enough work was done, whenever that is.
func Keep(t *lease.Terms) (time.Duration, error) {
	const day, most = 24 * time.Hour, 36500
	switch t.Scheme {
	case lease.SchemePPLNS:
		return 0, fmt.Errorf("under %s %w, until the window is full", t.Scheme, ErrUnbounded)
	case lease.SchemeTides:
		// A window that is never full goes back as far as the longer of both.
		return time.Duration(min(max(t.Tides.MaxDays, t.Tides.MinSec/int64(day/time.Second)+1), most))*day + MinKeep, nil
	}
	return MinKeep, nil
}
