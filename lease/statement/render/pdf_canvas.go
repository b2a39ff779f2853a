package render

import (
	"bytes"
	"fmt"
	"strings"
)

// Sizes of the pages and their margins, in points of 1/72 inch.
const (
	marginSide   = 46.0
	marginTop    = 48.0
	marginBottom = 54.0
)

// size is the width and height of a page in points.
func (p Paper) size() (w, h float64) {
	if p == Letter {
		return 612, 792
	}
	return 595.28, 841.89
}

// colour is red, green and blue from 0 to 255.
type colour [3]uint8

func (c colour) String() string {
	return fmt.Sprintf("%s %s %s", fixed(float64(c[0])/255, 3), fixed(float64(c[1])/255, 3), fixed(float64(c[2])/255, 3))
}

// palette of a page, as that of the HTML page on paper.
type palette struct {
	ink, soft, rule, strong, panel, accent, fill, short, bad, off, open colour
}

func newPalette() palette {
	return palette{
		ink: colour{0x16, 0x20, 0x2b}, soft: colour{0x56, 0x63, 0x6f}, rule: colour{0xd5, 0xdb, 0xe1}, strong: colour{0x8b, 0x98, 0xa5},
		panel: colour{0xf5, 0xf7, 0xf9}, accent: colour{0x0b, 0x5c, 0x8a}, fill: colour{0xbc, 0xd9, 0xea}, short: colour{0xe9, 0xa2, 0x3b},
		bad: colour{0xb3, 0x26, 0x1e}, off: colour{0x8b, 0x98, 0xa5}, open: colour{0x7a, 0x52, 0x00},
	}
}

// canvas draws on pages, from the upper left corner, to the right and down.
type canvas struct {
	w, h  float64
	pages []*bytes.Buffer
	b     *bytes.Buffer // the last of pages
}

func (c *canvas) newPage() {
	c.b = new(bytes.Buffer)
	c.pages = append(c.pages, c.b)
}

func (c *canvas) op(format string, args ...any) { fmt.Fprintf(c.b, format+"\n", args...) }

func (c *canvas) at(x, y float64) string { return fixed(x, 2) + " " + fixed(c.h-y, 2) }

// line draws a straight one.
func (c *canvas) line(of colour, width, x1, y1, x2, y2 float64) {
	c.op("%s RG %s w %s m %s l S", of, fixed(width, 2), c.at(x1, y1), c.at(x2, y2))
}

// box fills a rectangle.
func (c *canvas) box(of colour, x, y, w, h float64) {
	c.op("%s rg %s %s %s re f", of, c.at(x, y+h), fixed(w, 2), fixed(h, 2))
}

// frame draws a rectangle's edge.
func (c *canvas) frame(of colour, x, y, w, h float64) {
	c.op("%s RG 0.6 w %s %s %s re S", of, c.at(x, y+h), fixed(w, 2), fixed(h, 2))
}

// path draws lines through points, or fills the areas between them.
func (c *canvas) path(paths [][]point, how string) {
	var b strings.Builder
	for _, p := range paths {
		for i, q := range p {
			b.WriteString(c.at(q.x, q.y))
			if i == 0 {
				b.WriteString(" m ")
			} else {
				b.WriteString(" l ")
			}
		}
		if how == "f" {
			b.WriteString("h ")
		}
	}
	c.op("%s%s", b.String(), how)
}

// text writes a text in one line, its baseline at y.
func (c *canvas) text(f pdfFont, size float64, of colour, x, y float64, s string) {
	all := f.glyphs(s)
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(c.b, "BT %s rg %s Td ", of, c.at(x, y))
	for i := 0; i < len(all); {
		font := all[i].font
		fmt.Fprintf(c.b, "/F%d %s Tf [", font, fixed(size, 2))
		var run []byte
		for ; i < len(all) && all[i].font == font; i++ {
			run = append(run, all[i].code)
			if all[i].back != 0 {
				c.b.WriteString(pdfString(run) + fmt.Sprint(all[i].back))
				run = run[:0]
			}
		}
		c.b.WriteString(pdfString(run) + "] TJ ")
	}
	c.b.WriteString("ET\n")
}

// right is text that ends at x.
func (c *canvas) right(f pdfFont, size float64, of colour, x, y float64, s string) {
	c.text(f, size, of, x-f.width(s, size), y, s)
}

// figure draws a chart's figure with its upper left corner at a point, k times
// its size.
func (c *canvas) figure(p palette, f *figure, x, y, k float64) {
	for _, s := range f.shapes {
		paths := make([][]point, len(s.paths))
		for i, path := range s.paths {
			for _, q := range path {
				paths[i] = append(paths[i], point{x + q.x*k, y + q.y*k})
			}
		}
		if s.text != "" {
			at, size := paths[0][0], em*k
			switch s.anchor {
			case "end":
				at.x -= fontText.width(s.text, size)
			case "middle":
				at.x -= fontText.width(s.text, size) / 2
			}
			c.text(fontText, size, p.soft, at.x, at.y, s.text)
			continue
		}
		c.op("q")
		switch s.class {
		case classGrid:
			c.op("%s RG 0.5 w", p.rule)
		case classAxis:
			c.op("%s RG 0.5 w", p.strong)
		case classLine:
			c.op("%s RG 0.6 w 1 j", p.accent)
		case classContracted:
			c.op("%s RG 0.9 w [3 2] 0 d", p.ink)
		case classDelivered:
			c.op("%s rg", p.fill)
		case classShort:
			c.op("/G1 gs %s rg", p.short)
		case classBand:
			c.op("/G0 gs %s rg", p.accent)
		case classDown:
			c.op("%s rg", p.bad)
		case classExcluded:
			c.op("%s rg", p.off)
		case classOpen:
			c.op("%s rg", p.rule)
		}
		if s.closed {
			c.path(paths, "f")
		} else {
			c.path(paths, "S")
		}
		c.op("Q")
	}
}
