package dispatch

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
)

// A hosted lease's rigs are moved to it at once, stay with it however far it is
// ahead, and wait when it has no work; nothing else works for it.
func TestAllocateKeepsHostedRigsApart(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	leases := []demand{
		{lease: "L-0001", owner: "alice", rate: 1000, behind: -1_000_000, hosted: true},
		{lease: "L-0002", owner: "alice", rate: 1000, behind: 1_000_000},
	}
	rigs := []supply{
		{rig: 0, id: 0, owner: "alice", only: "L-0001", rate: 1000, lease: "L-0002", since: now}, // its quantum has just begun
		{rig: 1, id: 1, owner: "alice", rate: 1000},
		{rig: 2, id: 2, rate: 1000},
		{rig: 3, id: 3, owner: "alice", rate: 1000, lease: "L-0001", since: now}, // no longer its
	}
	places := func(leases []demand) map[int]string {
		got := make(map[int]string)
		for i := range rigs {
			got[i] = rigs[i].lease
		}
		for _, m := range allocate(now, rigs, leases) {
			got[m.rig] = m.to
		}
		return got
	}
	got := places(leases)
	for i, want := range []string{"L-0001", "L-0002", "L-0002", "L-0002"} {
		if got[i] != want {
			t.Errorf("rig %d works for %q, want %q", i, got[i], want)
		}
	}
	if got = places(leases[1:]); got[0] != "" {
		t.Errorf("the hosted lease has no work, and its rig works for %q", got[0])
	}
	if got = places(leases[:1]); got[1] != "" || got[2] != "" || got[3] != "" {
		t.Errorf("others work for a hosted lease: %v", got)
	}
}

// Shares between a hosted lease and others are refused, but for what a rig had
// in hand when the lease began.
func TestSharesOfHostedRigs(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	f := newFeed(func() time.Time { return now })
	leases := []lease.Lease{
		{ID: "L-0001", Tenant: "alice", Model: lease.Hosted, ContractedHps: 1000, Rigs: []string{"own"}},
		{ID: "L-0002", Tenant: "alice", Model: lease.Leased, ContractedHps: 1000},
	}
	f.install(leases, map[string]*work{"L-0001": testWork(t, "L-0001"), "L-0002": testWork(t, "L-0002")})
	share := func(rig string, after time.Duration) *stratum.Accepted {
		return &stratum.Accepted{Grant: stratum.Grant{Name: rig, Owner: lease.Rig{Name: rig, Tenant: "alice"}}, At: now.Add(after)}
	}
	for _, c := range []struct {
		rig, lease string
		after      time.Duration
		ok         bool
	}{
		{"own", "L-0001", time.Hour, true},
		{"own", "L-0002", lateTime, true},
		{"own", "L-0002", lateTime + 1, false},
		{"other", "L-0001", 0, false},
		{"other", "L-0002", time.Hour, true},
	} {
		if err := f.strange(c.lease, f.all[c.lease], share(c.rig, c.after)); (err == nil) != c.ok {
			t.Errorf("rig %s for %s after %v: %v", c.rig, c.lease, c.after, err)
		}
	}
	// Reading the leases anew does not begin the time anew.
	begun := f.hosts()["own"].since
	now = now.Add(time.Minute)
	f.install(leases, map[string]*work{"L-0001": testWork(t, "L-0001")})
	if h := f.hosts()["own"]; h.since != begun || h.lease != "L-0001" {
		t.Errorf("the rig is hosted as %+v", h)
	}
	// When it is over, shares in hand count for it.
	f.install(leases[1:], map[string]*work{"L-0002": testWork(t, "L-0002")})
	if err := f.strange("L-0001", f.all["L-0001"], share("own", 0)); err != nil {
		t.Errorf("a share in hand at the end: %v", err)
	}
	if len(f.hosts()) != 0 {
		t.Errorf("rigs are still hosted: %v", f.hosts())
	}
}
