package render

import (
	"strconv"
	"strings"
)

// Room that a heading, or a table's caption, wants below it on its page.
const keep = 60.0

// part writes a numbered section.
func (l *layout) part(p *part) {
	l.need(26 + keep)
	if l.y > marginTop {
		l.y += 16
	}
	l.marks = append(l.marks, mark{name: strconv.Itoa(p.Number) + " " + p.Name, page: len(l.pages) - 1, y: l.y - 4})
	number := strconv.Itoa(p.Number)
	l.text(fontBold, 11.5, l.p.accent, marginSide, l.y+9, number)
	l.text(fontBold, 11.5, l.p.ink, marginSide+16, l.y+9, p.Name)
	l.y += 15
	l.line(l.p.strong, 0.6, marginSide, l.y, l.w-marginSide, l.y)
	l.y += 5
	for i := range p.Blocks {
		l.block(&p.Blocks[i])
	}
}

func (l *layout) block(b *block) {
	for i := range b.Facts {
		l.fact(&b.Facts[i])
	}
	if b.Text != "" {
		l.y += 3
		l.paragraph(words{fontText, 9, l.p.ink, b.Text}, 12, l.room()-40)
		l.y += 3
	}
	if b.Note != "" {
		l.y += 2
		l.paragraph(words{fontText, 8, l.p.soft, b.Note}, 10.5, l.room()-40)
		l.y += 3
	}
	if len(b.Code) > 0 {
		l.code(b.Code)
	}
	if b.Chart != nil {
		const wide, tall = 720.0, 226.0
		k := l.room() / wide
		l.need(tall*k + 16)
		l.figure(l.p, b.Chart.draw(wide, tall), marginSide, l.y+10, k)
		l.y += tall*k + 14
	}
	if b.Table != nil && !b.Table.Folded {
		l.table(b.Table)
	}
}

// fact writes a named value above a thin rule.
func (l *layout) fact(f *fact) {
	const label = 94.0
	font, size := fontBold, 9.0
	if f.Mono {
		font, size = fontMono, 8
	}
	spans := []words{{font, size, l.p.ink, f.Value}}
	if m := f.Mark(); m != "" {
		spans = append(spans, words{fontText, 8, l.p.open, "[" + m + "]"})
	}
	if f.Note != "" {
		spans = append(spans, words{fontText, 8, l.p.soft, nbsp + f.Note})
	}
	lines := wrap(l.room()-label, spans...)
	l.need(12*float64(len(lines)) + 4)
	names := wrap(label-8, words{fontText, 9, l.p.soft, f.Label})
	l.draw(names, marginSide, l.y+2, 12)
	l.draw(lines, marginSide+label, l.y+2, 12)
	l.y += 12*float64(max(len(lines), len(names))) + 4
	l.line(l.p.rule, 0.5, marginSide, l.y, l.w-marginSide, l.y)
}

// code writes lines as they are typed, on a panel.
func (l *layout) code(text []string) {
	var lines [][]placed
	for _, t := range text {
		t = strings.ReplaceAll(t, "  ", nbsp+nbsp) // columns stay
		lines = append(lines, wrap(l.room()-16, words{fontMono, 8, l.p.ink, t})...)
	}
	for len(lines) > 0 {
		l.need(26)
		n := max(1, min(len(lines), int((l.bottom()-l.y-14)/11)))
		height := 11*float64(n) + 8
		l.y += 3
		l.box(l.p.panel, marginSide, l.y, l.room(), height)
		l.draw(lines[:n], marginSide+8, l.y+4, 11)
		l.y += height + 4
		lines = lines[n:]
	}
}
