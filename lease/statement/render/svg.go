package render

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

// SVG draws the chart as an element of the page. All of its text is escaped.
func (c *chart) SVG() template.HTML {
	f := c.draw(960, 300)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %s %s" role="img" aria-labelledby="chart-title chart-desc" xmlns="http://www.w3.org/2000/svg">`, fixed(f.w, 0), fixed(f.h, 0))
	fmt.Fprintf(&b, `<title id="chart-title">Delivered against contracted</title><desc id="chart-desc">%s</desc>`, html.EscapeString(c.Desc))
	for _, s := range f.shapes {
		if s.text != "" {
			fmt.Fprintf(&b, `<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`, s.class,
				fixed(s.paths[0][0].x, 1), fixed(s.paths[0][0].y, 1), s.anchor, html.EscapeString(s.text))
			continue
		}
		fmt.Fprintf(&b, `<path class="%s" d="`, s.class)
		for _, path := range s.paths {
			for i, p := range path {
				switch {
				case i == 0:
					b.WriteString("M" + fixed(p.x, 1) + " " + fixed(p.y, 1))
				case p.y == path[i-1].y:
					b.WriteString("H" + fixed(p.x, 1))
				case p.x == path[i-1].x:
					b.WriteString("V" + fixed(p.y, 1))
				default:
					b.WriteString("L" + fixed(p.x, 1) + " " + fixed(p.y, 1))
				}
			}
			if s.closed {
				b.WriteString("Z")
			}
		}
		b.WriteString(`"/>`)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
