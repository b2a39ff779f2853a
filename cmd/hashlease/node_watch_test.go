package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
)

func TestFormatSpan(t *testing.T) {
	for _, c := range []struct {
		lo, hi uint64
		want   string
	}{
		{0, 0, "0–0 H/s"},
		{0, 999, "0–999 H/s"},
		{53_990_000, 94_280_000, "53.99–94.28 MH/s"},
		{261_100, 57_500_000, "0.261–57.50 MH/s"},
		{900_000_000, 1_100_000_000, "0.900–1.100 GH/s"},
	} {
		if got := formatSpan(c.lo, c.hi); got != c.want {
			t.Errorf("%d to %d H/s is %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
}

// A usual terminal of 80 columns shows every number; a wider one the tenants,
// too.
func TestViewFits(t *testing.T) {
	s := &dispatch.Snapshot{Uptime: time.Minute, Rows: []dispatch.Row{
		{Lease: "L-0001", Tenant: "alice", ContractedHps: 123_456_789, CountedHps: 123_456_789, ProvenHps: 123_456_789,
			LoHps: 123_456_789, HiHps: 123_456_789, Receipts: 123_456, Stale: 12},
		{Lease: lease.House, Tenant: lease.House, CountedHps: 1},
	}}
	for _, c := range []struct {
		columns int
		tenants bool
	}{{80, false}, {120, true}} {
		var text strings.Builder
		for _, line := range nodeView(s, c.columns)[3:] {
			if n := len([]rune(line.text)); n >= c.columns {
				t.Errorf("%d columns: a line of %d: %s", c.columns, n, line.text)
			}
			text.WriteString(line.text + "\n")
		}
		if got := strings.Contains(text.String(), "alice"); got != c.tenants {
			t.Errorf("%d columns: tenants shown: %v\n%s", c.columns, got, text.String())
		}
	}
}
