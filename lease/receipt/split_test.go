package receipt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestSplit(t *testing.T) {
	for want, s := range map[string]Split{
		`[]`:                           {},
		`[{"lease":"house","sat":50}]`: One(lease.House, 50),
		`[{"lease":"L-0001","sat":200000000},{"lease":"L-0002","sat":100000000},{"lease":"house","sat":6250000}]`: testSplit(),
	} {
		document, err := s.Encode()
		if err != nil || string(document) != want {
			t.Errorf("%s, %v, want %s", document, err, want)
		}
		if back, err := DecodeSplit(document); err != nil || !slices.Equal(back, s) {
			t.Errorf("%s: %v, %v", want, back, err)
		}
	}
	if len(One("L-0001", 0)) != 0 {
		t.Error("nothing has a part")
	}
	s, x := testSplit(), testTemplate(t)
	if err := x.CheckSplit(s); err != nil {
		t.Error(err)
	}
	for id, sat := range map[string][2]int64{"L-0001": {200_000_000, 200_000_000}, "L-0002": {100_000_000, 0}, lease.House: {6_250_000, 0}, "L-0003": {}} {
		if got := [2]int64{s.Share(id), x.DirectShare(id, s)}; got != sat {
			t.Errorf("%s gets %v, want %v", id, got, sat)
		}
	}
	if s := One(lease.House, testReward); rich(t).CheckSplit(s) != nil {
		t.Error(rich(t).CheckSplit(s))
	}
	most := make(Split, MaxSplit)
	for i := range most {
		most[i] = lease.Part{Lease: fmt.Sprintf("L-%05d%s", i, strings.Repeat("x", maxLeaseID-7)), Sat: lease.MaxSat / MaxSplit}
	}
	document, err := most.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeSplit(document); err != nil {
		t.Errorf("of %d bytes: %v", len(document), err)
	}
}

// What is no split is refused, by itself and as that of a template that names
// it.
func TestSplitErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(x *Template, s Split) Split
		alone  bool // it is none by itself
	}{
		"none":                {func(*Template, Split) Split { return nil }, false},
		"out of order":        {func(_ *Template, s Split) Split { slices.Reverse(s); return s }, true},
		"a lease twice":       {func(_ *Template, s Split) Split { s[1].Lease = s[0].Lease; return s }, true},
		"a nameless lease":    {func(_ *Template, s Split) Split { s[0].Lease = ""; return s }, true},
		"a long name":         {func(_ *Template, s Split) Split { s[0].Lease = "L" + strings.Repeat("0", maxLeaseID); return s }, true},
		"a part of nothing":   {func(_ *Template, s Split) Split { s[1].Sat = 0; return s }, true},
		"a negative part":     {func(_ *Template, s Split) Split { s[1].Sat = -1; return s }, true},
		"more than exists":    {func(_ *Template, s Split) Split { s[0].Sat, s[1].Sat = lease.MaxSat, 1; return s }, true},
		"more in sum":         {func(_ *Template, s Split) Split { s[2].Sat++; return s }, false},
		"less in sum":         {func(_ *Template, s Split) Split { return s[:2] }, false},
		"direct to nobody":    {func(x *Template, s Split) Split { x.Direct[0].Leases = nil; return s }, false},
		"direct to another":   {func(x *Template, s Split) Split { x.Direct[0].Leases[0] = "L-0002"; return s }, false},
		"direct to strangers": {func(x *Template, s Split) Split { x.Direct[0].Leases[0] = "L-0009"; return s }, false},
		"direct to the house": {func(x *Template, s Split) Split {
			x.Direct[0].Leases = append(x.Direct[0].Leases, lease.House)
			return s
		}, false},
		"direct twice": {func(x *Template, s Split) Split { x.Direct = append(x.Direct, x.Direct[0]); return s }, false},
		"direct, disordered": {func(x *Template, s Split) Split {
			x.Direct[0].Leases = []string{"L-0002", "L-0001"}
			x.Direct[0].Sat = 300_000_000
			return s
		}, false},
	} {
		x := testTemplate(t)
		s := c.change(x, testSplit())
		var err error
		if x.Split, err = s.Hash(); err != nil {
			t.Fatal(err)
		}
		if err := x.CheckSplit(s); err == nil {
			t.Errorf("%s: taken", name)
		}
		document, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeSplit(document); (err == nil) == c.alone {
			t.Errorf("%s: alone: %v", name, err)
		}
	}
	if err := testTemplate(t).CheckSplit(testSplit()[:2]); err == nil || !strings.Contains(err.Error(), "not the split that the template names") {
		t.Errorf("another split: %v", err)
	}
	if _, err := (Split{{Lease: "\xff", Sat: 1}}).Hash(); err == nil {
		t.Error("a name that is no text has a hash")
	}
}

func FuzzDecodeSplit(f *testing.F) {
	f.Add([]byte(`[{"lease":"L-0001","sat":200000000},{"lease":"house","sat":6250000}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSplit(data)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%s encodes to %s, %v", data, again, err)
		}
		x := &Template{}
		for _, p := range s {
			x.Reward += p.Sat
		}
		if x.Split, err = s.Hash(); err != nil || x.CheckSplit(s) != nil {
			t.Fatalf("%s: %v, %v", data, err, x.CheckSplit(s))
		}
	})
}
