package main

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/transport"
)

func TestPoolsAllow(t *testing.T) {
	c := defaultConfig().Pools
	private, public := netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("8.8.8.8")
	if err := c.allow()(private); !errors.Is(err, transport.ErrNotPublic) {
		t.Errorf("%s by default: %v", private, err)
	}
	if err := c.allow()(public); err != nil {
		t.Errorf("%s by default: %v", public, err)
	}
	c.AllowPrivate = true
	if err := c.allow()(private); err != nil {
		t.Errorf("%s where it is allowed: %v", private, err)
	}
}

// A lease shows what its pool said, to people and to programs, the same in
// every command.
func TestLeaseShowsItsPoolsVerdicts(t *testing.T) {
	ctx := t.Context()
	e, stdout, stderr := testEnv()
	dir := t.TempDir()
	hashlease := func(args ...string) string {
		t.Helper()
		stdout.Reset()
		if code := run(ctx, e, append(args, "--data", dir)); code != exitOK {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
		return stdout.String()
	}
	cfg := defaultConfig()
	p, err := openProvider(ctx, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	l := lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1000, StartMs: 1, ProofMs: lease.DefaultProofMs,
		Pool: &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "acme.w1", Password: "secret"}}
	if l.Terms, err = p.newestTerms(ctx, e, &cfg); err != nil {
		t.Fatal(err)
	}
	if err := p.store.AddTenant(ctx, lease.Tenant{ID: "acme", Key: p.public()}); err != nil {
		t.Fatal(err)
	}
	if l, err = p.admit(ctx, &cfg, l, lease.Capacity{LimitHps: 1000}, 1); err != nil {
		t.Fatal(err)
	}
	run, err := p.store.BeginRun(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.store.CommitBatch(ctx, lease.Batch{Run: run, AtMs: 1, Upstream: []lease.Upstream{{
		Lease: l.ID, Sent: 10, Accepted: 6, Rejected: 2, Stale: 1, SentWork: miner.Hashes(10_000), AcceptedWork: miner.Hashes(6000),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	// A receipt on a job of which a block is worth 5000 sat for 1000 hashes.
	_, jobs, err := p.store.PutJobs(ctx, []lease.Template{{CreatedMs: 1, Height: 1, Body: []byte("{}")}}, []lease.Job{{
		Lease: l.ID, Tag: l.Tag, Target: miner.TargetForWork(miner.Hashes(300)), CreatedMs: 1, Earns: &lease.Earns{Network: miner.Hashes(1000), Sat: 5000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.store.CommitBatch(ctx, lease.Batch{Run: run, AtMs: 2, Receipts: []lease.Receipt{{
		Lease: l.ID, Job: jobs[0].Seq, Source: "cpu0", Extranonce: []byte{1}, Work: jobs[0].Target.Work(),
	}}})
	if err != nil {
		t.Fatal(err)
	}

	show := hashlease("lease", "show", l.ID)
	for _, want := range []string{
		"\npool said   6 accepted, 2 rejected, 1 stale, 1 lost of 10 shares\n",
		"\npool work   6.000 kH accepted of 10.00 kH sent, by the pool's targets\n",
		"\npool worth  1500 sat for the proven work, by the pool's jobs and before its fee; it is the pool that pays\n",
	} {
		if !strings.Contains(show, want) {
			t.Errorf("lease show prints\n%s\nwithout %q", show, want)
		}
	}
	if list := hashlease("lease", "list"); !strings.Contains(strings.Join(strings.Fields(list), " "), " 10 6 2 1 1 acme.w1 at ") {
		t.Errorf("lease list prints\n%s", list)
	}
	for _, args := range [][]string{{"show", l.ID, "--json"}, {"list", "--json"}, {"close", l.ID, "--json"}} {
		text := hashlease(append([]string{"lease"}, args...)...)
		var doc struct{ Pool poolDoc }
		if err := json.Unmarshal([]byte(strings.Trim(text, "[]\n ")), &doc); err != nil {
			t.Fatalf("%q: %v in\n%s", args, err, text)
		}
		d := doc.Pool
		if d.Sent != 10 || d.Accepted != 6 || d.Rejected != 2 || d.Stale != 1 || d.Lost != 1 ||
			d.SentWork.Work() != miner.Hashes(10_000) || d.AcceptedWork.Work() != miner.Hashes(6000) {
			t.Errorf("%q prints %+v", args, d)
		}
		if strings.Contains(text, "secret") {
			t.Errorf("%q shows the password:\n%s", args, text)
		}
	}
}
