package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

// entry is a file of an archive, taken apart.
type entry struct {
	name string
	text []byte
}

// unpack takes a bundle apart, with the standard library's reader.
func unpack(tb testing.TB, file []byte) []entry {
	tb.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		tb.Fatal(err)
	}
	var all []entry
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			tb.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, entry{f.Name, text})
	}
	return all
}

// repack puts it together again, whatever the entries are.
func repack(tb testing.TB, all []entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := &zipWriter{w: &out}
	for _, e := range all {
		if err := z.add(e.name, e.text); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// TestFileCheats are files that are no bundles, or made to harm.
func TestFileCheats(t *testing.T) {
	good := pack(t, honest(t, 4).bundle())
	edit := func(do func(all []entry) []entry) func() []byte {
		return func() []byte { return repack(t, do(unpack(t, good))) }
	}
	// text changes one file.
	text := func(name string, do func(text []byte) []byte) func() []byte {
		return edit(func(all []entry) []entry {
			for i := range all {
				if all[i].name == name {
					all[i].text = do(all[i].text)
				}
			}
			return all
		})
	}
	replace := func(name, old, now string) func() []byte {
		return text(name, func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				t.Errorf("%s has no %q", name, old)
			}
			return bytes.Replace(b, []byte(old), []byte(now), 1)
		})
	}
	// patch changes bytes of the archive, from the end or from a mark on.
	patch := func(at int, b ...byte) func() []byte {
		return func() []byte {
			file := bytes.Clone(good)
			if at < 0 {
				at += len(file)
			}
			copy(file[at:], b)
			return file
		}
	}
	central := bytes.Index(good, binary.LittleEndian.AppendUint32(nil, centralMark))
	for _, tt := range []struct {
		name  string
		file  func() []byte
		words string
	}{
		{"nothing", func() []byte { return nil }, "no zip file"},
		{"cut off at the end", func() []byte { return good[:len(good)-1] }, "cut off"},
		{"cut off in the middle", func() []byte { return good[:len(good)/2] }, "cut off"},
		{"cut off at the beginning", func() []byte { return good[100:] }, "does not end where"},
		{"something after the end", func() []byte { return append(bytes.Clone(good), "x"...) }, "after its end"},
		{"something before the beginning", func() []byte { return append([]byte("#!/bin/sh\n"), good...) }, "does not end where"},
		{"a comment", func() []byte { return append(patch(-2, 1)(), "x"...) }, "comment"},
		{"a comment that is not there", patch(-2, 1), "comment"},
		{"the 64-bit form", patch(-14, 0xff, 0xff, 0xff, 0xff), "64-bit"},
		{"several volumes", patch(-18, 1), "volumes"},
		{"encrypted", patch(central+8, 1), "encrypted"},
		{"extra data", patch(central+30, 1), "extra data"},
		{"an unknown method", patch(central+10, 99), "method 99"},
		{"another name before the content", patch(30, 'S'), "described in one way"},
		{"another checksum", func() []byte {
			file := bytes.Clone(good)
			file[14]++
			file[central+16]++
			return file
		}, "checksum"},
		{"files that overlap", func() []byte {
			file := bytes.Clone(good)
			second := central + centralSize + len("statement.note")
			binary.LittleEndian.PutUint32(file[second+42:], 0)
			return file
		}, "overlap"},
		{"larger than it says", func() []byte { return bomb(t, good, 1<<20, -1000) }, "larger than the"},
		{"a statement of many objects", text("statement.note", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"hours":[]`), []byte(`"hours":[`+strings.Repeat("{},", maxObjects)+"{}]"), 1)
		}), "objects of JSON"},
		{"a statement of 17 MiB", func() []byte { return bomb(t, good, 17<<20, 0) }, "at most 16777216"},
		{"a file twice", edit(func(all []entry) []entry { return append(all[:2], append([]entry{all[1]}, all[2:]...)...) }), "not twice"},
		{"a path out of the folder", edit(func(all []entry) []entry { all[0].name = "../statement.note"; return all }), `"../statement.note"`},
		{"an absolute path", edit(func(all []entry) []entry { all[3].name = "/etc/passwd"; return all }), `"/etc/passwd"`},
		{"a folder", edit(func(all []entry) []entry { return append([]entry{{"x/", nil}}, all...) }), `"x/"`},
		{"a file that no bundle has", edit(func(all []entry) []entry { return append(all, entry{"virus.exe", []byte("MZ")}) }), "virus.exe"},
		{"a file missing", edit(func(all []entry) []entry { return all[:len(all)-1] }), `"derived.json" is missing`},
		{"files out of order", edit(func(all []entry) []entry { all[0], all[1] = all[1], all[0]; return all }), "where file"},
		{"an empty file", edit(func(all []entry) []entry {
			return append(all[:2], append([]entry{{"keys.jsonl", nil}}, all[2:]...)...)
		}), "is empty"},

		{"receipts left over", text("receipts.bin", func(b []byte) []byte { return append(b, 0) }), "goes on after"},
		{"receipts cut off", text("receipts.bin", func(b []byte) []byte { return b[:len(b)-1] }), "ends before the receipts"},
		{"too many receipts", text("receipts.bin", func(b []byte) []byte { b[0] = 0xff; return b }), "want 1 to"},
		{"a receipt of no length", text("receipts.bin", func(b []byte) []byte { b[6] = 0; return b }), "has 0 bytes"},
		{"a giant index", replace("leaves.jsonl", "\n3 ", "\n99999999999999999999 "), "2^53"},
		{"an index with a zero", replace("leaves.jsonl", "\n3 ", "\n03 "), "without zeros"},
		{"a negative index", replace("leaves.jsonl", "\n3 ", "\n-3 "), "decimal digits only"},
		{"no line feed", text("leaves.jsonl", func(b []byte) []byte { return b[:len(b)-1] }), "line feed"},
		{"a line of a megabyte", text("leaves.jsonl", func(b []byte) []byte { return append(b, bytes.Repeat([]byte{'9'}, 1<<20)...) }), "longer than"},
		{"a leaf with a space", replace("leaves.jsonl", `{"format"`, `{ "format"`), "canonical"},
		{"a leaf of an unknown kind", replace("leaves.jsonl", `"kind":"terms"`, `"kind":"gift"`), "kind"},
		{"a job with a space", replace("leaves.jsonl", `"kind":"job","public":{`, `"kind":"job","public":{ `), "canonical"},
		{"a job with another key", replace("leaves.jsonl", `"public":{"created_ms"`, `"public":{"a":1,"created_ms"`), "keys"},
		{"a job whose template has a space", replace("leaves.jsonl", `"template":{`, `"template":{ `), "canonical"},
		{"half a hash", text("log.proof", func(b []byte) []byte { return b[:len(b)-1] }), "no whole hashes"},
		{"half a header", text("headers.bin", func(b []byte) []byte { return b[:len(b)-1] }), "within a header"},
		{"derived figures with a float", replace("derived.json", `"delivered_hps":`, `"delivered_hps":0.`), "derived"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := verify(t, tt.file(), Options{})
			if r.OK() {
				t.Fatal("it is accepted")
			}
			for _, c := range r.Checks {
				if !c.OK && strings.Contains(c.Detail, tt.words) {
					return
				}
			}
			t.Errorf("nothing with %q: %q", tt.words, failed(r))
		})
	}
}

// bomb replaces the statement by so many zeros, which take a thousandth when
// packed, and says that they are so many more or less.
func bomb(t *testing.T, good []byte, size, lie int) []byte {
	var packed bytes.Buffer
	w := must(flate.NewWriter(&packed, 9))
	must(w.Write(make([]byte, size)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := unpack(t, good)
	all[0].text = nil
	file := repack(t, all)
	le := binary.LittleEndian
	head := localSize + len(all[0].name)
	file = append(append(bytes.Clone(file[:head]), packed.Bytes()...), file[head:]...)
	// Every place behind moves on.
	at := len(file) - endSize
	le.PutUint32(file[at+16:], le.Uint32(file[at+16:])+uint32(packed.Len()))
	for c := int(le.Uint32(file[at+16:])); c < at; c += centralSize + int(le.Uint16(file[c+28:])) {
		if start := le.Uint32(file[c+42:]); start > 0 {
			le.PutUint32(file[c+42:], start+uint32(packed.Len()))
			continue
		}
		for _, b := range [][]byte{file[c+10:], file[8:]} {
			le.PutUint16(b, methodDeflate)
			le.PutUint32(b[6:], crc32.ChecksumIEEE(make([]byte, size+lie)))
			le.PutUint32(b[10:], uint32(packed.Len()))
			le.PutUint32(b[14:], uint32(size+lie))
		}
	}
	return file
}

// TestLimit bounds all files together.
func TestLimit(t *testing.T) {
	file := pack(t, honest(t, 300).bundle())
	refuse(t, verify(t, file, Options{MaxBytes: 5000}), "form", "which is the limit")
	refuse(t, verify(t, pack(t, honest(t, 4).bundle()), Options{MaxBytes: 30_000}), "form", "bytes of leaves")
	refuse(t, verify(t, file, Options{MaxBytes: 200_000}), "form", "more than 781 receipts")
}

// TestDocumentCheats are statements that some reader could take for another one,
// signed and logged by the provider.
func TestDocumentCheats(t *testing.T) {
	for _, tt := range []struct{ name, old, now, words string }{
		{"NaN", `"number":1`, `"number":NaN`, "invalid character 'N'"},
		{"a float", `"number":1`, `"number":1.0`, "cannot unmarshal number 1.0"},
		{"an exponent", `"number":1`, `"number":1e0`, "cannot unmarshal number 1e0"},
		{"a giant number", `"number":1`, `"number":99999999999999999999`, "cannot unmarshal number"},
		{"a number above 2^53", `"number":1`, `"number":9007199254740993`, "2^53"},
		{"a giant amount of work", `"counted_hashes":24`, `"counted_hashes":"999999999999999999999999999999999999999999"`, "39 decimal digits"},
		{"a key twice", `"number":1`, `"number":1,"number":2`, "canonical"},
		{"a key in another case", `"number":1`, `"Number":1`, "canonical"},
		{"an unknown key", `"number":1`, `"bonus":1,"number":1`, "unknown field"},
		{"a missing key", `"number":1,`, ``, "canonical"},
		{"a null", `"hours":[]`, `"hours":null`, "null"},
		{"a space", `"number":1`, `"number": 1`, "canonical"},
		{"an escape", `"tenant":"acme"`, `"tenant":"\u0061cme"`, "canonical"},
		{"half a surrogate pair", `"tenant":"acme"`, `"tenant":"\ud800"`, "U+FFFD"},
		{"two values", `"number":1`, `"number":1}{"number":1`, "canonical"},
		{"deep nesting", `"hours":[]`, `"hours":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "depth"},
		{"another format", StatementFormat, "hashlease-statement/4", "format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := honest(t, 4)
			w.figures()
			document := string(must(w.s.Encode()))
			if !strings.Contains(document, tt.old) {
				t.Fatalf("no %s in %s", tt.old, document)
			}
			document = strings.Replace(document, tt.old, tt.now, 1)
			signed := must(note.Sign(&note.Note{Text: document + "\n"}, w.signer()))
			w.append(must(translog.NewEntry(translog.KindStatement, &leaf.Statement{
				Lease: testLease, FromMs: testFromMs, ToMs: testToMs, Number: 1, Hash: lease.B32(StatementHash(signed)),
			}, nil, translog.Salt{})), true)
			refuse(t, verify(t, pack(t, w.prove(signed)), Options{}), "form", tt.words)
		})
	}
}
