package auditor_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/auditor/auditortest"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"github.com/hashlease/hashlease/miner"
)

// audit signs the leaves and audits them.
func audit(t *testing.T, entries []translog.Entry) auditor.Report {
	t.Helper()
	m := &translogtest.Memory{Leaves: entries}
	s := translogtest.Provider(t, m, 1, 0).Last()
	a := auditor.New()
	for _, e := range entries {
		a.Add(e.Body)
	}
	return a.Report(&s)
}

// state returns what became of a check.
func state(r *auditor.Report, name auditor.Name) auditor.Check {
	i := slices.IndexFunc(r.Checks, func(c auditor.Check) bool { return c.Name == name })
	return r.Checks[i]
}

func TestHonest(t *testing.T) {
	w := &auditortest.World{}
	r := audit(t, w.Play(t))
	if !r.OK() || len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
	for _, c := range r.Checks {
		want := auditor.Passed
		if c.Name == auditor.Checkpoint || c.Name == auditor.Since {
			want = auditor.Unchecked
		}
		if c.State != want || c.What == "" {
			t.Errorf("%s is %s (%s), want %s", c.Name, c.State, c.What, want)
		}
	}
	if len(r.Hours) != auditortest.Hours+1 || r.Hours[3].State != auditor.HourOpen || r.Short != 0 {
		t.Fatalf("hours: %+v", r.Hours)
	}
	h := r.Hours[0]
	second := miner.Hashes(auditortest.FirstHps + auditortest.NextHps)
	if h.State != auditor.HourCovered || h.Leased.Work() != second.Mul(3600) || h.Produced.Work() != miner.Hashes(2_000_000*3600) || h.Leases != 2 || h.Receipts != 3*720 {
		t.Errorf("first hour: %+v", h)
	}
	if h.Low.Work().Cmp(h.Produced.Work()) >= 0 || h.High.Work().Cmp(h.Produced.Work()) <= 0 {
		t.Errorf("first hour: produced %v is not within %v and %v", h.Produced, h.Low, h.High)
	}
	if n := r.Leaves[translog.KindBatch]; n != 37*3 {
		t.Errorf("%d batches", n)
	}
}

// of calls change with documents of a kind.
func of[T any](change func(index int64, d *T) bool) func(int64, any) bool {
	return func(index int64, doc any) bool {
		if d, ok := doc.(*T); ok {
			return change(index, d)
		}
		return true
	}
}

// batch changes those of a lease from a number on.
func batch(id string, from int64, change func(d *leaf.Batch)) func(int64, any) bool {
	return of(func(_ int64, d *leaf.Batch) bool {
		if d.Lease == id && d.Number >= from {
			change(d)
		}
		return true
	})
}

