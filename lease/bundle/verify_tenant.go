package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// verifyTenant checks the bundle of a tenant: each lease by itself, and what the
// tenant's statement says of them.
func verifyTenant(ctx context.Context, o Options, c *contents, tenant *packedFile, folders []folder) *Report {
	v := newVerifier(ctx, o, c, folder{})
	v.r.Kind = "tenant"
	t, msg, err := readTenant(c, tenant)
	v.report("form", err, "the statements of %d leases", len(folders))
	if err != nil {
		return v.r
	}
	v.r.Tenant, v.r.State, v.r.Period = t.Tenant, t.State, Period{FromMs: t.FromMs, ToMs: t.ToMs}
	var leases []*verifier
	for _, d := range folders {
		// Receipts of one lease at a time are in memory, and so is a proof.
		one := newVerifier(ctx, o, c, d)
		one.run()
		v.r.Leases = append(v.r.Leases, one.r)
		v.r.Receipts, v.r.Kept = v.r.Receipts+one.r.Receipts, v.r.Kept+one.r.Kept
		v.r.Leaves += one.r.Leaves
		leases = append(leases, one.small())
	}
	v.report("one-log", v.oneLog(leases), "all leases are proven by one checkpoint, of %d leaves", v.r.Checkpoint.Size)
	v.report("signature", signedBy(msg, leases), "of the tenant's statement, by a key of the log")
	v.report("tenant", sumsUp(t, leases), "it says of each lease what that one's statement says")
	v.word("that the tenant has no other leases in the period: you know which you have")
	for _, l := range leases {
		if s := l.s; s != nil && s.State != Final && s.Period.ToMs < t.ToMs {
			v.word(fmt.Sprintf("what was done for lease %s after %d ms, when its preliminary statement ends", s.Lease, s.Period.ToMs))
		}
	}
	return v.r
}

// small is what of a verifier the tenant's statement is compared with.
func (v *verifier) small() *verifier {
	return &verifier{s: v.s, note: v.note, id: v.id, head: v.head}
}

// readTenant reads the tenant's statement; whose it is, is not known yet.
func readTenant(c *contents, f *packedFile) (*TenantStatement, []byte, error) {
	msg, err := c.all(f)
	if err != nil {
		return nil, nil, err
	}
	if err := fewObjects(msg); err != nil {
		return nil, nil, fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	t, err := OpenTenantStatement(msg)
	if t == nil {
		return nil, nil, fmt.Errorf("%w: file %q: %w", ErrForm, f.name, err)
	}
	return t, msg, nil
}

// oneLog checks that all leases were proven by one checkpoint, and sets the
// report's.
func (v *verifier) oneLog(leases []*verifier) error {
	for _, l := range leases {
		switch {
		case l.head == nil:
			return fmt.Errorf("a lease has no checkpoint of its log")
		case l.head == leases[0].head:
			v.r.Checkpoint = Head{Origin: l.head.Origin, Size: l.head.N, Root: receipt.B32(l.head.Hash)}
		case !sameLog(l, leases[0]):
			return fmt.Errorf("lease %s is proven by another checkpoint, or another provider's, than lease %s", l.s.Lease, leases[0].s.Lease)
		}
	}
	if len(leases) == 0 {
		return errors.New("there is no lease")
	}
	return nil
}

func sameLog(a, b *verifier) bool {
	return a.head.Origin == b.head.Origin && a.head.Tree == b.head.Tree && a.s.Provider == b.s.Provider
}

// signedBy checks who signed the tenant's statement.
func signedBy(msg []byte, leases []*verifier) error {
	if len(leases) == 0 || leases[0].id == nil {
		return errors.New("there is no lease whose statement names a key")
	}
	_, err := openDocument("tenant statement", msg, leases[0].id.Keys)
	return err
}

// partOf checks that the statement of a lease is of the tenant's period, as far
// as the lease was there then.
func partOf(t *TenantStatement, s *Statement) error {
	p := &s.Period
	from := max(t.FromMs, lease.HourOf(s.StartMs)*lease.MsPerHour)
	switch {
	case p.FromMs != from:
		return fmt.Errorf("the statement of lease %s begins at %d ms, of the tenant's period it is there from %d on", s.Lease, p.FromMs, from)
	case s.State == Final && p.ToMs != t.ToMs && (s.StopMs == 0 || s.StopMs > p.ToMs):
		return fmt.Errorf("the statement of lease %s ends at %d ms, before the tenant's period, and the lease did not", s.Lease, p.ToMs)
	}
	return nil
}

// sumsUp makes the tenant's statement anew from those of the leases.
func sumsUp(t *TenantStatement, leases []*verifier) error {
	var statements []*Statement
	var notes [][]byte
	for _, l := range leases {
		if l.s == nil {
			return errors.New("the statement of a lease cannot be read")
		}
		if err := partOf(t, l.s); err != nil {
			return err
		}
		statements, notes = append(statements, l.s), append(notes, l.note)
	}
	want, err := NewTenantStatement(t.FromMs, t.ToMs, statements, notes)
	if err != nil {
		return err
	}
	have, err := t.Encode()
	if err != nil {
		return err
	}
	again, err := want.Encode()
	if err != nil {
		return err
	}
	if !bytes.Equal(have, again) {
		at := 0
		for at < min(len(have), len(again)) && have[at] == again[at] {
			at++
		}
		return fmt.Errorf("it differs from what the leases' statements come to: %.80q, want %.80q", have[max(0, at-20):], again[max(0, at-20):])
	}
	return nil
}
