package payout

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestRequestValidate(t *testing.T) {
	id := strings.Repeat("0", 63) + "1"
	request := func() *Request {
		return &Request{ID: "7", Outputs: []Output{{"a", 1}, {"b", maxSat - 1}}, Fee: Fee{MaxSat: 1, SatPerKvB: 1, ConfirmIn: 1008},
			Inputs: []lease.Outpoint{{Txid: id}, {Txid: id, Vout: 1}}}
	}
	if err := request().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(r *Request){
		"no outputs":           func(r *Request) { r.Outputs = nil },
		"too many":             func(r *Request) { r.Outputs = slices.Repeat(r.Outputs[:1], MaxOutputs+1) },
		"too many inputs":      func(r *Request) { r.Inputs = make([]lease.Outpoint, MaxInputs+1) },
		"nothing":              func(r *Request) { r.Outputs[0].Sat = 0 },
		"less than nothing":    func(r *Request) { r.Outputs[0].Sat = -1 },
		"more than there is":   func(r *Request) { r.Outputs[0].Sat = 2 },
		"no limit":             func(r *Request) { r.Fee.MaxSat = 0 },
		"no real limit":        func(r *Request) { r.Fee.MaxSat = maxSat + 1 },
		"a negative rate":      func(r *Request) { r.Fee.SatPerKvB = -1 },
		"in the past":          func(r *Request) { r.Fee.ConfirmIn = -1 },
		"never":                func(r *Request) { r.Fee.ConfirmIn = 1009 },
		"a short input":        func(r *Request) { r.Inputs[0].Txid = "ab" },
		"an input in capitals": func(r *Request) { r.Inputs[0].Txid = strings.Repeat("A", 64) },
		"one input twice":      func(r *Request) { r.Inputs[1] = r.Inputs[0] },
	} {
		r := request()
		change(r)
		if err := r.Validate(); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), "payout 7") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
