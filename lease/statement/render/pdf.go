package render

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/bundle"
)

// PDF writes the statement as a document of A4 or Letter pages.
func PDF(s *bundle.Statement, d *bundle.Derived, x Context) ([]byte, error) {
	x, err := x.check(s, d)
	if err != nil {
		return nil, err
	}
	return newSheet(s, d, x).pdfForm(x.Paper), nil
}

// pdfForm draws the sheet.
func (sh *sheet) pdfForm(paper Paper) []byte {
	l := newLayout(paper)
	l.head(sh)
	for i := range sh.Parts {
		l.part(&sh.Parts[i])
	}
	l.feet(sh)
	return l.file(sh.Title)
}

// mark is a part's place, for the outline.
type mark struct {
	name string
	page int
	y    float64
}

// feet writes what stands at the foot of every page.
func (l *layout) feet(sh *sheet) {
	for i, page := range l.pages {
		l.b = page
		y := l.h - marginBottom + 26
		l.line(l.p.rule, 0.5, marginSide, y-10, l.w-marginSide, y-10)
		l.text(fontText, 7.5, l.p.soft, marginSide, y, l.fit(fontText, 7.5, sh.Title+", "+strings.ToLower(sh.State), l.w-2*marginSide-60))
		l.right(fontText, 7.5, l.p.soft, l.w-marginSide, y, fmt.Sprintf("%d / %d", i+1, len(l.pages)))
	}
}

// file puts the pages together.
func (l *layout) file(title string) []byte {
	f := newPDFFile()
	catalog, pages, outline := f.reserve(), f.reserve(), f.reserve()
	fonts := ""
	for font := range fontCount {
		fonts += fmt.Sprintf("/F%d %d 0 R ", font, font.write(f))
	}
	resources := f.add("<< /Font << %s>> /ExtGState << /G0 << /Type /ExtGState /ca 0.34 >> /G1 << /Type /ExtGState /ca 0.85 >> >> >>", fonts)
	numbers := make([]int, len(l.pages))
	kids := ""
	for i, content := range l.pages {
		stream := f.stream(content.Bytes())
		numbers[i] = f.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Resources %d 0 R /Contents %d 0 R >>",
			pages, fixed(l.w, 2), fixed(l.h, 2), resources, stream)
		kids += fmt.Sprintf("%d 0 R ", numbers[i])
	}
	f.put(pages, "<< /Type /Pages /Count %d /Kids [%s] >>", len(l.pages), kids)
	items := make([]int, len(l.marks))
	for i := range items {
		items[i] = f.reserve()
	}
	for i, m := range l.marks {
		next := ""
		if i > 0 {
			next += fmt.Sprintf(" /Prev %d 0 R", items[i-1])
		}
		if i+1 < len(items) {
			next += fmt.Sprintf(" /Next %d 0 R", items[i+1])
		}
		f.put(items[i], "<< /Title %s /Parent %d 0 R /Dest [%d 0 R /XYZ 0 %s 0]%s >>", pdfText(m.name), outline, numbers[m.page], fixed(l.h-m.y, 2), next)
	}
	f.put(outline, "<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>", items[0], items[len(items)-1], len(items))
	f.put(catalog, "<< /Type /Catalog /Pages %d 0 R /Outlines %d 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>", pages, outline)
	info := f.add("<< /Title %s /Producer (hashlease) >>", pdfText(title))
	return f.close(catalog, info)
}
