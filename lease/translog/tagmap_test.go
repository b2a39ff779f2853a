package translog

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func tagEntry(destination, lease, tag string) TagEntry {
	var b TagBytes
	if err := b.UnmarshalText([]byte(tag)); err != nil {
		panic(err)
	}
	return TagEntry{Destination: DestinationID(destination), Lease: lease, Tag: b}
}

// TestTagMapOfTwo spells out the hashes of FORMAT.md.
func TestTagMapOfTwo(t *testing.T) {
	a, b := tagEntry("house", "L-1", strings.Repeat("11", 16)), tagEntry("house", "L-2", "2222")
	m, err := NewTagMap([]TagEntry{b, a})
	if err != nil {
		t.Fatal(err)
	}
	d := sha256.Sum256([]byte("hashlease destination v1\nhouse"))
	digest := func(parts ...any) []byte {
		var text []byte
		for _, p := range parts {
			text = fmt.Appendf(text, "%s", p)
		}
		sum := sha256.Sum256(text)
		return sum[:]
	}
	ff := bytes.Repeat([]byte{0xff}, 14)
	aKey := append(d[:], a.Tag...)
	bMin := append(append(bytes.Clone(d[:]), 0x22, 0x22), make([]byte, 14)...)
	bMax := append(append(bytes.Clone(d[:]), 0x22, 0x22), ff...)
	aHash := digest("hashlease tag entry v1\n", d[:], "\x10", []byte(a.Tag), "L-1")
	bHash := digest("hashlease tag entry v1\n", d[:], "\x02", []byte(b.Tag), "L-2")
	top := digest("hashlease tag node v1\n", aKey, aKey, aHash, bMin, bMax, bHash)
	want := digest("hashlease tag map v1\n", "\x00\x00\x00\x00\x00\x00\x00\x02", aKey, bMax, top)
	if root := m.Root(); root.Entries != 2 || !bytes.Equal(root.Root[:], want) {
		t.Errorf("root %v, want 2 entries and %x", root, want)
	}
}

// draw makes a map of n leases at a few destinations.
func draw(t *rapid.T, n int) []TagEntry {
	var entries []TagEntry
	seen := map[string]bool{}
	for len(entries) < n {
		e := tagEntry(rapid.SampledFrom([]string{"house", "pool:3333", "pool:4444"}).Draw(t, "destination"),
			fmt.Sprintf("L-%04d", len(entries)), fmt.Sprintf("%032x", rapid.Uint64().Draw(t, "tag")))
		if key := e.Destination.String() + string(e.Tag); !seen[key] {
			seen[key] = true
			entries = append(entries, e)
		}
	}
	return entries
}

func TestTagProofs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := draw(t, rapid.IntRange(1, 40).Draw(t, "n"))
		m, err := NewTagMap(entries)
		if err != nil {
			t.Fatal(err)
		}
		root := m.Root()
		for _, e := range entries {
			p, err := m.Prove(e.Destination, e.Lease)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(root); err != nil {
				t.Fatal(err)
			}
			b, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			again, err := DecodeTagProof(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Check(root); err != nil {
				t.Fatal(err)
			}
		}
		e := rapid.SampledFrom(entries).Draw(t, "entry")
		for name, change := range map[string]func(p *TagProof, root *TagRoot){
			"other lease":       func(p *TagProof, _ *TagRoot) { p.Entry.Entry.Lease = "L-9999" },
			"other tag":         func(p *TagProof, _ *TagRoot) { p.Entry.Entry.Tag = bytes.Repeat([]byte{0xfe}, 16) },
			"shorter tag":       func(p *TagProof, _ *TagRoot) { p.Entry.Entry.Tag = p.Entry.Entry.Tag[:4] },
			"other destination": func(p *TagProof, _ *TagRoot) { p.Entry.Entry.Destination[0]++ },
			"other root":        func(_ *TagProof, root *TagRoot) { root.Root[0]++ },
			"one entry more":    func(_ *TagProof, root *TagRoot) { root.Entries++ },
			"one entry less":    func(_ *TagProof, root *TagRoot) { root.Entries-- },
			"index":             func(p *TagProof, _ *TagRoot) { p.Entry.Index++ },
			"longer path":       func(p *TagProof, _ *TagRoot) { p.Entry.Path = append(p.Entry.Path, TagSibling{}) },
		} {
			p, err := m.Prove(e.Destination, e.Lease)
			if err != nil {
				t.Fatal(err)
			}
			r := root
			change(&p, &r)
			if err := p.Check(r); err == nil {
				t.Errorf("%s: it holds", name)
			}
		}
		p, err := m.Prove(e.Destination, e.Lease)
		if err != nil {
			t.Fatal(err)
		}
		if p.After != nil {
			p.After = nil
			if err := p.Check(root); !errors.Is(err, ErrProof) {
				t.Errorf("a neighbour is hidden: %v", err)
			}
		} else if p.Before != nil {
			p.Before.Index--
			if err := p.Check(root); !errors.Is(err, ErrProof) {
				t.Errorf("another neighbour is shown: %v", err)
			}
		}
	})
}