// TestCheats plays providers that cheat, each in one way.
func TestCheats(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(int64, any) bool
		after  func(w *auditortest.World, index int64, doc any)
		check  auditor.Name
		want   string
	}{
		{"tag twice", of(func(_ int64, d *leaf.Lease) bool {
			d.Tag, d.Destinations = receipt.B16{1}, []string{leaf.DestinationPool}
			return true
		}), nil, auditor.Tags, "tag is used twice"},
		{"tag twice at pools", of(func(_ int64, d *leaf.Lease) bool {
			d.Tag = receipt.B16{1, 2, d.Lease[5]}
			d.Destinations = []string{leaf.DestinationPool}
			return true
		}), nil, auditor.Tags, "tag is used twice"},
		{"other map", of(func(i int64, d *leaf.TagMap) bool {
			d.Root[0] ^= byte(i - 3)
			return true
		}), nil, auditor.Tags, "the leases before it give 2"},
		{"no map", of(func(i int64, d *leaf.TagMap) bool { return i < 4 }), nil, auditor.Tags, "tag is in no map"},
		{"double description of a coinbase", nil, func(w *auditortest.World, _ int64, doc any) {
			if d, ok := doc.(*leaf.Job); ok && receipt.OfPool(d.Template) && w.After != nil {
				w.After = nil
				w.Job(auditortest.PoolTemplate(t, w.Terms, 6))
			}
		}, auditor.Jobs, "described in two ways"},
		{"job of other terms", nil, func(w *auditortest.World, _ int64, doc any) {
			if _, ok := doc.(*leaf.Job); ok && w.After != nil {
				w.After = nil
				w.Job(auditortest.PoolTemplate(t, receipt.B32{4}, 8))
			}
		}, auditor.Jobs, "terms"},
		{"batch gap", batch(auditortest.First, 5, func(d *leaf.Batch) { d.Number++ }), nil, auditor.Batches, "batch gap: lease L-0001 has batch 6 after batch 4"},
		{"missing batch", of(func(_ int64, d *leaf.Batch) bool { return d.Lease != auditortest.First || d.Number != 5 }), nil, auditor.Batches, "batch gap"},
		{"batch twice", nil, func(w *auditortest.World, _ int64, doc any) {
			if d, ok := doc.(*leaf.Batch); ok && d.Number == 7 && w.After != nil {
				w.After = nil
				w.Add(d)
			}
		}, auditor.Batches, "windows overlap"},
		{"overlapping windows", batch(auditortest.First, 5, func(d *leaf.Batch) { d.FromMs -= lease.BatchMs; d.ToMs -= lease.BatchMs }), nil, auditor.Batches, "windows overlap"},
		{"batch of a lease to come", batch(auditortest.First, 3, func(d *leaf.Batch) { d.Lease = "L-9999"; d.Number -= 3 }), nil, auditor.Batches, "before the lease"},
		{"batch after the end", of(func(_ int64, d *leaf.Lease) bool {
			if d.Lease == auditortest.First {
				d.StopMs, d.EndMs = auditortest.BeginMs+lease.MsPerHour, auditortest.BeginMs+lease.MsPerHour
			}
			return true
		}), nil, auditor.Batches, "the lease stopped"},
		{"inflated sum", batch(auditortest.First, 5, func(d *leaf.Batch) {
			d.Sum = lease.Quantity(d.Sum.Work().Add(miner.Hashes(1_000_000_000)))
		}), nil, auditor.Batches, "no 60 receipts have the work"},
		{"batches that sources did not prove", batch(auditortest.First, 5, func(d *leaf.Batch) { d.N++ }), nil, auditor.Placements, "hour 500000 of lease L-0001: sources proved"},
		{"placement of work that was not proven", of(func(_ int64, d *leaf.Placement) bool {
			d.Work[0].Receipts++
			return true
		}), nil, auditor.Placements, "hour 500001 of lease L-0001"},
		{"placement twice", of(func(_ int64, d *leaf.Placement) bool { d.Hour = auditortest.Hour; return true }), nil, auditor.Placements, "or twice"},
		{"placement in parts", of(func(_ int64, d *leaf.Placement) bool { d.Parts = 2; return true }), nil, auditor.Placements, "part 0 of 2"},
		{"contract rewritten", nil, func(w *auditortest.World, _ int64, doc any) {
			if d, ok := doc.(*leaf.Service); ok && d.Hour == auditortest.Hour {
				w.Add(w.Lease(auditortest.First, 700_000, leaf.DestinationHouse))
			}
		}, auditor.Contracts, "the contracted rate of lease L-0001 was another in leaf 1"},
		{"terms rewritten", of(func(_ int64, d *leaf.Lease) bool { d.Terms = receipt.B32{7}; return true }), nil, auditor.Contracts, "are not in the log before it"},
		{"block on no job", of(func(_ int64, d *leaf.Block) bool { d.Job = 4; return true }), nil, auditor.Blocks, "is no job"},
		{"block of another", of(func(_ int64, d *leaf.Block) bool { d.Tag[0]++; return true }), nil, auditor.Blocks, "its lease L-0001 has"},
		{"half a transaction", of(func(_ int64, d *leaf.Transaction) bool { return d.Part == 0 }), nil, auditor.Transactions, "ends with part 0 of 2"},
		{"the other half", of(func(_ int64, d *leaf.Transaction) bool { return d.Part == 1 }), nil, auditor.Transactions, "begins with part 1"},
		{"hidden statement", of(func(_ int64, d *leaf.Statement) bool { return d.Number == 2 }), nil, auditor.Statements, "statement gap"},
		{"oversell", of(func(_ int64, d *leaf.Lease) bool {
			d.ContractedHps = lease.Quantity(d.ContractedHps.Work().Mul(2))
			return true
		}), nil, auditor.Oversell, "oversold in hour 500000"},
		{"no leaf", of(func(_ int64, d *leaf.Batch) bool { d.N = 0; return true }), nil, auditor.Form, "no receipts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &auditortest.World{Change: tt.change, After: tt.after}
			r := audit(t, w.Play(t))
			c := state(&r, tt.check)
			if r.OK() || c.State != auditor.Failed {
				t.Fatalf("%s is %s: %s", c.Name, c.State, c.What)
			}
			if !slices.ContainsFunc(r.Findings, func(f auditor.Finding) bool { return f.Check == tt.check && strings.Contains(f.What, tt.want) }) {
				t.Errorf("%+v, want %q of %s", r.Findings, tt.want, tt.check)
			}
		})
	}
}

