package render

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// document is what a reader finds in a PDF.
type document struct {
	text    string // of the pages: a line for each text
	pages   int
	objects map[int][]byte
}

// readPDF checks the file's structure and reads its text back.
func readPDF(t testing.TB, b []byte) document {
	t.Helper()
	if !bytes.HasPrefix(b, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(b, []byte("\n%%EOF\n")) {
		t.Fatalf("no PDF: %.20q … %q", b, b[max(0, len(b)-20):])
	}
	tail := string(b[bytes.LastIndex(b, []byte("startxref\n"))+10:])
	at, err := strconv.Atoi(strings.TrimSuffix(tail, "\n%%EOF\n"))
	if err != nil || !bytes.HasPrefix(b[at:], []byte("xref\n0 ")) {
		t.Fatalf("the table is not at %q", tail)
	}
	lines := strings.SplitAfter(string(b[at:]), "\n")
	var n int
	if _, err := fmt.Sscanf(lines[1], "0 %d", &n); err != nil {
		t.Fatal(err)
	}
	doc := document{objects: map[int][]byte{}}
	for i := 1; i < n; i++ {
		line := lines[2+i]
		offset, err := strconv.Atoi(line[:10])
		if err != nil || len(line) != 20 || line[10:] != " 00000 n \n" {
			t.Fatalf("line %d of the table: %q", i, line)
		}
		head := fmt.Sprintf("%d 0 obj\n", i)
		if !bytes.HasPrefix(b[offset:], []byte(head)) {
			t.Fatalf("object %d is not at %d", i, offset)
		}
		end := bytes.Index(b[offset:], []byte("\nendobj\n"))
		doc.objects[i] = b[offset+len(head) : offset+end]
	}
	for _, reference := range regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(b[:at], -1) {
		if i, _ := strconv.Atoi(string(reference[1])); doc.objects[i] == nil {
			t.Fatalf("there is no object %s", reference[1])
		}
	}
	trailer := strings.Join(lines[2+n:], "")
	for _, key := range []string{"CreationDate", "ModDate", "/JavaScript", "/URI", "/Launch"} {
		if bytes.Contains(b[:at], []byte(key)) || strings.Contains(trailer, key) {
			t.Errorf("%s in the file", key)
		}
	}
	doc.read(t)
	return doc
}

// read follows the pages to their contents.
func (d *document) read(t testing.TB) {
	t.Helper()
	pages := regexp.MustCompile(`/Type /Pages /Count (\d+) /Kids \[([\d R]*)\]`)
	for _, o := range d.objects {
		m := pages.FindSubmatch(o)
		if m == nil {
			continue
		}
		d.pages, _ = strconv.Atoi(string(m[1]))
		kids := regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(m[2], -1)
		if len(kids) != d.pages {
			t.Fatalf("%d pages of %d", len(kids), d.pages)
		}
		for _, kid := range kids {
			i, _ := strconv.Atoi(string(kid[1]))
			content := regexp.MustCompile(`/Contents (\d+) 0 R`).FindSubmatch(d.objects[i])
			if content == nil {
				t.Fatalf("page %d has no contents", i)
			}
			i, _ = strconv.Atoi(string(content[1]))
			d.text += pageText(t, d.objects[i])
		}
	}
}

// pageText reads the texts of a page, those on one line in one line.
func pageText(t testing.TB, object []byte) string {
	t.Helper()
	_, rest, ok := bytes.Cut(object, []byte(">>\nstream\n"))
	z, err := zlib.NewReader(bytes.NewReader(bytes.TrimSuffix(rest, []byte("\nendstream"))))
	if !ok || err != nil {
		t.Fatalf("a stream: %v", err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	last := ""
	show := regexp.MustCompile(`(?m)^BT [\d. ]+ rg ([\d.-]+) ([\d.-]+) Td (.*)ET$`)
	for _, m := range show.FindAllSubmatch(content, -1) {
		if y := string(m[2]); y == last {
			out.WriteByte(' ')
		} else {
			out.WriteByte('\n')
			last = y
		}
		for _, run := range regexp.MustCompile(`/F(\d) [\d.]+ Tf \[(.*?[^\\])\] TJ |/F\d [\d.]+ Tf \[\(\)\] TJ `).FindAllSubmatch(m[3], -1) {
			for _, s := range regexp.MustCompile(`\(((?:[^()\\]|\\.)*)\)`).FindAllSubmatch(run[2], -1) {
				out.WriteString(winAnsi(string(run[1]), s[1]))
			}
		}
	}
	return out.String() + "\n"
}

// winAnsi reads the bytes of a string as a font shows them.
func winAnsi(font string, s []byte) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			if n, err := strconv.ParseUint(string(s[i+1:min(i+4, len(s))]), 8, 8); err == nil {
				c, i = byte(n), i+3
			} else {
				c, i = s[i+1], i+1
			}
		}
		switch at := slices.Index([]byte{128, 129, 133, 145, 146, 147, 148, 149, 150, 151}, c); {
		case font == "3":
			out.WriteString(map[byte]string{'3': "✓", '7': "✗"}[c])
		case at >= 0:
			out.WriteRune([]rune("€−…‘’“”•–—")[at])
		default:
			out.WriteRune(rune(c))
		}
	}
	return out.String()
}

