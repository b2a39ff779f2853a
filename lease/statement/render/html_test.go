package render

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// page is what a browser would make of an HTML page.
type page struct {
	text     string // a line for each block
	elements map[string]int
	ids      map[string]bool
}

// allowed are the elements and their attributes that the page is made of. None
// of them loads anything, runs anything or leads anywhere.
func allowed() map[string]string {
	return map[string]string{
		"html": "lang", "head": "", "body": "", "meta": "charset http-equiv content name", "title": "id", "style": "", "header": "", "main": "", "footer": "",
		"section": "class id aria-labelledby", "div": "class", "p": "class", "h1": "", "h2": "id", "span": "class", "b": "", "dl": "class", "dt": "", "dd": "",
		"pre": "", "figure": "", "details": "", "summary": "", "table": "", "caption": "", "thead": "", "tbody": "", "tr": "class", "th": "scope class", "td": "class",
		"svg": "viewBox role aria-labelledby xmlns", "desc": "id", "path": "class d", "text": "class x y text-anchor",
	}
}

// readHTML parses a page and checks what holds for every one.
func readHTML(t testing.TB, b []byte) page {
	t.Helper()
	if i := bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' || r == '\ufeff' }); i >= 0 {
		t.Fatalf("character %q in the page", b[i:min(i+4, len(b))])
	}
	root, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	p := page{elements: map[string]int{}, ids: map[string]bool{}}
	var text strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.ElementNode:
			p.element(t, n)
			if n.Data == "style" {
				checkStyle(t, n.FirstChild.Data)
				return
			}
		case html.TextNode:
			text.WriteString(strings.ReplaceAll(n.Data, "\n", " "))
		case html.CommentNode:
			t.Errorf("comment %q", n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		switch n.Data {
		case "h1", "h2", "p", "dt", "dd", "tr", "caption", "pre", "text", "desc", "summary", "title":
			text.WriteByte('\n')
		case "td", "th":
			text.WriteByte(' ')
		}
	}
	walk(root)
	for _, line := range strings.Split(text.String(), "\n") {
		p.text += strings.TrimSpace(line) + "\n"
	}
	return p
}

func (p *page) element(t testing.TB, n *html.Node) {
	t.Helper()
	p.elements[n.Data]++
	may, ok := allowed()[n.Data]
	if !ok {
		t.Errorf("element %s", n.Data)
	}
	for _, a := range n.Attr {
		if !strings.Contains(" "+may+" ", " "+a.Key+" ") {
			t.Errorf("element %s with %s=%q", n.Data, a.Key, a.Val)
		}
		if a.Key == "id" {
			if p.ids[a.Val] {
				t.Errorf("two elements are %s", a.Val)
			}
			p.ids[a.Val] = true
		}
	}
	if n.Data == "table" && (n.FirstChild == nil || n.FirstChild.NextSibling.Data != "caption") {
		t.Error("a table without a caption")
	}
	if n.Data == "th" && len(n.Attr) == 0 {
		t.Error("a head without a scope")
	}
}

// checkStyle refuses what would load something.
func checkStyle(t testing.TB, css string) {
	t.Helper()
	for _, word := range []string{"url(", "@import", "http:", "https:", "expression"} {
		if strings.Contains(css, word) {
			t.Errorf("%s in the style", word)
		}
	}
	for _, word := range []string{"prefers-color-scheme: dark", "@media print", "@page", "table-header-group", "break-inside: avoid"} {
		if !strings.Contains(css, word) {
			t.Errorf("no %s in the style", word)
		}
	}
}

func TestHTML(t *testing.T) {
	for name, fixture := range named() {
		s, d, x := fixture()
		b := write(t, "html", s, d, x)
		p := readHTML(t, b)
		if p.elements["h1"] != 1 || p.elements["h2"] != 9+4 || p.elements["title"] < 1 {
			t.Errorf("%s: %d headings, %d below, %d titles", name, p.elements["h1"], p.elements["h2"], p.elements["title"])
		}
		for _, want := range []string{`<html lang="en">`, `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"`} {
			if !bytes.Contains(b, []byte(want)) {
				t.Errorf("%s: no %s", name, want)
			}
		}
		if charts := p.elements["svg"]; charts != min(len(s.Hours), 1) {
			t.Errorf("%s: %d charts", name, charts)
		} else if charts == 1 && (!p.ids["chart-title"] || !p.ids["chart-desc"]) {
			t.Errorf("%s: a chart without title and description", name)
		}
	}
}

// TestHostile proves that foreign words are shown as they are and do nothing.
func TestHostile(t *testing.T) {
	s, d, x := huge()
	p := readHTML(t, write(t, "html", s, d, x))
	for _, want := range []string{
		`<script>alert(1)</script>"'&`, `javascript:alert("x")`, `</style><img src=x onerror=alert(1)>=cmd|' /C calc'!A0`,
		`stratum+tcp://日本.example:1/\u202eevil`, `<b>odd</b>\x00\xff`, `@SUM(A1)\x1b[31m`,
	} {
		if !strings.Contains(p.text, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	text := string(write(t, "text", s, d, x))
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' }); i >= 0 {
		t.Errorf("%q in the text", text[i:min(i+8, len(text))])
	}
	pdf := strings.ReplaceAll(readPDF(t, write(t, "pdf", s, d, x)).text, "\n", "")
	for _, want := range []string{`stratum+tcp://\u65e5\u672c.example:1/\u202eevil`, `<script>alert(1)</script>"'&`} {
		if !strings.Contains(pdf, want) {
			t.Errorf("%s is not in the PDF", want)
		}
	}
}
