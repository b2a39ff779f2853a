package reward

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"pgregory.net/rapid"
)

// witness is a script that pays a witness program of 20 bytes.
func witness(n byte) []byte {
	return append([]byte{0, 20}, bytes.Repeat([]byte{n}, 20)...)
}

func TestDust(t *testing.T) {
	hash := func(n int) string { return fmt.Sprintf("%0*x", 2*n, 7) }
	tests := []struct {
		name, script string
		want         int64
	}{
		{"public key's hash", "76a914" + hash(20) + "88ac", 546},
		{"script's hash", "a914" + hash(20) + "87", 540},
		{"witness public key's hash", "0014" + hash(20), 294},
		{"witness script's hash", "0020" + hash(32), 330},
		{"taproot", "5120" + hash(32), 330},
		{"anchor", "51024e73", 240},
		{"public key", "21" + hash(33) + "ac", 576},
		{"version 16", "6002" + hash(2), 240},
		{"a push that is too long for a program", "0029" + hash(41), 3 * (8 + 1 + 43 + 148)},
		{"a push that is too short", "0001ff", 3 * (8 + 1 + 3 + 148)},
		{"no version", "4f02ffff", 3 * (8 + 1 + 4 + 148)},
		{"not one push", "0014ffff", 3 * (8 + 1 + 4 + 148)},
		{"a long script", hash(300), 3 * (8 + 3 + 300 + 148)},
		{"a very long script", hash(70_000), 3 * (8 + 5 + 70_000 + 148)},
	}
	for _, tt := range tests {
		script, err := hex.DecodeString(tt.script)
		if err != nil {
			t.Fatal(err)
		}
		if got := Dust(script); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestDirect(t *testing.T) {
	house, a, b := witness(1), witness(2), witness(3)
	to := Payees{House: house, Leases: map[string][]byte{
		"L-1": a, "L-2": b, "L-3": a, "L-burn": {0x6a, 1, 1}, "L-own": house, "L-empty": {},
		"L-long": bytes.Repeat([]byte{0x51}, 10_001),
	}}
	two := to
	two.MaxOutputs = 2
	one := to
	one.MaxOutputs = 1
	few := to
	few.MaxParts = 2
	tests := []struct {
		name        string
		parts       []lease.Part
		reward, fee int64
		to          Payees
		outputs     []Output
		carried     []lease.Part
	}{
		{
			"the house alone", parts(lease.House, 980), 1000, 20, to,
			[]Output{{house, 1000, nil}}, nil,
		},
		{
			"no split", nil, 1000, 0, to,
			[]Output{{house, 1000, nil}}, nil,
		},
		{
			"no reward", nil, 0, 0, to,
			[]Output{{house, 0, nil}}, nil,
		},
		{
			"largest first, and the fee", parts("L-1", 400, "L-2", 500), 1000, 100, to,
			[]Output{{b, 500, parts("L-2", 500)}, {a, 400, parts("L-1", 400)}, {house, 100, nil}}, nil,
		},
		{
			"of equal ones the lower script", parts("L-2", 500, "L-1", 500), 1000, 0, to,
			[]Output{{a, 500, parts("L-1", 500)}, {b, 500, parts("L-2", 500)}}, nil,
		},
		{
			"one script, together above dust", parts("L-3", 200, "L-1", 200, "L-2", 293), 1000, 20, to,
			[]Output{{a, 400, parts("L-1", 200, "L-3", 200)}, {house, 600, nil}}, parts("L-2", 293),
		},
		{
			"the house's may be dust", parts("L-1", 999), 1000, 1, to,
			[]Output{{a, 999, parts("L-1", 999)}, {house, 1, nil}}, nil,
		},
		{
			"no script that pays", parts("L-unknown", 1000, "L-own", 1000, "L-long", 1000, "L-empty", 1000, "L-burn", 1000), 5000, 0, to,
			[]Output{{house, 5000, nil}}, parts("L-burn", 1000, "L-empty", 1000, "L-long", 1000, "L-own", 1000, "L-unknown", 1000),
		},
		{
			"a carry of the scheme", parts("L-1", 300), 1000, 0, to,
			[]Output{{a, 300, parts("L-1", 300)}, {house, 700, nil}}, nil,
		},
		{
			"no place for all, as the house needs one", parts("L-1", 400, "L-2", 500), 1000, 100, two,
			[]Output{{b, 500, parts("L-2", 500)}, {house, 500, nil}}, parts("L-1", 400),
		},
		{
			"the house needs none", parts("L-1", 400, "L-2", 600), 1000, 0, two,
			[]Output{{b, 600, parts("L-2", 600)}, {a, 400, parts("L-1", 400)}}, nil,
		},
		{
			"too many parts beside those of larger outputs", parts("L-1", 400, "L-2", 500, "L-3", 300), 1200, 0, few,
			[]Output{{a, 700, parts("L-1", 400, "L-3", 300)}, {house, 500, nil}}, parts("L-2", 500),
		},
		{
			"too many parts for any output", parts("L-1", 400, "L-2", 300, "L-3", 300), 1000, 0, Payees{House: house, Leases: to.Leases, MaxParts: 1},
			[]Output{{b, 300, parts("L-2", 300)}, {house, 700, nil}}, parts("L-1", 400, "L-3", 300),
		},
		{
			"one place, for the house", parts("L-1", 400), 1000, 0, one,
			[]Output{{house, 1000, nil}}, parts("L-1", 400),
		},
		{
			"one place, for the tenant", parts("L-1", 1000), 1000, 0, one,
			[]Output{{a, 1000, parts("L-1", 1000)}}, nil,
		},
	}
	for _, tt := range tests {
		got, err := Direct(tt.parts, tt.reward, tt.fee, tt.to)
		if err != nil || !reflect.DeepEqual(got, Payment{tt.outputs, tt.carried}) {
			t.Errorf("%s:\n%v (%v), want\n%v", tt.name, got, err, Payment{tt.outputs, tt.carried})
		}
	}
}

func TestDirectRefuses(t *testing.T) {
	to := Payees{House: witness(1)}
	tests := []struct {
		name        string
		parts       []lease.Part
		reward, fee int64
		to          Payees
	}{
		{"no house", nil, 1000, 0, Payees{}},
		{"negative places", nil, 1000, 0, Payees{House: witness(1), MaxOutputs: -1}},
		{"negative reward", nil, -1, 0, to},
		{"more than there is", nil, lease.MaxSat + 1, 0, to},
		{"negative fee", nil, 1000, -1, to},
		{"fee above the reward", nil, 1000, 1001, to},
		{"twice", parts("L-1", 1, "L-1", 1), 1000, 0, to},
		{"empty part", parts("L-1", 0), 1000, 0, to},
		{"negative part", parts("L-1", -1), 1000, 0, to},
		{"above the reward", parts("L-1", 500, "L-2", 501), 1000, 0, to},
		{"above what the fee leaves", parts("L-1", 500, "L-2", 500), 1000, 1, to},
	}
	for _, tt := range tests {
		if got, err := Direct(tt.parts, tt.reward, tt.fee, tt.to); !errors.Is(err, ErrDirect) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

// Of any split, every satoshi is in an output, every lease's part is paid in
// whole to its script or carried in whole, nothing that was carried could have
// had the place of what was paid, and the order of the split is of no matter.
func TestDirectProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := Payees{House: witness(200), Leases: make(map[string][]byte), MaxOutputs: rapid.IntRange(0, 6).Draw(t, "places")}
		limit := cmp.Or(to.MaxOutputs, lease.MaxDirectOutputs)
		var split []lease.Part
		var sum int64
		for i := range rapid.IntRange(0, 30).Draw(t, "leases") {
			id := fmt.Sprintf("L-%02d", i)
			if i == 7 {
				id = lease.House
			}
			if n := rapid.IntRange(0, 25).Draw(t, "script"); n > 0 && id != lease.House {
				to.Leases[id] = witness(byte(n))
			}
			sat := rapid.Int64Range(1, 1000).Draw(t, "sat")
			split = append(split, lease.Part{Lease: id, Sat: sat})
			sum += sat
		}
		fee := rapid.Int64Range(0, 3).Draw(t, "fee")
		reward := sum + fee + rapid.Int64Range(0, 3).Draw(t, "carry")
		got, err := Direct(split, reward, fee, to)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Outputs) > limit || len(got.Outputs) == 0 {
			t.Fatalf("%d outputs, want 1 to %d", len(got.Outputs), limit)
		}
		var paid, smallest int64 = 0, reward + 1
		where := make(map[lease.Part]int)
		for i, o := range got.Outputs {
			paid += o.Sat
			if bytes.Equal(o.Script, to.House) {
				if i != len(got.Outputs)-1 || o.Parts != nil {
					t.Fatalf("the house's output is not the last: %v", got.Outputs)
				}
				continue
			}
			if o.Sat < Dust(o.Script) || o.Sat > smallest {
				t.Fatalf("output %d of %d sat is dust or out of order: %v", i, o.Sat, got.Outputs)
			}
			smallest = o.Sat
			var own int64
			for _, p := range o.Parts {
				if own += p.Sat; !bytes.Equal(to.Leases[p.Lease], o.Script) {
					t.Fatalf("%s is paid to %x", p.Lease, o.Script)
				}
				where[p]++
			}
			if own != o.Sat {
				t.Fatalf("output %d pays %d sat for parts of %d", i, o.Sat, own)
			}
		}
		if paid != reward {
			t.Fatalf("outputs of %d sat, reward of %d", paid, reward)
		}
		scripts := make(map[string]int64)
		for _, p := range got.Carried {
			where[p]++
			scripts[string(to.Leases[p.Lease])] += p.Sat
		}
		for _, p := range split {
			if want := 1; p.Lease == lease.House && where[p] != 0 || p.Lease != lease.House && where[p] != want {
				t.Fatalf("%v is paid or carried %d times: %+v", p, where[p], got)
			}
		}
		for script, sat := range scripts {
			eligible := script != "" && sat >= Dust([]byte(script))
			if eligible && (len(got.Outputs) < limit || limit > 1 && sat > smallest) {
				t.Fatalf("%d sat for %x are carried, though there was a place: %+v", sat, script, got)
			}
		}
		if !slices.IsSortedFunc(got.Carried, func(a, b lease.Part) int { return cmp.Compare(a.Lease, b.Lease) }) {
			t.Fatalf("carried out of order: %v", got.Carried)
		}
		again, err := Direct(rapid.Permutation(split).Draw(t, "order"), reward, fee, to)
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Fatalf("in another order %+v (%v), not %+v", again, err, got)
		}
	})
}
