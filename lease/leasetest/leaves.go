package leasetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// journal follows the leaves of a store.
type journal struct {
	*suite
	next int64
}

// added checks that the leaves that came since it was called last are of these
// kinds and about these things: "kind ref". All can be read.
func (j *journal) added(what string, want ...string) []lease.LogLeaf {
	j.Helper()
	leaves := all(j.suite, j.store.Leaves(j.ctx, lease.LeafFilter{From: j.next}))
	var got []string
	for i := range leaves {
		l := &leaves[i]
		e := translog.Entry{Body: l.Body, Secret: l.Secret}
		if doc, err := translog.DecodeLeaf(l.Body); err != nil || string(doc.Kind) != l.Kind || l.Index != j.next+int64(i) || l.AtMs <= 0 || e.Check() != nil {
			j.Errorf("%s: leaf %d after %d of kind %s: %s, %v", what, l.Index, j.next, l.Kind, l.Body, err)
		}
		got = append(got, strings.TrimSpace(l.Kind+" "+l.Ref))
	}
	if !slices.Equal(got, want) {
		j.Errorf("%s: leaves are\n%q, want\n%q", what, got, want)
	}
	j.next += int64(len(leaves))
	return leaves
}

// read reads a leaf's public part.
func read[T leaf.Public](j *journal, l lease.LogLeaf) (T, *translog.Leaf) {
	j.Helper()
	doc, whole, err := leaf.Read[T](l.Body, translog.Kind(l.Kind))
	j.ok(err)
	return doc, whole
}

// private reads a leaf's private part.
func private[T leaf.Private](j *journal, whole *translog.Leaf, l lease.LogLeaf) T {
	j.Helper()
	return must(leaf.Open[T](whole, l.Secret))(j.suite)
}

// leaves checks that there is no fact without its leaf, and no leaf without a
// fact.
func (s *suite) leaves() {
	j := &journal{suite: s}
	j.added("nothing yet")
	terms := sampleTerms()
	h := must(s.store.PutTerms(s.ctx, terms))(s)
	must(s.store.PutTerms(s.ctx, terms))(s)
	doc, _ := read[leaf.Terms](j, j.added("terms", "terms "+h.String())[0])
	same(s, "terms", string(doc.Terms), string(must(lease.Canonical(terms))(s)))
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("rig", "acme")))
	j.added("a tenant and a rig")

	templates, jobs, err := s.store.PutJobs(s.ctx, []lease.Template{{CreatedMs: 3, Body: []byte(`{"n":1}`)}, {CreatedMs: 4, Body: []byte(`{"n":2}`)}},
		[]lease.Job{{Template: 1, Lease: "L-0001", Tag: lease.Tag{1, 2}, Target: miner.DifficultyOne}, {Lease: lease.House, Target: miner.DifficultyOne}})
	s.ok(err)
	seqs := []string{strconv.FormatInt(templates[0].Seq, 10), strconv.FormatInt(templates[1].Seq, 10)}
	added := j.added("jobs", "job "+seqs[0], "job "+seqs[1])
	job, _ := read[leaf.Job](j, added[1])
	same(s, "job", job, leaf.Job{CreatedMs: 4, Template: []byte(`{"n":2}`)})
	at := must(s.store.TemplateLeaves(s.ctx, []int64{templates[1].Seq, templates[0].Seq}))(s)
	same(s, "leaves of templates", at, map[int64]int64{templates[0].Seq: added[0].Index, templates[1].Seq: added[1].Index})
	_, err = s.store.TemplateLeaves(s.ctx, []int64{templates[1].Seq + 1})
	s.is(err, lease.ErrNotFound)

	run := must(s.store.BeginRun(s.ctx, 7*lease.MsPerHour))(s)
	must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 7*lease.MsPerHour + 5, Receipts: []lease.Receipt{
		share(jobs[0], 0, 1), share(jobs[1], 0, 2), share(jobs[0], 0, 3), share(jobs[0], 8*lease.MsPerHour, 4)},
		Counts: []lease.Count{{Lease: "L-0001", Source: "cpu0", Hashes: 55}, {Lease: "L-0001", Source: "cpu1", Hashes: 1}}}))(s)
	s.ok(s.store.SetCapacity(s.ctx, 5))
	s.ok(s.store.PutEvents(s.ctx, happened("x")))
	s.ok(s.store.PutHeaders(s.ctx, nil))
	j.added("the share path, and what is nobody's contract")

	j.blocks(jobs[0], at[templates[1].Seq])
	j.books()
	j.settled()
	batches := s.sealTo(9 * lease.MsPerHour)
	for i, l := range j.added("sealed", "batch L-0001", "batch house", "batch L-0001") {
		b := &batches[i]
		doc, _ := read[leaf.Batch](j, l)
		if l.Index != b.Leaf || doc.Lease != b.Lease || doc.Number != b.Number || doc.N != b.N || doc.Root != b.Root || doc.Sum.Work() != b.Evidence.Sum || doc.SumSq != b.Evidence.SumSq.String() {
			s.Errorf("batch %+v has the leaf %d, %+v", b, l.Index, doc)
		}
	}
}

