package main

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// A rate at large needs a processor that nobody has alone, or a rig.
func TestStranded(t *testing.T) {
	leases := []lease.Lease{
		{ID: "L-0001", Tenant: "alice", Model: lease.Leased, StartMs: 1000},
		{ID: "L-0002", Tenant: "bob", Model: lease.VirtualHosted, StartMs: 1000, EndMs: 3000, Cores: []int{0}},
		{ID: "L-0003", Tenant: "bob", Model: lease.VirtualHosted, StartMs: 2000, Cores: []int{1, 2}},
	}
	for _, c := range []struct {
		name string
		rigs []lease.Rig
		node []int
		atMs int64
		want string
	}{
		{"before the second", nil, []int{0, 1}, 1500, ""},
		{"both taken", nil, []int{0, 1}, 2000, "L-0001"},
		{"one is free", nil, []int{0, 1, 3}, 2000, ""},
		{"the first is over", nil, []int{0, 1}, 3000, ""},
		{"the house's rig", []lease.Rig{{Name: "r"}}, []int{0, 1}, 2000, ""},
		{"its tenant's rig", []lease.Rig{{Name: "r", Tenant: "alice"}}, []int{0, 1}, 2000, ""},
		{"another's rig", []lease.Rig{{Name: "r", Tenant: "bob"}}, []int{0, 1}, 2000, "L-0001"},
		{"a rig that is gone", []lease.Rig{{Name: "r", RemovedMs: 1}}, []int{0, 1}, 2000, "L-0001"},
	} {
		got := ""
		if l := stranded(leases, c.rigs, c.node, c.atMs); l != nil {
			got = l.ID
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if l := stranded(leases[1:], nil, []int{0, 1}, 2000); l != nil {
		t.Errorf("nobody has a rate at large, but %s is stranded", l.ID)
	}
}