func TestTagTwice(t *testing.T) {
	whole := strings.Repeat("ab", 16)
	for _, tt := range []struct {
		name string
		a, b TagEntry
		want error
	}{
		{"the same", tagEntry("house", "L-1", whole), tagEntry("house", "L-2", whole), ErrTagTwice},
		{"one begins like the other", tagEntry("pool", "L-1", whole), tagEntry("pool", "L-2", "abab"), ErrTagTwice},
		{"other destinations", tagEntry("house", "L-1", whole), tagEntry("pool", "L-2", whole), nil},
		{"other tags", tagEntry("pool", "L-1", "abab"), tagEntry("pool", "L-2", "abac"), nil},
		{"too short", tagEntry("pool", "L-1", "ab"), tagEntry("pool", "L-2", "cd"), ErrMalformed},
		{"no lease", tagEntry("pool", "", "abab"), tagEntry("pool", "L-2", "cdcd"), ErrMalformed},
	} {
		for _, entries := range [][]TagEntry{{tt.a, tt.b}, {tt.b, tt.a}} {
			if _, err := NewTagMap(entries); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
	}
}

// TestTagTwiceCheat builds maps as a provider would that sells one tag twice: in
// any order, with the checks left out and spans made up. Whatever it does, the
// two tenants' proofs cannot both hold.
func TestTagTwiceCheat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 24).Draw(t, "n")
		m := &TagMap{entries: draw(t, n)}
		a := rapid.IntRange(0, n-1).Draw(t, "one twin")
		b := (a + rapid.IntRange(1, n-1).Draw(t, "the other")) % n
		m.entries[b].Destination, m.entries[b].Tag = m.entries[a].Destination, m.entries[a].Tag
		if rapid.Bool().Draw(t, "shorter") {
			m.entries[b].Tag = m.entries[b].Tag[:12]
		}
		var level []tagNode
		for i := range m.entries {
			level = append(level, tagNode{m.entries[i].span(), m.entries[i].hash()})
		}
		for ; ; level = m.above(t, level) {
			m.levels = append(m.levels, level)
			if len(level) == 1 {
				break
			}
		}
		root := m.Root()
		p, q := m.path(a), m.path(b)
		if p.check(root) == nil && q.check(root) == nil {
			t.Fatalf("both %v and %v are proven", p.Entry, q.Entry)
		}
	})
}

// TestTagSpanBackwards: a span that ends before it begins would make room for a
// second tag on its other side.
func TestTagSpanBackwards(t *testing.T) {
	one, two := tagEntry("house", "L-1", "5555"), tagEntry("house", "L-2", "5555")
	m := &TagMap{entries: []TagEntry{one, tagEntry("house", "L-3", "6666"), two, tagEntry("house", "L-4", "7777")}}
	level := make([]tagNode, 4)
	for i := range m.entries {
		level[i] = tagNode{m.entries[i].span(), m.entries[i].hash()}
	}
	level[1].span.max = tagKey{}
	above := []tagNode{unite(level[0], level[1]), unite(level[2], level[3])}
	m.levels = [][]tagNode{level, above, {unite(above[0], above[1])}}
	p, q := m.path(0), m.path(2)
	if err := errors.Join(p.check(m.Root()), q.check(m.Root())); !errors.Is(err, ErrTagTwice) {
		t.Errorf("%v, want %v", err, ErrTagTwice)
	}
}

// above makes the next level; spans may be lies.
func (m *TagMap) above(t *rapid.T, level []tagNode) []tagNode {
	var above []tagNode
	for i := 0; i < len(level); i += 2 {
		if i+1 == len(level) {
			above = append(above, level[i])
			continue
		}
		for _, n := range []*tagNode{&level[i], &level[i+1]} {
			switch rapid.IntRange(0, 5).Draw(t, "lie") {
			case 0:
				n.span.max = n.span.min
			case 1:
				n.span.min = n.span.max
			case 2:
				n.span.min, n.span.max = n.span.max, n.span.min
			}
		}
		above = append(above, unite(level[i], level[i+1]))
	}
	return above
}

func TestEmptyTagMap(t *testing.T) {
	m, err := NewTagMap(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Prove(B32{}, "L-1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if err := (&TagProof{Entry: TagPath{Entry: tagEntry("a", "L-1", "abab")}}).Check(m.Root()); !errors.Is(err, ErrProof) {
		t.Errorf("an entry of an empty map: %v", err)
	}
}

func FuzzTagProof(f *testing.F) {
	m, err := NewTagMap([]TagEntry{tagEntry("a", "L-1", "abab"), tagEntry("a", "L-2", "abac"), tagEntry("b", "L-3", "abab")})
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range m.Entries() {
		p, err := m.Prove(e.Destination, e.Lease)
		if err != nil {
			f.Fatal(err)
		}
		b, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, int64(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, n int64) {
		p, err := DecodeTagProof(b)
		if err != nil {
			return
		}
		root := m.Root()
		root.Entries = n
		if p.Check(root) == nil {
			if _, err := m.Prove(p.Entry.Entry.Destination, p.Entry.Entry.Lease); err != nil {
				t.Fatalf("%s is proven and not in the map", b)
			}
		}
		if again, err := p.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%s reads as %s, %v", b, again, err)
		}
	})
}
