package receipt

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// narrowBundle is honestPool's, of a pool whose extranonce2 has 4 bytes and
// another one with 7.
func narrowBundle(t *testing.T, receipts int) *Bundle {
	t.Helper()
	b := honestPool(t, 0)
	hash := lease.TermsHash(b.Templates[0].Terms)
	b.Templates = []Template{poolTemplate(t, someCoinbase(4), hash), poolTemplate(t, someCoinbase(7), hash)}
	b.Templates[1].Pool.Address = poolBackup
	mine(t, b, 0, []byte{0, 1}, receipts)
	mine(t, b, 1, []byte{5, 4, 3, 2, 1}, receipts)
	b.Statement.CountedHashes = lease.Quantity(b.Statement.CountedHashes.Work().Add(hps(uint64(receipts) * 2 * testWork).Work()))
	b.Statement.Pool = reportOf(b)
	sign(t, b)
	return b
}

// A pool that leaves no room for a worker's number still proves the work, by a
// tag of two bytes, which the report says.
func TestNarrowPoolBundle(t *testing.T) {
	b := narrowBundle(t, 40)
	data := encode(t, b)
	r := Verify(data, Options{Key: public(provider), TenantKey: public(tenant), Strict: true})
	if !r.OK() || r.Receipts != 80 || r.Pool.TagBytes != 2 || r.Pool.Due != b.Statement.Pool.Sent {
		t.Fatalf("failed %v: %+v, pool %+v", failed(r), r.Checks, r.Pool)
	}
	text := strings.Join(r.Unchecked, "\n")
	for _, want := range []string{"2 bytes there", "once in 2^16", "could put it into the bytes that workers fill in"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among the unchecked:\n%s", want, text)
		}
	}
	if back, err := DecodeBundle(data, 0); err != nil || !bytes.Equal(encode(t, back), data) {
		t.Errorf("decoded and encoded again: %v", err)
	}
}

// What a document says of its room must be what its pool leaves.
func TestNarrowPoolBundleTampered(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(b *Bundle)
		check  string
	}{
		"the other format":       {func(b *Bundle) { b.Templates[0].Format = PoolTemplateFormat }, "templates"},
		"a wide one's format":    {func(b *Bundle) { b.Templates[0] = widened(b.Templates[0], NarrowPoolFormat) }, "templates"},
		"a wide one's receipts":  {func(b *Bundle) { b.Templates[0] = widened(b.Templates[0], PoolTemplateFormat) }, "receipts"},
		"a pool that is too bad": {func(b *Bundle) { b.Templates[0].Pool.Extranonce2Size = 3 }, "templates"},
		"another tag":            {func(b *Bundle) { b.Jobs[0].Tag[1]++ }, "tag jobs receipts"},
		"a shorter extranonce":   {func(b *Bundle) { b.Receipts[0].Extranonce = b.Receipts[0].Extranonce[1:] }, "receipts"},
		"a longer extranonce":    {func(b *Bundle) { b.Receipts[0].Extranonce = append(b.Receipts[0].Extranonce, 0) }, "receipts"},
	} {
		b := narrowBundle(t, 3)
		tt.change(b)
		sign(t, b)
		r := Verify(encode(t, b), Options{})
		bad := failed(r)
		if r.OK() || len(bad) == 0 || !strings.Contains(tt.check+" form", bad[0]) {
			t.Errorf("%s: failed %v, want %s", name, bad, tt.check)
		}
	}
}

// widened is a template as of a pool that has four bytes more, in a format.
func widened(t Template, format string) Template {
	pool := *t.Pool
	pool.Extranonce2Size += 4
	t.Pool, t.Format, t.Extranonce1Size, t.Extranonce2Size = &pool, format, workerSize, rolledSize
	t.Head = bytes.Clone(t.Head)
	t.Head[scriptSigAt-1] += 4 // the script is as much longer
	return t
}