func TestPDF(t *testing.T) {
	for name, fixture := range named() {
		for _, paper := range []Paper{A4, Letter} {
			s, d, x := fixture()
			x.Paper = paper
			doc := readPDF(t, write(t, "pdf", s, d, x))
			if doc.pages < 2 || doc.pages > 7 {
				t.Errorf("%s: %d pages", name, doc.pages)
			}
			for i := 1; i <= doc.pages; i++ {
				if want := fmt.Sprintf(" %d / %d\n", i, doc.pages); !strings.Contains(doc.text, want) {
					t.Errorf("%s: no number on page %d of %d", name, i, doc.pages)
				}
			}
		}
	}
}

// TestPDFRoom proves that nothing is drawn outside of a page, and that letters
// stay large enough to be read.
func TestPDFRoom(t *testing.T) {
	for name, fixture := range named() {
		s, d, x := fixture()
		x, err := x.check(s, d)
		if err != nil {
			t.Fatal(err)
		}
		l := newLayout(A4)
		sh := newSheet(s, d, x)
		l.head(sh)
		for i := range sh.Parts {
			l.part(&sh.Parts[i])
		}
		l.feet(sh)
		for i, p := range l.pages {
			for _, m := range regexp.MustCompile(`([\d.-]+) ([\d.-]+) Td /F(\d) ([\d.]+) Tf \[(.*)\] TJ ET`).FindAllSubmatch(p.Bytes(), -1) {
				at, _ := strconv.ParseFloat(string(m[1]), 64)
				y, _ := strconv.ParseFloat(string(m[2]), 64)
				size, _ := strconv.ParseFloat(string(m[4]), 64)
				font, _ := strconv.Atoi(string(m[3]))
				wide := 0.0
				for _, s := range regexp.MustCompile(`\(((?:[^()\\]|\\.)*)\)(\d*)`).FindAllSubmatch(m[5], -1) {
					back, _ := strconv.ParseFloat(string(s[2]), 64)
					wide += pdfFont(font).width(winAnsi("0", s[1]), size) - back*size/1000
				}
				if at < marginSide-8 || at+wide > l.w-marginSide+8 || y < marginBottom-30 || y > l.h-marginTop+1 {
					t.Errorf("%s, page %d: %.60q at %.1f, %.1f, %.1f wide", name, i+1, m[5], at, y, wide)
				}
				if size < smallest {
					t.Errorf("%s, page %d: %.60q in size %v", name, i+1, m[5], size)
				}
			}
		}
	}
}

// TestGlyphs compares widths with those that Adobe's metrics give.
func TestGlyphs(t *testing.T) {
	for _, c := range []struct {
		f    pdfFont
		s    string
		want float64
	}{
		{fontText, "Hashlease", 722 + 556 + 500 + 556 + 222 + 556 + 556 + 500 + 556},
		{fontBold, "Wi.", 944 + 278 + 278},
		{fontMono, "any", 1800},
		{fontText, "é–Æ", 556 + 556 + 1000},
		{fontText, "−✓", 584 + signWidth},
		{fontText, "日", 278 + 556 + 4*556}, // \u65e5
	} {
		if have := c.f.width(c.s, 1000); have != c.want {
			t.Errorf("%q is %v wide, want %v", c.s, have, c.want)
		}
	}
	if have := fontText.width("1"+thin+"0", 1000); have != 556+thinWidth+556 {
		t.Errorf("with a thin space: %v", have)
	}
	if lines := wrap(50, words{fontText, 8, colour{}, strings.Repeat("x", 500) + " y"}); len(lines) < 10 {
		t.Errorf("a long word takes %d lines", len(lines))
	}
}
