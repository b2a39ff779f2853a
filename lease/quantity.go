package lease

import (
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/miner"
)

// Quantity is an amount of hashes or work in documents: a JSON number up to
// 2^53, a string of decimal digits above, so that no reader rounds it.
type Quantity miner.Work

// Work returns the quantity as work.
func (q Quantity) Work() miner.Work { return miner.Work(q) }

// MarshalJSON implements json.Marshaler.
func (q Quantity) MarshalJSON() ([]byte, error) {
	w := miner.Work(q)
	if w.Hi == 0 && w.Lo <= maxExact {
		return strconv.AppendUint(nil, w.Lo, 10), nil
	}
	return strconv.AppendQuote(nil, w.String()), nil
}

// UnmarshalJSON implements json.Unmarshaler. It accepts only what MarshalJSON
// writes.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	text := string(b)
	if s, err := strconv.Unquote(text); err == nil {
		text = s
	}
	w, err := miner.ParseWork(text)
	if err != nil {
		return err
	}
	back, _ := Quantity(w).MarshalJSON()
	if string(back) != string(b) {
		return fmt.Errorf("quantity %.60s: want %s", b, back)
	}
	*q = Quantity(w)
	return nil
}
