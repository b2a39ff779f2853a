package render

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashlease/hashlease/lease/bundle"
)

// Columns of a text: the labels', and where words are wrapped.
const (
	labelColumns = 18
	textColumns  = 96
)

// Text writes the statement for terminals.
func Text(s *bundle.Statement, d *bundle.Derived, x Context) ([]byte, error) {
	x, err := x.check(s, d)
	if err != nil {
		return nil, err
	}
	return newSheet(s, d, x).textForm(), nil
}

// textForm draws the sheet.
func (sh *sheet) textForm() []byte {
	t := &textWriter{}
	t.line("STATEMENT %s  %s %s  %s", sh.Period, sh.Of, sh.Name, sh.State)
	for _, n := range sh.Notices {
		t.wrapped("", "", n)
	}
	t.line("")
	for i := range sh.About {
		t.fact(&sh.About[i])
	}
	for _, p := range sh.Parts {
		t.line("\n%d %s", p.Number, strings.ToUpper(p.Name))
		for _, b := range p.Blocks {
			t.block(&b)
		}
	}
	return t.b.Bytes()
}

// textWriter collects lines.
type textWriter struct{ b bytes.Buffer }

// line writes one line, with plain spaces for those that terminals may not
// have.
func (t *textWriter) line(format string, args ...any) {
	line := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	t.b.WriteString(strings.NewReplacer(thin, " ", nbsp, " ").Replace(line) + "\n")
}

func (t *textWriter) fact(f *fact) {
	text := f.Value
	if m := f.Mark(); m != "" {
		text += " (" + m + ")"
	}
	if f.Note != "" {
		text += "  " + f.Note
	}
	t.wrapped(f.Label, strings.Repeat(" ", labelColumns), text)
}

// wrapped writes a label and words behind it, over as many lines as they take.
func (t *textWriter) wrapped(label, indent, text string) {
	line := label
	if pad := utf8.RuneCountInString(indent) - utf8.RuneCountInString(label); pad > 0 {
		line += strings.Repeat(" ", pad)
	} else if label != "" {
		line += " "
	}
	empty := true
	for _, word := range strings.Split(text, " ") {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textColumns {
			t.line("%s", line)
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	t.line("%s", line)
}

func (t *textWriter) block(b *block) {
	for i := range b.Facts {
		t.fact(&b.Facts[i])
	}
	for _, text := range []string{b.Text, b.Note} {
		if text != "" {
			t.wrapped("", "", text)
		}
	}
	for _, l := range b.Code {
		t.line("    %s", l)
	}
	if b.Chart != nil {
		t.chart(b.Chart)
	}
	if b.Table != nil && !b.Table.Folded {
		t.table(b.Table)
	}
}

// table writes columns side by side, each as wide as its widest cell.
func (t *textWriter) table(tab *table) {
	t.line("\n  %s", tab.Caption)
	wide := make([]int, len(tab.Columns))
	head := row{}
	for _, c := range tab.Columns {
		head.Cells = append(head.Cells, c.Name)
	}
	rows := append([]row{head}, tab.Rows...)
	for _, r := range rows {
		for i, c := range r.Cells {
			wide[i] = max(wide[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for i, c := range r.Cells {
			pad := strings.Repeat(" ", wide[i]-utf8.RuneCountInString(c))
			line.WriteString("  ")
			if tab.Columns[i].Number {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		t.line("%s", line.String())
	}
}

// chart draws the delivered rate in eighths of a line's height, below it the
// hours that were down (x) or excluded (e).
func (t *textWriter) chart(c *chart) {
	const cells = textColumns - 20
	blocks := []rune("▁▂▃▄▅▆▇█")
	sums, ns, marks := make([]float64, cells), make([]int, cells), []rune(strings.Repeat(" ", cells))
	highest := 0.0
	for i := range c.bars {
		b := &c.bars[i]
		highest = max(highest, b.delivered, b.contracted)
		at := int(float64(cells) * float64(b.fromMs-c.fromMs) / float64(max(c.toMs-c.fromMs, 1)))
		end := int(float64(cells) * float64(b.toMs-c.fromMs) / float64(max(c.toMs-c.fromMs, 1)))
		for k := at; k < max(end, at+1) && k < cells; k++ {
			sums[k] += b.delivered
			ns[k]++
			switch {
			case b.kind == "down":
				marks[k] = 'x'
			case b.kind == "excluded" && marks[k] == ' ':
				marks[k] = 'e'
			}
		}
	}
	line := make([]rune, cells)
	for k := range line {
		line[k] = ' '
		if ns[k] > 0 && highest > 0 {
			v := sums[k] / float64(ns[k]) / highest
			line[k] = blocks[min(max(int(v*8+0.5)-1, 0), 7)]
		}
	}
	t.line("\n%-*s%s  of %s", labelColumns, "Delivered", string(line), rateLabel(highest, highest, highest/1000))
	if strings.TrimSpace(string(marks)) != "" {
		t.line("%-*s%s  x down, e excluded", labelColumns, "", string(marks))
	}
}
