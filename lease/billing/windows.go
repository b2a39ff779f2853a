package billing

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
)

// windows are the judged windows of a period, as a state keeps them.
type windows struct{ lease.SLAPeriod }

// windowsText is their document.
type windowsText struct {
	Up       int64          `json:"up"`
	Down     int64          `json:"down"`
	Excluded int64          `json:"excluded"`
	Idle     int64          `json:"idle"`
	Due      lease.Quantity `json:"due"`
	Unit     lease.Quantity `json:"unit"`

	// Of the receipts.
	N     int64          `json:"n"`
	Sum   lease.Quantity `json:"sum"`
	Max   lease.Quantity `json:"max"`
	SumSq string         `json:"sum_sq"` // decimal, above 128 bits
}

// MarshalJSON implements json.Marshaler.
func (p windows) MarshalJSON() ([]byte, error) {
	e := p.Evidence
	t := windowsText{
		Up: p.Up, Down: p.Down, Excluded: p.Excluded, Idle: p.Idle, Due: lease.Quantity(p.Due), Unit: lease.Quantity(p.Unit),
		N: int64(e.N), Sum: lease.Quantity(e.Sum), Max: lease.Quantity(e.Max), SumSq: "0",
	}
	if e.SumSq != nil {
		t.SumSq = e.SumSq.String()
	}
	return json.Marshal(t)
}

// maxDigits bounds numbers above 128 bits in a state's text.
const maxDigits = 100

// parseBig reads a number that a state keeps as text.
func parseBig(s string) (*big.Int, error) {
	n, ok := new(big.Int), len(s) <= maxDigits
	if ok {
		n, ok = n.SetString(s, 10)
	}
	if !ok || n.Sign() < 0 {
		return nil, fmt.Errorf("number %.40q: want 1 to %d decimal digits", s, maxDigits)
	}
	return n, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *windows) UnmarshalJSON(b []byte) error {
	var t windowsText
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	sq, err := parseBig(t.SumSq)
	if err != nil {
		return err
	}
	if sum, most := t.Sum.Work(), t.Max.Work(); t.N < 0 || (t.N == 0) != (sq.Sign() == 0) || (t.N == 0) != most.IsZero() || sum.Cmp(most) < 0 {
		return fmt.Errorf("%d receipts of work %v, each at most %v, with squares of %v together: that cannot be", t.N, sum, most, sq)
	}
	if t.Up < 0 || t.Down < 0 || t.Excluded < 0 || t.Idle < 0 {
		return fmt.Errorf("windows %d up, %d down, %d excluded, %d idle: want none below 0", t.Up, t.Down, t.Excluded, t.Idle)
	}
	p.SLAPeriod = lease.SLAPeriod{
		Up: t.Up, Down: t.Down, Excluded: t.Excluded, Idle: t.Idle, Due: t.Due.Work(), Unit: t.Unit.Work(),
		Evidence: lease.Evidence{N: uint64(t.N), Sum: t.Sum.Work(), Max: t.Max.Work()},
	}
	if t.N > 0 {
		p.Evidence.SumSq = sq
	}
	return nil
}
