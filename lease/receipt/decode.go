package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// decodeCanonical decodes JSON that must be exactly the canonical form of
// what it says: no unknown or missing field, no other spelling.
func decodeCanonical(raw []byte, v any) error {
	if t, ok := v.(*Template); ok && !ofPool(raw) {
		v = (*houseDocument)(t) // the same, without a second pass over the text
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	again, err := lease.Canonical(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, raw) {
		at := 0
		for at < min(len(raw), len(again)) && raw[at] == again[at] {
			at++
		}
		return fmt.Errorf("not in canonical form: byte %d is %.20q, want %.20q", at, raw[at:], again[at:])
	}
	return nil
}
