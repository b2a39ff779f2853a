package billing

import (
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// unmarshal reads the body of an event.
func unmarshal(e lease.Event, body any) error {
	if err := json.Unmarshal(e.Body, body); err != nil {
		return fmt.Errorf("event %d, %s: %w", e.Seq, e.Kind, err)
	}
	return nil
}

// decodePrepaid reads the event of a prepayment.
func decodePrepaid(e lease.Event) (p lease.Prepaid, err error) {
	if err := unmarshal(e, &p); err != nil {
		return p, err
	}
	if p.Sat < 1 || p.Sat > lease.MaxSat {
		return p, fmt.Errorf("event %d, %s: %d sat, want 1 to %d", e.Seq, e.Kind, p.Sat, int64(lease.MaxSat))
	}
	return p, nil
}
