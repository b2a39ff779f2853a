package render

import (
	"strconv"

	"github.com/hashlease/hashlease/lease"
)

// point is a place in a figure, from its upper left corner, to the right and
// down.
type point struct{ x, y float64 }

// shape is a line, an area or a text of a figure. How its class looks is for
// the form to say.
type shape struct {
	class  string
	paths  [][]point // of a line or an area
	closed bool      // an area
	text   string    // at the first point
	anchor string    // of a text: start, middle or end
}

// Classes of shapes.
const (
	classGrid       = "grid"
	classAxis       = "axis"
	classTick       = "tick"       // text
	classDelivered  = "delivered"  // area
	classLine       = "line"       // the upper edge of delivered
	classBand       = "band"       // area of the 95 % interval
	classShort      = "short"      // area between delivered and contracted
	classContracted = "contracted" // line
	classDown       = "down"       // area
	classExcluded   = "excluded"   // area
	classOpen       = "unsettled"  // area
)

// figure is a drawing of a size, in units of about a pixel.
type figure struct {
	w, h   float64
	shapes []shape
}

// Room beside the plot, for labels of the size em.
const em = 11.0

// draw makes the chart's figure.
func (c *chart) draw(w, h float64) *figure {
	f := &figure{w: w, h: h}
	left, right, top, bottom := 62.0, w-4, 26.0, h-30
	x := func(ms int64) float64 {
		return left + (right-left)*float64(ms-c.fromMs)/float64(max(c.toMs-c.fromMs, 1))
	}
	y := func(v float64) float64 { return bottom - (bottom-top)*min(v/c.top, 1) }
	box := func(class string, x1, y1, x2, y2 float64) {
		f.area(class, []point{{x1, y1}, {x2, y1}, {x2, y2}, {x1, y2}})
	}
	for v := 0.0; v <= c.top; v += c.step {
		class := classGrid
		if v == 0 {
			class = classAxis
		}
		f.line(class, point{left, y(v)}, point{right, y(v)})
		f.label(rateLabel(v, c.top, c.step), "end", left-6, y(v)+em/3)
	}
	last := -1000.0
	for _, t := range c.ticks() {
		f.line(classAxis, point{x(t.ms), bottom}, point{x(t.ms), bottom + 9})
		if room := float64(len(t.label)) * em * 0.6; x(t.ms)-last > room+4 {
			at := min(max(x(t.ms), left+room/2-8), right-room/2)
			f.label(t.label, "middle", at, bottom+22)
			last = x(t.ms)
		}
	}
	if c.settledMs < c.toMs {
		box(classOpen, x(max(c.settledMs, c.fromMs)), top, right, bottom)
	}
	var down, excluded, delivered, band, short [][]point
	var edge, contract [][]point
	for i := range c.bars {
		b := &c.bars[i]
		l, r := x(b.fromMs), x(b.toMs)
		follows := i > 0 && c.bars[i-1].toMs == b.fromMs
		delivered = steps(delivered, follows, l, r, bottom, y(b.delivered))
		band = append(band, []point{{l, y(b.high)}, {r, y(b.high)}, {r, y(b.low)}, {l, y(b.low)}})
		edge, contract = follow(edge, follows, l, r, y(b.delivered)), follow(contract, follows, l, r, y(b.contracted))
		if b.short() {
			short = append(short, []point{{l, y(b.contracted)}, {r, y(b.contracted)}, {r, y(b.delivered)}, {l, y(b.delivered)}})
		}
		mark := []point{{l, bottom + 2}, {r, bottom + 2}, {r, bottom + 8}, {l, bottom + 8}}
		switch b.kind {
		case lease.WindowDown:
			down = append(down, mark)
		case lease.WindowExcluded:
			excluded = append(excluded, mark)
		}
	}
	f.area(classDelivered, delivered...)
	f.area(classBand, joined(band)...)
	f.area(classShort, joined(short)...)
	f.lines(classLine, edge...)
	f.lines(classContracted, contract...)
	f.area(classDown, joined(down)...)
	f.area(classExcluded, joined(excluded)...)
	f.legend(left, 10, c)
	return f
}

