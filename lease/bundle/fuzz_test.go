package bundle

import (
	"bytes"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// splice is a change of bytes: from at on, cut are replaced by put.
type splice struct {
	at, cut int
	put     []byte
}

func (s splice) of(b []byte) []byte {
	at := min(s.at, len(b))
	return slices.Concat(b[:at], s.put, b[at+min(s.cut, len(b)-at):])
}

// stored writes an archive without packing anything, which is the cheapest.
func stored(all []entry) []byte {
	var out bytes.Buffer
	z := &zipWriter{w: &out}
	for _, e := range all {
		if z.entry(e.name, methodStore, e.text, e.text) != nil {
			return nil
		}
	}
	if z.close() != nil {
		return nil
	}
	return out.Bytes()
}

// What is done to a file of the bundle before it is verified.
const (
	sent     = iota // it is changed on its way
	resigned        // a statement is signed anew and logged, as a cheating provider does
	relogged        // leaves are logged anew
	packed          // the archive is changed, not what is in it
	ways
)

// victim is a bundle that is changed in all ways.
type victim struct {
	w    *world
	all  []entry
	file []byte
}

func newVictim(tb testing.TB) *victim {
	w := honest(tb, 2)
	w.reseal(2, w.mine(70, 7, w.records(2)[0].Job))
	w.batches[2].thinned = true
	w.from = []int64{7}
	file := pack(tb, w.bundle())
	return &victim{w, unpack(tb, file), file}
}

// change makes the file that a change of the i-th one gives; nil when there is
// nothing to verify.
func (x *victim) change(i int, way byte, s splice) []byte {
	all := slices.Clone(x.all)
	switch way {
	case sent:
		all[i].text = s.of(all[i].text)
	case packed:
		return s.of(x.file)
	case resigned:
		document, _, _ := bytes.Cut(all[0].text, []byte("\n\n"))
		text := string(s.of(document)) + "\n"
		signed, err := note.Sign(&note.Note{Text: text}, x.w.signer())
		if err != nil {
			return nil
		}
		old, now := StatementHash(all[0].text), StatementHash(signed)
		all[0].text = signed
		was, _ := old.MarshalText()
		is, _ := now.MarshalText()
		all[2].text = bytes.Replace(all[2].text, was, is, 1)
		x.relog(all)
	case relogged:
		all[2].text = s.of(all[2].text)
		x.relog(all)
	}
	return stored(all)
}

// relog lets the log have the leaves that the file has, and signs for them.
func (x *victim) relog(all []entry) {
	bodies := make([][]byte, len(x.w.log))
	for i := range bodies {
		bodies[i] = x.w.log[i].Body
	}
	var wanted []int64
	for line := range bytes.Lines(all[2].text) {
		index, body, err := cutIndex(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || index >= int64(len(bodies)) || len(wanted) > 0 && index <= wanted[len(wanted)-1] {
			return
		}
		bodies[index], wanted = body, append(wanted, index)
	}
	tree := multiproof.NewTree(leafHashes(bodies))
	c := translog.Checkpoint{Origin: testOrigin, Tree: tlog.Tree{N: int64(len(bodies)), Hash: tree.Root()}}
	proof, err := tree.Prove(wanted)
	if err != nil {
		return
	}
	all[1].text, all[4].text = must(c.Sign(x.w.signer())).Note, appendHashes(nil, proof)
}

// bound lists the files of which no byte can be changed on the way.
func bound() []string {
	return []string{"statement.note", "leaves.jsonl", "log.proof", "tags.jsonl", "receipts.bin", "derived.json"}
}

func FuzzVerify(f *testing.F) {
	x := newVictim(f)
	for i := range x.all {
		f.Add(uint8(i), uint8(sent), uint16(5), uint8(1), []byte("7"))
		f.Add(uint8(i), uint8(sent), uint16(len(x.all[i].text)/2), uint8(3), []byte{0xff, 0})
	}
	for at := 0; at < len(x.all[0].text)-120; at += 40 {
		f.Add(uint8(0), uint8(resigned), uint16(at), uint8(1), []byte("9"))
	}
	for at := 0; at < len(x.all[2].text); at += 300 {
		f.Add(uint8(0), uint8(relogged), uint16(at), uint8(1), []byte("9"))
	}
	for _, old := range []string{`"number":1`, `"hours":[]`, `"rewards":[]`, `"lines":[]`, `"proof_ms":1000`, `"to_ms":`} {
		at := bytes.Index(x.all[0].text, []byte(old))
		f.Add(uint8(0), uint8(resigned), uint16(at), uint8(len(old)), []byte(old[:len(old)-1]+"-1"))
	}
	f.Add(uint8(0), uint8(packed), uint16(len(x.file)-10), uint8(2), []byte{1})
	f.Fuzz(func(t *testing.T, i, way uint8, at uint16, cut uint8, put []byte) {
		s := splice{int(at), int(cut), put}
		i %= uint8(len(x.all))
		file := x.change(int(i), way%ways, s)
		r := verify(t, file, Options{})
		if len(r.Checks) == 0 {
			t.Fatal("nothing was checked")
		}
		if way%ways == sent && slices.Contains(bound(), x.all[i].name) && r.OK() && !bytes.Equal(s.of(x.all[i].text), x.all[i].text) {
			t.Fatalf("%s was changed at byte %d, and holds", x.all[i].name, at)
		}
	})
}

// FuzzArchive reads anything as a bundle.
func FuzzArchive(f *testing.F) {
	x := newVictim(f)
	f.Add(x.file)
	f.Add(stored(x.all))
	f.Add(x.file[:len(x.file)/2])
	f.Fuzz(func(t *testing.T, file []byte) {
		if r := verify(t, file, Options{MaxBytes: 1 << 22}); len(r.Checks) == 0 {
			t.Fatal("nothing was checked")
		}
	})
}

// TestEveryFile changes bytes all over the files that are bound to each other.
func TestEveryFile(t *testing.T) {
	x := newVictim(t)
	for i, e := range x.all {
		if !slices.Contains(bound(), e.name) {
			continue
		}
		for at := 0; at < len(e.text); at += 1 + len(e.text)/60 {
			if r := verify(t, x.change(i, sent, splice{at, 1, []byte{e.text[at] ^ 1}}), Options{}); r.OK() {
				t.Errorf("byte %d of %s was changed, and it holds", at, e.name)
			}
		}
	}
}
