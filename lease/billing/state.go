package billing

import (
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
)

// stateFormat is the version of the states' layout.
const stateFormat = 1

// state is what the settlement of a lease's next hour goes on from. Its zero
// value is that of a lease of which no hour was settled.
type state struct {
	Format int64 `json:"format"` // stateFormat

	Streams streams       `json:"streams"`
	Earned  reward.Earned `json:"earned"` // by the share, since the lease began
	Period  period        `json:"period"` // the running one

	FreeExit bool `json:"free_exit"` // earned in the period that was closed last
	Final    bool `json:"final"`     // the lease is over and paid off
}

// encode writes a state as it is stored.
func encode(v any) ([]byte, error) { return lease.Canonical(v) }

// decode reads a state.
func decode[T any](text []byte, v *T) error {
	var head struct {
		Format int64 `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	if head.Format != stateFormat {
		return fmt.Errorf("format %d: this version reads %d alone; go on with the version that wrote it", head.Format, stateFormat)
	}
	return json.Unmarshal(text, v)
}

func stateError(id string, err error) error {
	return fmt.Errorf("settled state of lease %s: %w", id, err)
}
