package auditor

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/auditor/auditortest"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"pgregory.net/rapid"
)

// addPool adds the leaf of a pool's job.
func addPool(t *testing.T, a *Auditor, n int, change func(x *receipt.Template)) {
	t.Helper()
	x := auditortest.PoolTemplate(t, receipt.B32{1}, n)
	change(x)
	document, err := x.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e, err := translog.NewEntry(translog.KindJob, &leaf.Job{Template: document}, nil, translog.Salt{})
	if err != nil {
		t.Fatal(err)
	}
	a.Add(e.Body)
}

// What is forgotten between two jobs that describe one coinbase is no way to hide
// them, and pools' jobs of many blocks are no finding.
func TestForgottenJobs(t *testing.T) {
	same := func(*receipt.Template) {}
	on := func(i uint32) func(x *receipt.Template) {
		return func(x *receipt.Template) { binary.LittleEndian.PutUint32(x.Prev[:], i) }
	}
	for _, between := range []uint32{0, 3, 20} {
		a := New()
		a.terms[receipt.B32{1}] = true
		a.jobs.most = 8
		addPool(t, a, 8, same)
		for i := range between {
			addPool(t, a, 8, on(100+i))
			addPool(t, a, 8, on(100+i))
		}
		if a.failed[Jobs] != 0 || len(a.jobs.order) > 8 {
			t.Fatalf("%d between: %+v, %d are remembered", between, a.findings, len(a.jobs.order))
		}
		addPool(t, a, 6, same)
		want := "described in two ways"
		if between > 8 {
			want = "nobody can tell"
		}
		if len(a.findings) != 1 || !strings.Contains(a.findings[0].What, want) {
			t.Errorf("%d between: %+v, want %q", between, a.findings, want)
		}
	}
}

// Jobs of one key that are too many to compare are said to be.
func TestManyAlike(t *testing.T) {
	a := New()
	a.jobs.alike = 100
	for i := range uint32(101) {
		x := auditortest.PoolTemplate(t, receipt.B32{1}, 8)
		binary.LittleEndian.PutUint32(x.Pool.Extranonce1, i)
		a.addLayout(int64(i), x)
	}
	if len(a.findings) != 1 || !strings.Contains(a.findings[0].What, "too many to compare") {
		t.Errorf("%+v", a.findings)
	}
}

// Two layouts meet if and only if no byte that is fixed in both differs.
func TestMeets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 12).Draw(t, "size")
		draw := func(name string) layout {
			place := func(name string) span {
				from := rapid.IntRange(0, size).Draw(t, name)
				return span{from, rapid.IntRange(from, size).Draw(t, name)}
			}
			return layout{coinbase: rapid.SliceOfN(rapid.ByteRange(0, 1), size, size).Draw(t, name), tag: place("tag"), gap: place("gap")}
		}
		x, y := draw("x"), draw("y")
		want := true
		for i := range size {
			free := false
			for _, s := range []span{x.tag, x.gap, y.tag, y.gap} {
				free = free || i >= s.from && i < s.to
			}
			want = want && (free || x.coinbase[i] == y.coinbase[i])
		}
		if got := x.meets(&y); got != want || y.meets(&x) != want {
			t.Fatalf("%+v and %+v: %v, want %v", x, y, got, want)
		}
	})
}

// A block of the house needs no layout: no pool's job describes its coinbase.
func TestHouseLayout(t *testing.T) {
	a := New()
	a.terms[receipt.B32{1}] = true
	a.addJob(0, 0, auditortest.HouseTemplate(t, receipt.B32{1}))
	x := auditortest.HouseTemplate(t, receipt.B32{1})
	coinbase := x.Issue(lease.Tag{}, [32]byte{}, nil).Coinbase(make([]byte, 6))
	own := receipt.ScriptSigAt + 4 + 1
	p := auditortest.PoolTemplate(t, receipt.B32{1}, 8)
	p.Height, p.Head, p.Pool.Extranonce1, p.Coinb2 = x.Height, coinbase[:own], coinbase[own:own+32], coinbase[own+32+8:]
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "could be sold twice") {
		t.Errorf("the house's coinbase is a pool's: %v", err)
	}
	if len(a.jobs.order) != 0 || len(a.findings) != 0 {
		t.Errorf("%+v, %d are remembered", a.findings, len(a.jobs.order))
	}
}

// Who makes a pool's jobs up can have the whole tags of two leases in one
// coinbase: one in its place, the other among the pool's bytes, or after it. Each
// lease has a job that shows its own alone.
func TestTwoWholeTags(t *testing.T) {
	one, two := lease.Tag{1, 1, 15: 1}, lease.Tag{2, 2, 15: 2}
	rolled := [2][]byte{{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}} // worker's number and what is rolled
	first := auditortest.PoolTemplate(t, receipt.B32{1}, 12)
	first.Pool.Extranonce2Size = 22
	first.Head[receipt.ScriptSigAt-1] += 44 - 12
	second := *first
	pool := *first.Pool
	second.Pool = &pool
	first.Pool.Extranonce1 = append(append(receipt.Hex{}, two[:]...), rolled[1]...)
	second.Pool.Extranonce1 = receipt.Hex{}
	second.Coinb2 = append(append(append(receipt.Hex{}, one[:]...), rolled[0]...), first.Coinb2...)
	a := New()
	for i, x := range []*receipt.Template{first, &second} {
		document, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipt.DecodeTemplate(document); err != nil {
			t.Fatal(err)
		}
		a.addLayout(int64(i), x)
	}
	if h, g := first.Issue(one, [32]byte{}, nil).MerkleRoot(rolled[0]), second.Issue(two, [32]byte{}, nil).MerkleRoot(rolled[1]); h != g {
		t.Errorf("they have the merkle roots %v and %v", h, g)
	}
	if len(a.findings) != 1 || !strings.Contains(a.findings[0].What, "described in two ways") {
		t.Errorf("%+v", a.findings)
	}
}
