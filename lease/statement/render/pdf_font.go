package render

import (
	"fmt"
	"strings"
)

// pdfFont is one of the fonts that every reader of PDF has.
type pdfFont int

// Fonts of the pages, in the order of their resources.
const (
	fontText pdfFont = iota
	fontBold
	fontMono
	fontSigns
	fontCount
)

// fontInfo is what Adobe's metrics say of a font, in thousandths of its size.
type fontInfo struct {
	name                       string
	flags, ascent, descent     int
	capHeight, stem            int
	left, bottom, right, above int
}

func (f pdfFont) info() fontInfo {
	switch f {
	case fontBold:
		return fontInfo{"Helvetica-Bold", 32, 718, -207, 718, 140, -170, -228, 1003, 962}
	case fontMono:
		return fontInfo{"Courier", 33, 629, -157, 562, 51, -23, -250, 715, 805}
	case fontSigns:
		return fontInfo{"ZapfDingbats", 4, 820, -143, 820, 90, -1, -143, 981, 820}
	}
	return fontInfo{"Helvetica", 32, 718, -207, 718, 88, -166, -225, 1000, 931}
}

// Widths of the characters from 32 to 126 and from 161 to 255 of the encoding,
// in thousandths of the size, as in Adobe's metrics of Helvetica and
// Helvetica-Bold.
const (
	firstASCII, lastASCII   = 32, 126
	firstLatin1, lastLatin1 = 161, 255
)

func asciiWidths(f pdfFont) [95]int {
	if f == fontBold {
		return [95]int{278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
			556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
			975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
			667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
			333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
			611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584}
	}
	return [95]int{278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
		667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
		556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584}
}

func latin1Widths(f pdfFont) [95]int {
	if f == fontBold {
		return [95]int{333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
			400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
			722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
			722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
			556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
			611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556}
	}
	return [95]int{333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
		400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
		667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
		722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
		556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500}
}

// special are the characters of WinAnsiEncoding outside of Latin 1 that are
// used here, with their widths in the text's and in the bold font, and the
// minus, which this file's encoding has at 129.
func special(r rune) (code byte, text, bold int, ok bool) {
	switch r {
	case '−':
		return 129, 584, 584, true
	case '€':
		return 128, 556, 556, true
	case '…':
		return 133, 1000, 1000, true
	case '‘':
		return 145, 222, 278, true
	case '’':
		return 146, 222, 278, true
	case '“':
		return 147, 333, 500, true
	case '”':
		return 148, 333, 500, true
	case '•':
		return 149, 350, 350, true
	case '–':
		return 150, 556, 556, true
	case '—':
		return 151, 1000, 1000, true
	}
	return 0, 0, 0, false
}

// Widths that do not come with a character's.
const (
	monoWidth = 600
	thinWidth = 160 // of a thin space, which is written as a space, and narrower
	signWidth = 780
)

// glyph is a character as a font's code, and its width.
type glyph struct {
	font  pdfFont
	code  byte
	width int
	back  int // to go back after it: a thin space is written as a wider one
}

// glyphs spells a text in a font, without loss of meaning: characters that it
// does not have are written by their number.
func (f pdfFont) glyphs(s string) []glyph {
	all := make([]glyph, 0, len(s))
	ascii, latin := asciiWidths(f), latin1Widths(f)
	for _, r := range s {
		g := glyph{font: f}
		switch {
		case r == '\u202f':
			g.code, g.width, g.back = ' ', ascii[0], ascii[0]-thinWidth
			if f == fontMono {
				g.back = 0
			}
		case r == '\u00a0':
			g.code, g.width = ' ', ascii[0]
		case r >= firstASCII && r <= lastASCII:
			g.code, g.width = byte(r), ascii[r-firstASCII]
		case r >= firstLatin1 && r <= lastLatin1 && r != '\u00ad':
			g.code, g.width = byte(r), latin[r-firstLatin1]
		case r == '✓' || r == '✗':
			g = glyph{font: fontSigns, code: map[rune]byte{'✓': '3', '✗': '7'}[r], width: signWidth}
		default:
			code, text, bold, ok := special(r)
			if !ok {
				all = append(all, f.glyphs(codeOf(r))...)
				continue
			}
			g.code, g.width = code, text
			if f == fontBold {
				g.width = bold
			}
		}
		if g.font == fontMono {
			g.width = monoWidth
		}
		all = append(all, g)
	}
	return all
}

// codeOf spells a character by its number, as Go does.
func codeOf(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// width is how wide a text is in a size.
func (f pdfFont) width(s string, size float64) float64 {
	sum := 0
	for _, g := range f.glyphs(s) {
		sum += g.width - g.back
	}
	return float64(sum) * size / 1000
}

// widths lists those of all codes from 32 to 255, for the font's object.
func (f pdfFont) widths() string {
	var b strings.Builder
	ascii, latin := asciiWidths(f), latin1Widths(f)
	for c := firstASCII; c <= lastLatin1; c++ {
		w := 0
		switch {
		case c <= lastASCII:
			w = ascii[c-firstASCII]
		case c >= firstLatin1:
			w = latin[c-firstLatin1]
		case c == 160:
			w = ascii[0]
		}
		for _, r := range "−€…‘’“”•–—" {
			if code, text, bold, _ := special(r); int(code) == c {
				w = text
				if f == fontBold {
					w = bold
				}
			}
		}
		if f == fontMono && w > 0 {
			w = monoWidth
		}
		fmt.Fprintf(&b, "%d ", w)
	}
	return b.String()
}

// write puts the font's objects into the file and returns their number.
func (f pdfFont) write(file *pdfFile) int {
	i := f.info()
	if f == fontSigns {
		return file.add("<< /Type /Font /Subtype /Type1 /BaseFont /%s >>", i.name)
	}
	descriptor := file.add("<< /Type /FontDescriptor /FontName /%s /Flags %d /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV %d >>",
		i.name, i.flags, i.left, i.bottom, i.right, i.above, i.ascent, i.descent, i.capHeight, i.stem)
	return file.add("<< /Type /Font /Subtype /Type1 /BaseFont /%s /FirstChar %d /LastChar %d /Widths [%s] /FontDescriptor %d 0 R /Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [129 /minus] >> >>",
		i.name, firstASCII, lastLatin1, f.widths(), descriptor)
}
