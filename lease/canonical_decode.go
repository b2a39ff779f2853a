package lease

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// DecodeCanonical decodes JSON of at most so many bytes, which must be exactly
// what Canonical writes of what it says: no unknown or missing field, no other
// spelling.
func DecodeCanonical(text []byte, most int, v any) error {
	if len(text) > most {
		return fmt.Errorf("%d bytes, at most %d", len(text), most)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	again, err := Canonical(v)
	if err != nil || bytes.Equal(again, text) {
		return err
	}
	at := firstDifference(text, again)
	return fmt.Errorf("not in canonical form: byte %d is %.20q, want %.20q", at, text[at:], again[at:])
}
