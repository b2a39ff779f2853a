package leaf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

var update = flag.Bool("update", false, "write the known leaves anew")

// What the leaves say, to the byte: readers that others wrote rely on it.
func TestKnownLeaves(t *testing.T) {
	const name = "testdata/leaves.txt"
	var got strings.Builder
	for _, s := range samples(t) {
		fmt.Fprintf(&got, "%s\n%s\n%s\n\n", s.name, s.entry.Body, s.entry.Secret)
	}
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the leaves are\n%swant\n%s", got.String(), want)
	}
}

// Whatever a constructor writes, its reader reads, and no other.
func TestReadBack(t *testing.T) {
	for _, s := range samples(t) {
		if err := s.entry.Check(); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		l, err := s.read(s.entry.Body)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if (s.open != nil) != (s.entry.Secret != nil) {
			t.Errorf("%s: private part %s", s.name, s.entry.Secret)
		}
		if s.open != nil {
			if err := s.open(l, s.entry.Secret); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
		for _, other := range samples(t) {
			if other.kind == s.kind {
				continue
			}
			if _, err := other.read(s.entry.Body); !errors.Is(err, translog.ErrMalformed) {
				t.Errorf("a leaf of %s was read as %s: %v", s.name, other.name, err)
			}
		}
	}
	if _, _, err := leaf.Read[leaf.Terms](samples(t)[1].entry.Body, translog.KindLease); !errors.Is(err, translog.ErrMalformed) {
		t.Errorf("a leaf of a lease read as terms: %v", err)
	}
}

// Every member must be there, once, and no other; a private part that belongs
// there cannot be left out, nor can another be put in its place.
func TestStrict(t *testing.T) {
	for _, s := range samples(t) {
		l, err := translog.DecodeLeaf(s.entry.Body)
		if err != nil {
			t.Fatal(err)
		}
		refused := func(what string, l translog.Leaf) {
			t.Helper()
			body, err := l.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.read(body); !errors.Is(err, translog.ErrMalformed) {
				t.Errorf("%s, %s: %v", s.name, what, err)
			}
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(l.Public, &members); err != nil {
			t.Fatal(err)
		}
		for key, value := range members {
			delete(members, key)
			if s.kind != translog.KindSLA || key != "announced_ms" && key != "to_ms" { // that are 0 are left out
				refused("without "+key, translog.Leaf{Commitment: l.Commitment, Format: l.Format, Kind: l.Kind, Public: encode(t, members)})
			}
			members[key] = json.RawMessage("null")
			refused(key+" null", translog.Leaf{Commitment: l.Commitment, Format: l.Format, Kind: l.Kind, Public: encode(t, members)})
			members[key] = value
		}
		members["x"] = json.RawMessage("1")
		refused("with another member", translog.Leaf{Commitment: l.Commitment, Format: l.Format, Kind: l.Kind, Public: encode(t, members)})
		other := l
		if other.Commitment = nil; l.Commitment == nil {
			other.Commitment = &translog.B32{1}
		}
		refused("private part", other)
		if s.open == nil {
			continue
		}
		if err := s.open(&other, s.entry.Secret); !errors.Is(err, translog.ErrCommitment) {
			t.Errorf("%s without a commitment: %v", s.name, err)
		}
		for _, text := range []string{`{}`, `null`, `{"x":1}`} {
			o := translog.Opening{Private: json.RawMessage(text), Salt: salt}
			sum := o.Commitment()
			other.Commitment = &sum
			secret := fmt.Appendf(nil, `{"private":%s,"salt":"%x"}`, text, salt)
			if err := s.open(&other, secret); !errors.Is(err, translog.ErrMalformed) {
				t.Errorf("%s with private part %s: %v", s.name, text, err)
			}
		}
	}
}

func encode(t *testing.T, members map[string]json.RawMessage) []byte {
	t.Helper()
	b, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What cannot be is not written.
func TestRefused(t *testing.T) {
	fails := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, translog.ErrMalformed) && !errors.Is(err, translog.ErrTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
	l := sampleLease()
	for what, f := range map[string]leaf.LeaseFacts{
		"no destination": {TenantKey: make([]byte, 32)}, "another": {TenantKey: make([]byte, 32), Destinations: []string{"moon"}},
		"not in order": {TenantKey: make([]byte, 32), Destinations: []string{leaf.DestinationPool, leaf.DestinationHouse}},
		"pauses twice": {TenantKey: make([]byte, 32), Destinations: []string{leaf.DestinationPool}, Pauses: []leaf.Pause{{Number: 1}, {Number: 1}}},
	} {
		_, err := leaf.NewLease(&l, f, salt)
		fails(what, err)
	}
	if _, err := leaf.NewLease(&l, leaf.LeaseFacts{Destinations: []string{leaf.DestinationPool}}, salt); err == nil {
		t.Error("a tenant without a key")
	}
	for what, change := range map[string]func(*lease.SealedBatch){
		"beyond its window": func(b *lease.SealedBatch) { b.ToMs++ }, "no receipts": func(b *lease.SealedBatch) { b.N = 0 },
		"no time": func(b *lease.SealedBatch) { b.ToMs = b.FromMs }, "no squares": func(b *lease.SealedBatch) { b.Evidence.SumSq = nil },
		"squares too large": func(b *lease.SealedBatch) { b.Evidence.SumSq = b.Evidence.SumSq.Lsh(b.Evidence.SumSq, 100) },
		"no lease":          func(b *lease.SealedBatch) { b.Lease = "" },
	} {
		b := sampleBatch()
		change(&b)
		_, err := leaf.NewBatch(&b)
		fails(what, err)
	}
	for _, body := range []string{"", "text", "[]", "null", `{"b":1,"a":2}`, `{"a": 1}`, `{"a":1}{}`, `{"a":1.5}`, `{"a":1e2}`} {
		if _, err := leaf.NewJob(&lease.Template{Body: []byte(body)}); err == nil {
			t.Errorf("a job with the template %q", body)
		}
	}
	_, err := leaf.NewJob(&lease.Template{Body: []byte(`{"a":"` + strings.Repeat("x", translog.MaxLeaf) + `"}`)})
	fails("a job too large", err)
	_, err = leaf.NewJob(&lease.Template{CreatedMs: -1, Body: []byte(`{}`)})
	fails("a job of before 1970", err)
	_, err = leaf.NewTagMap(-1, translog.TagRoot{})
	fails("a map of before 1970", err)
	b := sampleBlock()
	b.State = "lost"
	_, err = leaf.NewBlock(&b, 0, lease.Tag{})
	fails("an unknown state", err)
	h := sampleHour()
	h.Window = ""
	_, err = leaf.NewHour(&h, salt)
	fails("an hour of no kind", err)
	x := sampleExclusion()
	x.ToMs = 0
	_, err = leaf.NewExclusionEnd(&x)
	fails("the end of what lasts", err)
}

func TestTransactionParts(t *testing.T) {
	tx := sampleTransaction()
	booked := must(leaf.NewTransaction(&tx, counter(5), translog.NewSalt))(t)
	sums, sum := make(map[string]int), int64(0)
	var tx0 receipt.B32
	for i, b := range booked {
		doc, l, err := leaf.Read[leaf.Transaction](b.Body, translog.KindTransaction)
		if err != nil {
			t.Fatal(err)
		}
		private := must(leaf.Open[leaf.TransactionPrivate](l, b.Secret))(t)
		if i == 0 {
			tx0 = doc.Tx
		}
		if doc.Part != i || doc.Parts != 3 || doc.Tx != tx0 || private.Tx() != tx0 || private.Key != tx.Key || private.Lease != b.Lease || private.Number != 5 {
			t.Errorf("part %d: %+v with %+v", i, doc, private)
		}
		sums[private.Lease] += len(private.Postings)
		for _, p := range private.Postings {
			sum += p.Sat
		}
	}
	if fmt.Sprint(sums) != "map[:2 L-0041:1 L-0042:1]" || sum != 0 {
		t.Errorf("postings %v that sum to %d", sums, sum)
	}
	none := must(leaf.NewTransaction(&lease.Transaction{Key: "k", Kind: "x"}, counter(0), translog.NewSalt))(t)
	if len(none) != 1 || !bytes.Contains(none[0].Secret, []byte(`"postings":[]`)) {
		t.Errorf("a transaction without postings: %s", none[0].Secret)
	}
	// More postings than have room.
	many := lease.Transaction{Key: "k", Kind: "x"}
	for i := range 10_000 {
		many.Postings = append(many.Postings, lease.Posting{Account: "liab:" + strings.Repeat("a", 32) + ":available", Lease: "L-1", Sat: int64(i) + 1})
	}
	if got := must(leaf.NewTransaction(&many, counter(0), translog.NewSalt))(t); len(got) != 3 {
		t.Errorf("%d leaves of 10 000 postings", len(got))
	}
}

// Many leases of one source have room in several leaves, with figures of any
// length.
func TestPlacementParts(t *testing.T) {
	for _, n := range []int{0, 1, 361, 362, 2000} {
		var work []leaf.Work
		for i := range n {
			huge := lease.Quantity(miner.Work{Hi: 1<<64 - 1, Lo: 1<<64 - 1})
			work = append(work, leaf.Work{Lease: fmt.Sprintf("L-%04d", i), Counted: huge, Proven: huge, Receipts: 1 << 53})
		}
		seen := 0
		entries := must(leaf.NewPlacement("rig", 5, work))(t)
		for i, e := range entries {
			doc, _, err := leaf.Read[leaf.Placement](e.Body, translog.KindPlacement)
			if err != nil || doc.Part != i || doc.Parts != len(entries) || doc.Work[0] != work[seen] {
				t.Fatalf("part %d of %d leases: %+v, %v", i, n, doc, err)
			}
			seen += len(doc.Work)
		}
		if seen != n || n == 1 && len(entries) != 1 || n == 2000 && len(entries) != 6 {
			t.Errorf("%d leases are in %d leaves, %d of them", n, len(entries), seen)
		}
	}
}

func TestTags(t *testing.T) {
	a := leaf.Lease{Lease: "a", Tag: receipt.B16{1, 1, 1}, Destinations: []string{leaf.DestinationHouse, leaf.DestinationPool}, StopMs: 1000}
	b := leaf.Lease{Lease: "b", Tag: receipt.B16{1, 1, 2}, Destinations: []string{leaf.DestinationPool}}
	c := leaf.Lease{Lease: "c", Tag: receipt.B16{1, 1, 3}, Destinations: []string{leaf.DestinationHouse}}
	tags := leaf.Tags{}
	tags.Add(a)
	tags.Add(c)
	if m := must(tags.Map(5))(t); len(m.Entries()) != 3 {
		t.Errorf("%d entries: %+v", len(m.Entries()), m.Entries())
	}
	tags.Add(b)
	if _, err := tags.Map(1000 + leaf.TagLingerMs - 1); !errors.Is(err, translog.ErrTagTwice) {
		t.Errorf("two that begin alike: %v", err)
	}
	m := must(tags.Map(1000 + leaf.TagLingerMs))(t)
	for _, e := range m.Entries() {
		if e.Lease == "a" || e.Destination == translog.DestinationID(leaf.DestinationPool) != (len(e.Tag) == lease.MinPoolTag) {
			t.Errorf("entry %+v", e)
		}
	}
	a.StopMs = 0
	tags.Add(a) // goes on
	if _, err := tags.Map(1 << 50); !errors.Is(err, translog.ErrTagTwice) {
		t.Errorf("one that goes on: %v", err)
	}
}

// FuzzRead reads any leaf and opening: what is read is written again in the very
// same bytes.
func FuzzRead(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.entry.Body, s.entry.Secret)
	}
	all := samples(f)
	f.Fuzz(func(t *testing.T, body, opening []byte) {
		read := 0
		for _, s := range all {
			l, err := s.read(body)
			if err != nil {
				continue
			}
			read++
			if again, err := l.Encode(); err != nil || !bytes.Equal(again, body) {
				t.Fatalf("%s read, and written as %s, %v", body, again, err)
			}
			if s.open != nil && s.open(l, opening) == nil {
				e := translog.Entry{Body: body, Secret: opening}
				if err := e.Check(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if read > 0 && read != 1 && !bytes.Contains(body, []byte(`"kind":"sla"`)) {
			t.Fatalf("%s is of %d kinds", body, read)
		}
	})
}