// legend names what is drawn, in a line at the top.
func (f *figure) legend(x, y float64, c *chart) {
	type entry struct{ class, text string }
	entries := []entry{{classContracted, "contracted"}, {classDelivered, "delivered"}, {classBand, "95 % interval"}, {classShort, "shortfall"}}
	has := func(k lease.WindowKind) bool {
		for i := range c.bars {
			if c.bars[i].kind == k {
				return true
			}
		}
		return false
	}
	if has(lease.WindowDown) {
		entries = append(entries, entry{classDown, "hours down"})
	}
	if has(lease.WindowExcluded) {
		entries = append(entries, entry{classExcluded, "hours excluded"})
	}
	if c.settledMs < c.toMs {
		entries = append(entries, entry{classOpen, "not settled yet"})
	}
	for _, e := range entries {
		switch e.class {
		case classContracted:
			f.line(e.class, point{x, y - 1}, point{x + 14, y - 1})
		default:
			f.area(e.class, []point{{x, y - 6}, {x + 14, y - 6}, {x + 14, y + 3}, {x, y + 3}})
			if e.class == classDelivered {
				f.line(classLine, point{x, y - 6}, point{x + 14, y - 6})
			}
		}
		f.label(e.text, "start", x+19, y+em/3-1)
		x += 19 + float64(len(e.text))*em*0.53 + 14
	}
}

func (f *figure) area(class string, paths ...[]point) {
	if len(paths) > 0 {
		f.shapes = append(f.shapes, shape{class: class, paths: paths, closed: true})
	}
}

func (f *figure) lines(class string, paths ...[]point) {
	if len(paths) > 0 {
		f.shapes = append(f.shapes, shape{class: class, paths: paths})
	}
}

func (f *figure) line(class string, points ...point) { f.lines(class, points) }

func (f *figure) label(text, anchor string, x, y float64) {
	f.shapes = append(f.shapes, shape{class: classTick, paths: [][]point{{{x, y}}}, text: text, anchor: anchor})
}

// steps adds a bar to an area over the line bottom, in one piece with the bar
// before if it follows it.
func steps(area [][]point, follows bool, l, r, bottom, y float64) [][]point {
	if !follows || len(area) == 0 {
		return append(area, []point{{l, bottom}, {l, y}, {r, y}, {r, bottom}})
	}
	last := area[len(area)-1]
	area[len(area)-1] = append(last[:len(last)-1], point{l, y}, point{r, y}, point{r, bottom})
	return area
}

// follow adds a bar to a line of steps.
func follow(lines [][]point, follows bool, l, r, y float64) [][]point {
	if !follows || len(lines) == 0 {
		return append(lines, []point{{l, y}, {r, y}})
	}
	last := &lines[len(lines)-1]
	if n := len(*last); (*last)[n-1].y == y {
		(*last)[n-1].x = r
	} else {
		*last = append(*last, point{l, y}, point{r, y})
	}
	return lines
}

// joined makes one area of quadrilaterals (left top, right top, right bottom,
// left bottom) that touch, so that no seam shows between them.
func joined(quads [][]point) (areas [][]point) {
	var up, down []point
	flush := func() {
		if len(up) == 0 {
			return
		}
		for i := len(down) - 1; i >= 0; i-- {
			up = append(up, down[i])
		}
		areas, up, down = append(areas, up), nil, nil
	}
	for _, q := range quads {
		if n := len(up); n > 0 && up[n-1].x != q[0].x {
			flush()
		}
		up = append(up, q[0], q[1])
		down = append(down, q[3], q[2])
	}
	flush()
	return areas
}

// fixed writes a number of a drawing.
func fixed(v float64, decimals int) string { return strconv.FormatFloat(v, 'f', decimals, 64) }
