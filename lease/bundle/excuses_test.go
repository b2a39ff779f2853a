package bundle

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// TestAnnouncedLate has maintenance that is logged when it has begun, with an
// earlier time of the announcement: an outage is to be one that was planned.
func TestAnnouncedLate(t *testing.T) {
	const hour = lease.MsPerHour
	x := lease.Exclusion{ID: 1, Kind: lease.ExcludeMaintenance, AnnouncedMs: hour, FromMs: 2 * hour, ToMs: 3 * hour}
	ended := x
	ended.ToMs = 3*hour - 5
	other := x
	other.FromMs = 2*hour + hour/2
	for _, tt := range []struct {
		name string
		in   []exclusionAt
		ok   bool
	}{
		{"before", []exclusionAt{{5, x}}, true},
		{"before, and later how long it took", []exclusionAt{{5, x}, {25, ended}}, true},
		{"after the next batch", []exclusionAt{{25, x}}, false},
		{"before, and moved later", []exclusionAt{{5, x}, {35, other}}, false},
	} {
		l := &lease.Lease{StartMs: 0, ContractedHps: 1}
		e := &excuses{lease: l, in: tt.in, at: make(map[int64]int), whole: true, batches: []batchLeaf{
			{index: 4, toMs: 2*hour - 5}, {index: 10, toMs: 2 * hour}, {index: 20, toMs: 2*hour + lease.BatchMs}, {index: 30, toMs: 3 * hour},
		}}
		r := &Hour{Hour: 2, OwedMs: hour}
		sla := &lease.SLA{MaintenanceMsPerMonth: 5 * hour}
		err := e.check(sla, r, 40)
		if late := err != nil && strings.Contains(err.Error(), "announced before"); late == tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
