package render

import "strings"

// layout puts a sheet on pages, from top to bottom.
type layout struct {
	canvas
	p     palette
	y     float64 // the next line begins here
	marks []mark
}

func newLayout(paper Paper) *layout {
	l := &layout{p: newPalette()}
	l.w, l.h = paper.size()
	l.turn()
	return l
}

// turn begins a page.
func (l *layout) turn() {
	l.newPage()
	l.y = marginTop
}

func (l *layout) bottom() float64 { return l.h - marginBottom }
func (l *layout) room() float64   { return l.w - 2*marginSide }

// need begins a page where less is left on this one.
func (l *layout) need(height float64) {
	if l.y+height > l.bottom() && l.y > marginTop {
		l.turn()
	}
}

// words are text of one look.
type words struct {
	font pdfFont
	size float64
	of   colour
	text string
}

// placed is a span's word on its line.
type placed struct {
	words
	x float64
}

// wrap breaks spans into lines of a width. Words too long for one are broken.
func wrap(width float64, spans ...words) (lines [][]placed) {
	var line []placed
	x := 0.0
	for _, s := range spans {
		space := s.font.width(" ", s.size)
		for _, word := range strings.Split(s.text, " ") {
			for word != "" {
				w := s.font.width(word, s.size)
				gap := space
				if len(line) == 0 {
					gap = 0
				}
				if x+gap+w <= width {
					if n := len(line); n > 0 && line[n-1].font == s.font && line[n-1].size == s.size && line[n-1].of == s.of {
						line[n-1].text += " " + word
					} else {
						line = append(line, placed{words{s.font, s.size, s.of, word}, x + gap})
					}
					x += gap + w
					break
				}
				if len(line) == 0 {
					head := s.font.head(word, s.size, width)
					lines = append(lines, []placed{{words{s.font, s.size, s.of, head}, 0}})
					word = word[len(head):]
					continue
				}
				lines, line, x = append(lines, line), nil, 0
			}
		}
	}
	if len(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}

// head is as much of a word as fits into a width, at least one character.
func (f pdfFont) head(word string, size, width float64) string {
	end, x := 0, 0.0
	for i, r := range word {
		x += f.width(string(r), size)
		if i > 0 && x > width {
			break
		}
		end = i + len(string(r))
	}
	return word[:min(end, len(word))]
}

// fit cuts a text that is too wide, and shows that it did.
func (l *layout) fit(f pdfFont, size float64, s string, width float64) string {
	if f.width(s, size) <= width {
		return s
	}
	return f.head(s, size, width-f.width("…", size)) + "…"
}

// draw writes lines with the first baseline below the top, and returns their
// height.
func (l *layout) draw(lines [][]placed, x, top, leading float64) float64 {
	for i, line := range lines {
		for _, w := range line {
			l.text(w.font, w.size, w.of, x+w.x, top+leading*(float64(i)+0.76), w.text)
		}
	}
	return leading * float64(len(lines))
}

// paragraph writes words over the whole width, or a part of it.
func (l *layout) paragraph(s words, leading, width float64) {
	lines := wrap(width, s)
	for len(lines) > 0 {
		l.need(leading * float64(min(len(lines), 2)))
		n := max(1, min(len(lines), int((l.bottom()-l.y)/leading)))
		l.y += l.draw(lines[:n], marginSide, l.y, leading)
		lines = lines[n:]
	}
}

// head writes the title, the answers, and what the statement is about.
func (l *layout) head(sh *sheet) {
	right := l.w - marginSide
	l.text(fontBold, 8, l.p.accent, marginSide, l.y+8, "USAGE STATEMENT")
	stamp := l.p.accent
	if !sh.Final {
		stamp = l.p.open
	}
	wide := fontBold.width(sh.State, 9)
	l.frame(stamp, right-wide-16, l.y+2, wide+16, 18)
	l.text(fontBold, 9, stamp, right-wide-8, l.y+14.2, sh.State)
	size := 20.0
	for size > 11 && fontBold.width(sh.Period, size) > l.room()-wide-30 {
		size--
	}
	l.text(fontBold, size, l.p.ink, marginSide, l.y+31, sh.Period)
	l.text(fontText, 10, l.p.soft, marginSide, l.y+46, sh.Of+" ")
	l.text(fontBold, 10, l.p.ink, marginSide+fontText.width(sh.Of+" ", 10), l.y+46, l.fit(fontBold, 10, sh.Name, l.room()-40))
	l.y += 56
	l.line(l.p.accent, 1.5, marginSide, l.y, right, l.y)
	l.y += 10
	for _, n := range sh.Notices {
		lines := wrap(l.room()-18, words{fontText, 9, l.p.ink, n})
		height := 12*float64(len(lines)) + 8
		l.box(l.p.panel, marginSide, l.y, l.room(), height)
		l.box(l.p.open, marginSide, l.y, 2.5, height)
		l.draw(lines, marginSide+10, l.y+4, 12)
		l.y += height + 6
	}
	l.answers(sh.Answers)
	l.about(sh.About)
}

func (l *layout) answers(all []answer) {
	const pad = 8.0
	wide := l.room() / float64(len(all))
	tall, lines := 0.0, make([][][]placed, len(all))
	for i, a := range all {
		size := 13.0
		for size > 7 && fontBold.width(a.Value, size) > wide-2*pad {
			size--
		}
		lines[i] = wrap(wide-2*pad, words{fontBold, size, l.p.ink, a.Value})
		height := 36.0
		for _, n := range a.Notes {
			height += 10.5 * float64(len(wrap(wide-2*pad, words{fontText, 8, l.p.soft, n})))
		}
		tall = max(tall, height+16*float64(len(lines[i])-1)+10)
	}
	for i, a := range all {
		x, y := marginSide+wide*float64(i), l.y
		l.frame(l.p.rule, x, y, wide, tall)
		l.text(fontText, 8.5, l.p.soft, x+pad, y+14, a.Question)
		y += 18 + l.draw(lines[i], x+pad, y+18, 16) + 2
		for _, n := range a.Notes {
			y += l.draw(wrap(wide-2*pad, words{fontText, 8, l.p.soft, n}), x+pad, y, 10.5)
		}
	}
	l.y += tall + 10
}

// about writes facts in two columns.
func (l *layout) about(facts []fact) {
	wide := l.room() / 2
	for i := 0; i < len(facts); i += 2 {
		tall := 0.0
		for j := i; j < min(i+2, len(facts)); j++ {
			x := marginSide + wide*float64(j-i)
			l.text(fontText, 8.5, l.p.soft, x, l.y+8.7, facts[j].Label)
			lines := wrap(wide-62, words{fontText, 8.5, l.p.ink, facts[j].Value}, words{fontText, 8, l.p.soft, facts[j].Note})
			tall = max(tall, l.draw(lines, x+54, l.y, 11.5))
		}
		l.y += tall + 1
	}
}
