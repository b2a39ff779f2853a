package render

import "strings"

// Room in a table's cells.
const (
	cellGap    = 9.0 // between columns
	smallest   = 4.0 // size of letters
	wideColumn = 70.0
)

// grid is a table's columns as they are on the page.
type grid struct {
	size, leading float64
	wide          []float64
}

// plan gives every column the width it needs, and what is left to those that
// take more; where it is too little, letters get smaller, and then words are
// broken.
func (l *layout) plan(t *table) grid {
	g, left := l.measure(t, 8, true)
	for size := 8.0; left < 0 && size >= smallest; size -= 0.5 {
		g, left = l.measure(t, size, false)
	}
	weights := 0
	for _, c := range t.Columns {
		weights += c.Wide
	}
	gaps := cellGap * float64(len(t.Columns)-1)
	for i, c := range t.Columns {
		switch {
		case left < 0:
			g.wide[i] *= (l.room() - gaps) / (l.room() - gaps - left)
		case weights > 0:
			g.wide[i] += left * float64(c.Wide) / float64(weights)
		default:
			g.wide[i] += left / float64(len(t.Columns))
		}
	}
	return g
}

// measure returns the columns as wide as their cells, or as their names if
// those are wider: whole or by the longest word. left is what is over.
func (l *layout) measure(t *table, size float64, whole bool) (g grid, left float64) {
	g = grid{size: size, leading: size * 1.32, wide: make([]float64, len(t.Columns))}
	left = l.room() - cellGap*float64(len(t.Columns)-1)
	for i, c := range t.Columns {
		names := []string{c.Name}
		if !whole {
			names = strings.Fields(c.Name)
		}
		for _, name := range names {
			g.wide[i] = max(g.wide[i], fontText.width(name, size))
		}
		for j := range t.Rows {
			font := fontText
			if t.Rows[j].Kind == rowSum || t.Rows[j].Kind == rowReached {
				font = fontBold
			}
			if i < len(t.Rows[j].Cells) {
				g.wide[i] = max(g.wide[i], font.width(t.Rows[j].Cells[i], size))
			}
		}
		if !c.Number && size <= 6 { // long names wrap
			g.wide[i] = min(g.wide[i], wideColumn)
		}
		left -= g.wide[i]
	}
	return g, left
}

// table writes rows, with the columns' names on every page.
func (l *layout) table(t *table) {
	g := l.plan(t)
	height := keep
	if t.Short() {
		for i := range t.Rows {
			height += l.row(t, g, &t.Rows[i], false)
		}
	}
	l.need(min(height, (l.bottom()-marginTop)/2))
	l.y += 6
	lines := wrap(l.room(), words{fontBold, 8.5, l.p.ink, t.Caption})
	l.y += l.draw(lines, marginSide, l.y, 11) + 2
	l.names(t, g)
	for i := range t.Rows {
		height := l.row(t, g, &t.Rows[i], false)
		if l.y+height > l.bottom() {
			l.turn()
			l.names(t, g)
		}
		l.row(t, g, &t.Rows[i], true)
	}
	l.y += 4
}

// names writes the columns' names.
func (l *layout) names(t *table, g grid) {
	x, tall := marginSide, 0.0
	cells := make([][][]placed, len(t.Columns))
	for i, c := range t.Columns {
		cells[i] = wrap(g.wide[i]+0.1, words{fontText, g.size, l.p.soft, c.Name})
		tall = max(tall, g.leading*float64(len(cells[i])))
	}
	for i, c := range t.Columns {
		l.cell(cells[i], x, l.y+tall-g.leading*float64(len(cells[i])), g.wide[i], g.leading, c.Number)
		x += g.wide[i] + cellGap
	}
	l.y += tall + 2
	l.line(l.p.strong, 0.6, marginSide, l.y, l.w-marginSide, l.y)
}

// row writes a row, or only measures it.
func (l *layout) row(t *table, g grid, r *row, write bool) float64 {
	font, of := fontText, l.p.ink
	switch r.Kind {
	case rowSum:
		font = fontBold
	case rowReached:
		font, of = fontBold, l.p.accent
	case rowDown:
		of = l.p.bad
	case rowExcluded:
		of = l.p.soft
	case rowOpen:
		of = l.p.open
	}
	cells, tall := make([][][]placed, len(t.Columns)), g.leading
	for i := range min(len(r.Cells), len(t.Columns)) {
		cells[i] = wrap(g.wide[i]+0.1, words{font, g.size, of, r.Cells[i]})
		tall = max(tall, g.leading*float64(len(cells[i])))
	}
	tall += 3.5
	if !write {
		return tall
	}
	x := marginSide
	for i, c := range t.Columns {
		l.cell(cells[i], x, l.y+1.8, g.wide[i], g.leading, c.Number)
		x += g.wide[i] + cellGap
	}
	l.y += tall
	rule := l.p.rule
	if r.Kind == rowSum {
		rule = l.p.strong
	}
	l.line(rule, 0.4, marginSide, l.y, l.w-marginSide, l.y)
	return tall
}

// cell writes lines to the left or the right of their column.
func (l *layout) cell(lines [][]placed, x, top, wide, leading float64, right bool) {
	for i, line := range lines {
		shift := 0.0
		if n := len(line); right && n > 0 {
			last := line[n-1]
			shift = wide - last.x - last.font.width(last.text, last.size)
		}
		l.draw([][]placed{line}, x+shift, top+leading*float64(i), leading)
	}
}
