package bundle

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// TestTenantBundle checks what a tenant's statement says of its leases.
func TestTenantBundle(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, s *TenantStatement, all *Tenant)
		check  string // none: it holds
		words  string
	}{
		{"honest", func(*world, *TenantStatement, *Tenant) {}, "", ""},
		{"more work than the lease's statement", func(_ *world, s *TenantStatement, _ *Tenant) { s.Leases[0].Receipts++ }, "tenant", "differs from"},
		{"another balance", func(_ *world, s *TenantStatement, _ *Tenant) {
			s.Accounts = []Account{{"liab:L-0002:prepaid", 0, 5}}
		}, "tenant", "differs from"},
		{"a lease that is not there", func(_ *world, s *TenantStatement, _ *Tenant) {
			s.Leases = append(s.Leases, s.Leases[0])
			s.Leases[1].Lease = "L-0007"
		}, "tenant", "differs from"},
		{"another key", func(w *world, _ *TenantStatement, _ *Tenant) { w.signers = []string{"thief"} }, "signature", "not signed by a key"},
		{"another lease's folder", func(_ *world, _ *TenantStatement, all *Tenant) { all.Leases[0].Lease = "L-0003" }, "form", "is the statement of lease"},
		{"a cheat in a lease", func(_ *world, _ *TenantStatement, all *Tenant) { all.Leases[0].LogProof = nil }, "proof", "not as many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := honest(t, 4)
			b := w.bundle()
			s := must(NewTenantStatement(testFromMs, testToMs, []*Statement{&w.s}, [][]byte{b.Note}))
			all := &Tenant{Leases: []Folder{{testLease, b}}}
			tt.change(w, s, all)
			all.Note = must(s.Sign(w.signer()))
			var out bytes.Buffer
			if err := all.Write(&out); err != nil {
				t.Fatal(err)
			}
			r := verify(t, out.Bytes(), Options{})
			if r.Kind != "tenant" || len(r.Leases) != 1 {
				t.Fatalf("%+v", r)
			}
			if tt.check == "" {
				if !r.OK() || r.Receipts != 12 || r.Tenant != "acme" {
					t.Errorf("%+v: %q, %q", r, failed(r), failed(r.Leases[0]))
				}
				return
			}
			r.Checks = append(r.Checks, r.Leases[0].Checks...)
			refuse(t, r, tt.check, tt.words)
		})
	}
}

// TestOneLog compares the checkpoints of a tenant's leases.
func TestOneLog(t *testing.T) {
	at := func(n int64) *verifier {
		return &verifier{s: &Statement{Lease: "L-1"}, head: &translog.Signed{Checkpoint: translog.Checkpoint{Origin: testOrigin, Tree: tlog.Tree{N: n}}}}
	}
	top := newVerifier(t.Context(), Options{}, nil, folder{})
	if err := top.oneLog([]*verifier{at(5), at(5)}); err != nil || top.r.Checkpoint.Size != 5 {
		t.Errorf("%v, %+v", err, top.r.Checkpoint)
	}
	if err := top.oneLog([]*verifier{at(5), at(6)}); err == nil || !strings.Contains(err.Error(), "another checkpoint") {
		t.Errorf("two checkpoints: %v", err)
	}
	if err := top.oneLog([]*verifier{at(5), {}}); err == nil || !strings.Contains(err.Error(), "no checkpoint") {
		t.Errorf("no checkpoint: %v", err)
	}
}

func TestFolders(t *testing.T) {
	b := honest(t, 1).bundle()
	for _, ids := range [][]string{{"L-0002", "L-0001"}, {"L-0002", "L-0002"}, {"../x"}, {""}} {
		all := &Tenant{Note: []byte("x\n")}
		for _, id := range ids {
			all.Leases = append(all.Leases, Folder{id, b})
		}
		if err := all.Write(new(bytes.Buffer)); err == nil {
			t.Errorf("%q was written", ids)
		}
	}
}

// TestStopped gives up in the middle.
func TestStopped(t *testing.T) {
	file := pack(t, honest(t, 4).bundle())
	ctx, cancel := context.WithCancel(t.Context())
	r := Verify(ctx, bytes.NewReader(file), int64(len(file)), Options{Progress: func(int64, int64) { cancel() }})
	refuse(t, r, "complete", "stopped")
}

// TestPartOf has statements of leases that are not of the tenant's whole period.
func TestPartOf(t *testing.T) {
	const hour = 3_600_000
	tenant := &TenantStatement{FromMs: 10 * hour, ToMs: 20 * hour}
	for _, tt := range []struct {
		start, stop, from, to int64
		state                 State
		holds                 bool
	}{
		{5 * hour, 0, 10 * hour, 20 * hour, Final, true},
		{12*hour + 7, 0, 12 * hour, 20 * hour, Final, true},
		{5 * hour, 15 * hour, 10 * hour, 15 * hour, Final, true},
		{5 * hour, 0, 10 * hour, 12*hour + 5, Preliminary, true},
		{5 * hour, 0, 11 * hour, 20 * hour, Final, false},
		{5 * hour, 0, 10 * hour, 15 * hour, Final, false},
		{5 * hour, 16 * hour, 10 * hour, 15 * hour, Final, false},
		{12*hour + 7, 0, 13 * hour, 20 * hour, Final, false},
	} {
		s := &Statement{StartMs: tt.start, StopMs: tt.stop, State: tt.state, Period: Period{FromMs: tt.from, ToMs: tt.to}}
		if err := partOf(tenant, s); (err == nil) != tt.holds {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