// TestShort is an hour without power: it is listed, and no lie.
func TestShort(t *testing.T) {
	w := &auditortest.World{}
	out := func(hour int64) bool { return hour == auditortest.Hour+1 }
	numbers := map[string]int64{}
	w.Change = func(_ int64, doc any) bool {
		switch d := doc.(type) {
		case *leaf.Batch:
			if out(d.FromMs / lease.MsPerHour) {
				return false
			}
			d.Number = numbers[d.Lease]
			numbers[d.Lease]++
		case *leaf.Placement:
			return !out(d.Hour)
		}
		return true
	}
	r := audit(t, w.Play(t))
	if !r.OK() || r.Short != 1 || r.Oversold != 0 || r.Hours[1].Worked || !r.Hours[2].Worked || r.Hours[1].State != auditor.HourShort || !r.Hours[1].Produced.Work().IsZero() {
		t.Errorf("%+v, hours %+v", r.Findings, r.Hours)
	}
}

// TestSeldom is a node that is on for some minutes of each hour only: it never
// shows what it can do in an hour, and never as much as it leases.
func TestSeldom(t *testing.T) {
	numbers := map[string]int64{}
	w := &auditortest.World{Change: func(_ int64, doc any) bool {
		switch d := doc.(type) {
		case *leaf.Batch:
			if d.FromMs%lease.MsPerHour >= 2*lease.BatchMs {
				return false
			}
			d.Number = numbers[d.Lease]
			numbers[d.Lease]++
		case *leaf.Placement:
			return false
		}
		return true
	}}
	if r := audit(t, w.Play(t)); !r.OK() || r.Short != 3 || r.Oversold != 0 {
		t.Errorf("%+v, hours %+v", r.Findings, r.Hours)
	}
}

// TestHosted is a tenant's own machine: it is neither sold nor the provider's.
func TestHosted(t *testing.T) {
	for _, hosted := range []string{auditortest.First, auditortest.Second} {
		w := &auditortest.World{Change: of(func(_ int64, d *leaf.Lease) bool {
			if d.Lease == hosted {
				d.Model = lease.Hosted
			} else {
				d.ContractedHps = lease.Quantity(miner.Hashes(1_400_000))
			}
			return true
		})}
		r := audit(t, w.Play(t))
		// What the hosted machine makes must not pay for the other lease.
		oversold := hosted == auditortest.First
		if (r.Oversold > 0) != oversold {
			t.Errorf("hosted %s: %d hours oversold: %+v", hosted, r.Oversold, r.Hours[0])
		}
	}
}

func FuzzAuditor(f *testing.F) {
	w := &auditortest.World{}
	entries := w.Play(f)[:16]
	f.Add(uint16(3), []byte(`{"format":"hashlease-leaf/1","kind":"key","public":{"key":"x"}}`))
	for _, i := range []uint16{0, 1, 2, 5, 6, 7, 8, 15} {
		f.Add(i, entries[int(i)%len(entries)].Body)
	}
	f.Fuzz(func(t *testing.T, at uint16, body []byte) {
		a := auditor.New()
		for i, e := range entries {
			if i == int(at)%len(entries) {
				a.Add(body)
			}
			a.Add(e.Body)
		}
		r := a.Report(&translog.Signed{})
		if state(&r, auditor.Tree).State != auditor.Failed {
			t.Error("an empty checkpoint stands for all leaves")
		}
	})
}

// TestAddAll finds the same however many leaves are read at once.
func TestAddAll(t *testing.T) {
	w := &auditortest.World{Change: batch(auditortest.First, 5, func(d *leaf.Batch) { d.Number++ })}
	entries := w.Play(t)
	entries[9].Body = []byte("{}")
	want := audit(t, entries)
	s := translogtest.Provider(t, &translogtest.Memory{Leaves: entries}, 1, 0).Last()
	for _, n := range []int{2, 7, 64, len(entries)} {
		a := auditor.New()
		for rest := entries; len(rest) > 0; {
			var bodies [][]byte
			for _, e := range rest[:min(n, len(rest))] {
				bodies = append(bodies, e.Body)
			}
			a.AddAll(bodies)
			rest = rest[len(bodies):]
		}
		if got := a.Report(&s); !reflect.DeepEqual(got, want) {
			t.Errorf("%d at once: %+v, want %+v", n, got, want)
		}
	}
}
