package render

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"unicode/utf16"
)

// pdfFile writes the objects of a PDF (ISO 32000-1) and the table of where they
// are. It has no time in it, and its ID follows from its content.
type pdfFile struct {
	b       bytes.Buffer
	offsets []int // of object i+1; 0: not written yet
}

func newPDFFile() *pdfFile {
	f := &pdfFile{}
	f.b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return f
}

// reserve gives out the number of an object that is written later.
func (f *pdfFile) reserve() int {
	f.offsets = append(f.offsets, 0)
	return len(f.offsets)
}

// put writes an object that was reserved.
func (f *pdfFile) put(number int, format string, args ...any) {
	f.offsets[number-1] = f.b.Len()
	fmt.Fprintf(&f.b, "%d 0 obj\n", number)
	fmt.Fprintf(&f.b, format, args...)
	f.b.WriteString("\nendobj\n")
}

// add writes an object and returns its number.
func (f *pdfFile) add(format string, args ...any) int {
	n := f.reserve()
	f.put(n, format, args...)
	return n
}

// stream writes content, compressed, and returns its number.
func (f *pdfFile) stream(content []byte) int {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(content) // to memory: no errors
	w.Close()
	n := f.reserve()
	f.offsets[n-1] = f.b.Len()
	fmt.Fprintf(&f.b, "%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n", n, z.Len())
	f.b.Write(z.Bytes())
	f.b.WriteString("\nendstream\nendobj\n")
	return n
}

// close writes the table and the trailer, and returns the file.
func (f *pdfFile) close(catalog, info int) []byte {
	id := sha256.Sum256(f.b.Bytes())
	at := f.b.Len()
	fmt.Fprintf(&f.b, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, o := range f.offsets {
		fmt.Fprintf(&f.b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&f.b, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets)+1, catalog, info, id[:16], id[:16], at)
	return f.b.Bytes()
}

// pdfText is a text outside of pages, such as a title: UTF-16 with its mark.
func pdfText(s string) string {
	text := "<FEFF"
	for _, u := range utf16.Encode([]rune(s)) {
		text += fmt.Sprintf("%04X", u)
	}
	return text + ">"
}

// pdfString is bytes of a page's text in parentheses.
func pdfString(b []byte) string {
	out := make([]byte, 0, len(b)+2)
	out = append(out, '(')
	for _, c := range b {
		switch {
		case c == '(' || c == ')' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c > '~':
			out = fmt.Appendf(out, "\\%03o", c)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, ')'))
}
