// Package leasetest is the one test that every lease.Store must pass.
package leasetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"iter"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// TestStore checks every method of a Store and every error it promises, and
// that whatever was done, facts and log agree. open
// returns a new, empty Store and closes it when its test ends.
func TestStore(t *testing.T, open func(t *testing.T) lease.Store) {
	for _, tt := range []struct {
		name string
		test func(*suite)
	}{
		{"Terms", (*suite).terms},
		{"Tenants", (*suite).tenants},
		{"Leases", (*suite).leases},
		{"AddLeaseErrors", (*suite).addLeaseErrors},
		{"Oversell", (*suite).oversell},
		{"PoolLeases", (*suite).poolLeases},
		{"ChangeTenant", (*suite).changeTenant},
		{"ChangeLease", (*suite).changeLease},
		{"ChangeLeaseErrors", (*suite).changeLeaseErrors},
		{"LongerTerm", (*suite).longerTerm},
		{"ChangeLeaseAtOnce", (*suite).changeLeaseAtOnce},
		{"OwnMachines", (*suite).ownMachines},
		{"Capacity", (*suite).capacity},
		{"LeasesVersion", (*suite).version},
		{"Rigs", (*suite).rigs},
		{"ChangeRig", (*suite).changeRig},
		{"ChangeRigAtOnce", (*suite).changeRigAtOnce},
		{"RigsVersion", (*suite).rigsVersion},
		{"RigMeters", (*suite).rigMeters},
		{"Jobs", (*suite).jobs},
		{"Runs", (*suite).runs},
		{"Batch", (*suite).batch},
		{"BatchTwice", (*suite).batchTwice},
		{"BatchErrors", (*suite).batchErrors},
		{"Receipts", (*suite).receipts},
		{"Sealed", (*suite).sealed},
		{"SealErrors", (*suite).sealErrors},
		{"Thin", (*suite).thin},
		{"Headers", (*suite).headers},
		{"Meter", (*suite).meter},
		{"Upstream", (*suite).upstream},
		{"UpstreamErrors", (*suite).upstreamErrors},
		{"ClockGoesBack", (*suite).clockGoesBack},
		{"Hours", (*suite).hours},
		{"HourEarnings", (*suite).hourEarnings},
		{"OtherBatches", (*suite).otherBatches},
		{"Settle", (*suite).settle},
		{"SettleErrors", (*suite).settleErrors},
		{"SettledStays", (*suite).settledStays},
		{"SettleAtOnce", (*suite).settleAtOnce},
		{"SettledIsOver", (*suite).settledIsOver},
		{"Exclusions", (*suite).exclusions},
		{"Events", (*suite).events},
		{"EventErrors", (*suite).eventErrors},
		{"Payouts", (*suite).payouts},
		{"PayoutErrors", (*suite).payoutErrors},
		{"Blocks", (*suite).blocks},
		{"MoveBlock", (*suite).moveBlock},
		{"Post", (*suite).post},
		{"PostErrors", (*suite).postErrors},
		{"PostAll", (*suite).postAll},
		{"Overdrawn", (*suite).overdrawn},
		{"Leaves", (*suite).leaves},
		{"LeafFilters", (*suite).leafFilters},
		{"ContractLeaves", (*suite).contractLeaves},
		{"HousePool", (*suite).housePool},
		{"Statements", (*suite).statements},
		{"Cancelled", (*suite).cancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &suite{T: t, ctx: t.Context(), store: open(t), open: open}
			tt.test(s)
			s.ok(CheckLog(s.ctx, s.store))
		})
	}
}

// suite is one test on one empty store.
type suite struct {
	*testing.T
	ctx   context.Context
	store lease.Store
	open  func(t *testing.T) lease.Store
}

// ok stops the test at an error.
func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// is checks that err is a certain one.
func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("error %v, want %v", err, want)
	}
}