// blocks checks that every state of a block has a leaf.
func (j *journal) blocks(job lease.Job, jobLeaf int64) {
	b := lease.Block{
		Hash: miner.Hash{31: 7}, Height: 9, Template: job.Template, Job: job.Seq, Lease: job.Lease, Extranonce: []byte{1, 2, 3}, Time: 4, Nonce: 5,
		VersionBits: 6, Raw: []byte("block"), FoundMs: 1,
	}
	ref := "block " + b.Hash.String()
	j.ok(j.store.PutBlock(j.ctx, b))
	j.ok(j.store.PutBlock(j.ctx, b))
	doc, _ := read[leaf.Block](j, j.added("candidate", ref)[0])
	want := leaf.Block{Hash: [32]byte(b.Hash), Height: 9, State: lease.Candidate, Job: jobLeaf, Lease: b.Lease, Tag: [16]byte(job.Tag), Extranonce: []byte{1, 2, 3}, Time: 4, Nonce: 5, VersionBits: 6}
	same(j.suite, "block", doc, want)
	found := entry("found", "assets:a", "liab:acme:pending", 10)
	j.ok(j.store.MoveBlock(j.ctx, b.Hash, lease.Candidate, lease.Adopted, "", found))
	doc, _ = read[leaf.Block](j, j.added("adopted", ref, "transaction", "transaction L-0001")[0])
	want.State, want.Appearances = lease.Adopted, 1
	same(j.suite, "adopted", doc, want)
	j.is(j.store.MoveBlock(j.ctx, b.Hash, lease.Candidate, lease.Adopted, ""), lease.ErrConflict)
	j.is(j.store.MoveBlock(j.ctx, b.Hash, lease.Adopted, lease.Orphaned, "", found), lease.ErrDuplicate)
	j.added("errors")
}

// books checks that a transaction has a leaf for each lease that it touches,
// numbered.
func (j *journal) books() {
	j.ok(j.store.Post(j.ctx, entry("one", "assets:wallet", "liab:acme:available", 100), happened("one")))
	leaves := j.added("posted", "transaction", "transaction L-0001")
	tx := make([]leaf.Transaction, 2)
	for i, want := range []leaf.TransactionPrivate{
		{Key: "one", AtMs: 5, Ref: "ref of one", Number: 1, Postings: []leaf.Posting{{Account: "assets:wallet", Sat: 100}}},
		{Key: "one", AtMs: 5, Ref: "ref of one", Lease: "L-0001", Number: 1, Postings: []leaf.Posting{{Account: "liab:acme:available", Sat: -100}}},
	} {
		doc, whole := read[leaf.Transaction](j, leaves[i])
		got := private[leaf.TransactionPrivate](j, whole, leaves[i])
		tx[i] = doc
		want.Salt = got.Salt
		same(j.suite, "private part", got, want)
		same(j.suite, "public part", doc, leaf.Transaction{Kind: "test", Tx: want.Tx(), Part: i, Parts: 2})
	}
	same(j.suite, "one name", tx[0].Tx, tx[1].Tx)
	j.ok(j.store.PostAll(j.ctx, []lease.Transaction{entry("two", "assets:wallet", "liab:acme:available", 1), {Key: "three", Kind: "nothing"}}))
	leaves = j.added("several", "transaction", "transaction L-0001", "transaction")
	for i, want := range []int64{2, 2, 3} {
		_, whole := read[leaf.Transaction](j, leaves[i])
		same(j.suite, "number", private[leaf.TransactionPrivate](j, whole, leaves[i]).Number, want)
	}
	j.is(j.store.PostAll(j.ctx, []lease.Transaction{entry("four", "assets:wallet", "liab:acme:available", 1), entry("one", "assets:x", "assets:y", 1)}), lease.ErrDuplicate)
	j.added("all or nothing")
	p := must(j.store.AddPayout(j.ctx, samplePayout("aa"), intent))(j.suite)
	j.added("a payout's intent", "transaction", "transaction L-0001")
	j.ok(j.store.MovePayout(j.ctx, p.ID, lease.PayoutPrepared, lease.PayoutSent, 0, "", nil, nil))
	j.added("sent")
	j.ok(j.store.MovePayout(j.ctx, p.ID, lease.PayoutSent, lease.PayoutConfirmed, 5, "", []lease.Transaction{entry("paid", "liab:acme:inflight", "assets:wallet", 60)}, nil))
	j.added("confirmed", "transaction", "transaction L-0001")
}

// settled checks the leaves of an hour, and of what it leaves out.
func (j *journal) settled() {
	x := must(j.store.PutExclusion(j.ctx, lease.Exclusion{Kind: lease.ExcludePool, AnnouncedMs: 1, FromMs: 8 * lease.MsPerHour, Evidence: "no route"}))(j.suite)
	excluded := j.added("an exclusion of all", "sla")[0]
	doc, whole := read[leaf.Service](j, excluded)
	want := leaf.Service{About: leaf.AboutExclusion, Exclusion: x.ID, Kind: x.Kind, AnnouncedMs: 1, FromMs: x.FromMs}
	same(j.suite, "exclusion", doc, want)
	same(j.suite, "evidence", private[leaf.Evidence](j, whole, excluded), leaf.Evidence{Evidence: "no route"})

	rows := []lease.SettledHour{sampleHour("L-0001", 7), sampleHour("L-0002", 7)}
	j.ok(j.store.Settle(j.ctx, lease.Settlement{Hour: 7, Hours: rows, Txs: []lease.Transaction{entry("usage", "assets:a", "liab:acme:available", 7)}}))
	leaves := j.added("settled", "sla L-0001", "sla L-0002", "placement cpu0", "placement cpu1", "transaction", "transaction L-0001")
	for i, row := range rows {
		doc, whole := read[leaf.Service](j, leaves[i])
		same(j.suite, "hour", doc, leaf.Service{About: leaf.AboutHour, Lease: row.Lease, Hour: 7, Window: row.Window})
		same(j.suite, "row", private[lease.SettledHour](j, whole, leaves[i]), row)
	}
	placed, _ := read[leaf.Placement](j, leaves[2])
	one := lease.Quantity(miner.DifficultyOne.Work())
	same(j.suite, "placement", placed, leaf.Placement{Source: "cpu0", Hour: 7, Parts: 1, Work: []leaf.Work{
		{Lease: "L-0001", Counted: lease.Quantity(miner.Hashes(55)), Proven: lease.Quantity(one.Work().Mul(2)), Receipts: 2}, {Lease: lease.House, Proven: one, Receipts: 1},
	}})
	j.is(j.store.Settle(j.ctx, lease.Settlement{Hour: 8}), lease.ErrConflict)
	j.added("a conflict")
	j.ok(j.store.Settle(j.ctx, lease.Settlement{Hour: 12, Prev: 7}))
	later := j.added("hours that were left out", "placement cpu0")
	placed, _ = read[leaf.Placement](j, later[0])
	same(j.suite, "hour", fmt.Sprint(placed.Hour, placed.Work[0].Receipts), "8 1")

	j.ok(j.store.EndExclusion(j.ctx, x.ID, 14*lease.MsPerHour))
	doc, _ = read[leaf.Service](j, j.added("its end", "sla")[0])
	want.About, want.ToMs = leaf.AboutExclusionEnd, 14*lease.MsPerHour
	same(j.suite, "end", doc, want)
}

// leafFilters checks which leaves a filter selects.
func (s *suite) leafFilters() {
	a := s.addLease("acme") // terms, lease, tagmap
	s.addJobs(miner.Hash{1}, 5, a.ID)
	s.ok(s.store.Post(s.ctx, entry("one", "assets:x", "assets:y", 1))) // two leaves
	b := s.addLease("bob")                                             // lease, tagmap
	select_ := func(f lease.LeafFilter) string {
		var out []string
		for _, l := range all(s, s.store.Leaves(s.ctx, f)) {
			out = append(out, strconv.FormatInt(l.Index, 10))
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		f    lease.LeafFilter
		want string
	}{
		{lease.LeafFilter{}, "0 1 2 3 4 5 6 7"}, {lease.LeafFilter{From: 2, To: 5}, "2 3 4"}, {lease.LeafFilter{From: 8}, ""}, {lease.LeafFilter{To: 1}, "0"},
		{lease.LeafFilter{Kinds: []string{"lease"}}, "1 6"}, {lease.LeafFilter{Kinds: []string{"tagmap", "lease"}}, "1 2 6 7"},
		{lease.LeafFilter{Ref: a.ID}, "1 5"}, {lease.LeafFilter{Ref: b.ID}, "6"}, {lease.LeafFilter{Kinds: []string{"transaction"}, Ref: a.ID}, "5"},
		{lease.LeafFilter{Kinds: []string{"lease", "transaction"}, From: 2, To: 6}, "4 5"}, {lease.LeafFilter{Kinds: []string{"key"}}, ""},
	} {
		same(s, fmt.Sprintf("%+v", tt.f), select_(tt.f), tt.want)
	}
	for range s.store.Leaves(s.ctx, lease.LeafFilter{}) {
		break // one who has enough holds nothing up
	}
}