// fails checks that there is an error, none of the named ones.
func (s *suite) fails(what string, err error) {
	s.Helper()
	if err == nil {
		s.Errorf("%s: no error", what)
	}
}

// same compares what came back with what is wanted.
func same[T any](s *suite, what string, got, want T) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// must drops a nil error.
func must[T any](v T, err error) func(s *suite) T {
	return func(s *suite) T {
		s.Helper()
		s.ok(err)
		return v
	}
}

// all gathers a sequence.
func all[T any](s *suite, seq iter.Seq2[T, error]) []T {
	s.Helper()
	var out []T
	for v, err := range seq {
		s.ok(err)
		out = append(out, v)
	}
	return out
}

// sampleTerms are valid.
func sampleTerms() lease.Terms {
	return lease.Terms{
		Format: lease.TermsFormat, Text: "Work is billed as proven. <é\u2028>", Coin: "regtest", HouseScript: "51",
		FeePPM: 20_000, Scheme: lease.SchemeTides, Tides: lease.DefaultTides,
	}
}

// sampleTenant has a key made of one byte.
func sampleTenant(id string) lease.Tenant {
	return lease.Tenant{ID: id, Key: bytes.Repeat([]byte{id[0]}, ed25519.PublicKeySize), CreatedMs: 1_700_000_000_123}
}

// tagOf makes a tag of a lease's ID.
func tagOf(id string) (t lease.Tag) {
	slices.Reverse(t[:copy(t[:], id)]) // what differs comes first
	return t
}

// tagged gives a lease the tag of its ID, and tells nobody.
func tagged(id string) (lease.Tag, []lease.Event, error) { return tagOf(id), nil, nil }

// closeLease ends a lease at a moment.
func (s *suite) closeLease(id string, ms int64) {
	s.Helper()
	_, err := s.store.ChangeLease(s.ctx, id, 0, func(l *lease.Lease) ([]lease.Event, error) {
		l.ClosedMs = ms
		return nil, nil
	})
	s.ok(err)
}

const noLimit = 1 << 62

// addLease adds a tenant, where it is missing, and a lease of it.
func (s *suite) addLease(tenant string) lease.Lease {
	s.Helper()
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	if err := s.store.AddTenant(s.ctx, sampleTenant(tenant)); !errors.Is(err, lease.ErrExists) {
		s.ok(err)
	}
	return must(s.store.AddLease(s.ctx, sampleLease(tenant, h), noLimit, tagged))(s)
}

// sampleLease is valid and open-ended.
func sampleLease(tenant string, terms lease.TermsHash) lease.Lease {
	return lease.Lease{
		Tenant: tenant, Model: lease.Leased, ContractedHps: 5_000_000, StartMs: 1_700_000_000_000,
		ProofMs: lease.DefaultProofMs, Nonce: [16]byte{1, 2, 3}, Terms: terms,
	}
}

// addJobs stores one template on prev, with a job for each lease, all at a
// target of the given work.
func (s *suite) addJobs(prev miner.Hash, work uint64, leases ...string) []lease.Job {
	s.Helper()
	var jobs []lease.Job
	for _, id := range leases {
		jobs = append(jobs, lease.Job{Lease: id, Tag: tagOf(id), Target: miner.TargetForWork(miner.Hashes(work)), CreatedMs: 7})
	}
	_, jobs, err := s.store.PutJobs(s.ctx, []lease.Template{{CreatedMs: 7, Height: 9, Prev: prev, Body: []byte("{}")}}, jobs)
	s.ok(err)
	return jobs
}

// share makes a receipt of a job.
func share(j lease.Job, ms int64, nonce uint32) lease.Receipt {
	return lease.Receipt{
		Lease: j.Lease, Job: j.Seq, Source: "cpu0", CommitMs: ms, Extranonce: []byte{0, 1, 2, 3, 4, 5},
		Time: 1<<32 - 1, Nonce: nonce, VersionBits: 0x1fffe000, Work: j.Target.Work(),
	}
}
