package bench

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The chart's measures, in pixels.
const (
	chartWidth = 800
	chartLeft  = 116 // of the bars; names stand before them
	chartRight = 190 // after the longest bar; figures stand there
	chartTop   = 84
	rowHeight  = 48
	barHeight  = 15
)

// chartStyle has the colours for light and dark pages. The fonts are those of
// the reader.
const chartStyle = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", sans-serif; fill: #1f2328 }
  .page { fill: #ffffff }
  .title { font-size: 17px; font-weight: 600 }
  .name { font-weight: 600; text-anchor: end }
  .quiet { fill: #59636e; font-size: 12px; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
  .tick { fill: #59636e; font-size: 11px; text-anchor: middle }
  .grid { stroke: #d8dee4 }
  .all { fill: #0b62c4 }
  .one { fill: #7fb2ea }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117 }
    .quiet, .tick { fill: #9198a1 }
    .quiet { stroke: #0d1117 }
    .grid { stroke: #2a313a }
    .all { fill: #4493f8 }
    .one { fill: #28538a }
  }
`

// SVG draws the rates as a bar chart, the fastest kernel first. Its scale is
// linear and begins at zero, so that lengths can be compared; kernels whose
// bars are too short for that have their figures written beside them, as all
// have.
func (r *KernelResults) SVG() []byte {
	var rows []*KernelResult
	var missing []string
	top := uint64(1)
	for i := range r.Kernels {
		k := &r.Kernels[i]
		if k.Error != "" {
			missing = append(missing, k.Name)
			continue
		}
		rows = append(rows, k)
		top = max(top, k.HpsAll, k.HpsOne)
	}
	slices.SortStableFunc(rows, func(a, b *KernelResult) int { return cmp.Compare(b.HpsAll, a.HpsAll) })
	bottom := chartTop + rowHeight*len(rows)
	height := bottom + 58

	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%s">`,
		chartWidth, height, escape("Hash rates of the kernels on "+r.Machine.CPU))
	line(`<style>%s</style>`, chartStyle)
	line(`<rect class="page" width="%d" height="%d"/>`, chartWidth, height)
	line(`<text class="title" x="20" y="32">%s</text>`, escape("SHA-256d of block headers: "+r.Machine.CPU))
	day, _, _ := strings.Cut(r.Start, "T")
	line(`<text class="quiet" x="20" y="52">%s</text>`, escape(fmt.Sprintf("hashlease %s, %s, %s, %s; median of %d rounds",
		r.Program.name(), r.Machine.Platform, day, versionsText(r.Versions), r.Rounds)))
	legend := chartLeft
	for _, l := range [][2]string{{"all", threadsText(r.Threads)}, {"one", "1 thread"}} {
		line(`<rect class="%s" x="%d" y="63" width="11" height="11" rx="2"/>`, l[0], legend)
		line(`<text class="quiet" x="%d" y="73">%s</text>`, legend+16, l[1])
		legend += 96
	}

	const room = chartWidth - chartLeft - chartRight
	scale := room / float64(top)
	unit, prefix := scaleOf(top)
	step := niceStep(float64(top) / unit)
	for x := 0.0; x <= float64(top)/unit; x += step {
		at := chartLeft + x*unit*scale
		line(`<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, at, chartTop, at, bottom)
		line(`<text class="tick" x="%.1f" y="%d">%s</text>`, at, bottom+16, strconv.FormatFloat(x, 'g', 4, 64))
	}
	line(`<text class="quiet" x="%d" y="%d">%sH/s</text>`, chartWidth-chartRight+24, bottom+16, prefix)

	for i, k := range rows {
		y := chartTop + rowHeight*i + 8
		line(`<text class="name" x="%d" y="%d">%s</text>`, chartLeft-10, y+barHeight+4, escape(k.Name))
		for j, bar := range []struct {
			class, note string
			hps         uint64
		}{{"all", "", k.HpsAll}, {"one", fmt.Sprintf(", %.2f × stdlib", k.Ratio), k.HpsOne}} {
			if k.Name == yardstick || k.Ratio == 0 {
				bar.note = ""
			}
			width := max(1.5, float64(bar.hps)*scale)
			top := y + j*(barHeight+1)
			line(`<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`, bar.class, chartLeft, top, width, barHeight)
			line(`<text class="quiet" x="%.1f" y="%d">%s</text>`, chartLeft+width+7, top+12, escape(rateText(bar.hps)+bar.note))
		}
	}
	foot := "Linear scale. Measured by hashlease bench; the headers and hits can be checked with hashlease bench check."
	if len(missing) > 0 {
		foot = "Not on this machine: " + strings.Join(missing, ", ") + ". " + foot
	}
	line(`<text class="tick" style="text-anchor: start" x="20" y="%d">%s</text>`, height-14, escape(foot))
	line(`</svg>`)
	return []byte(b.String())
}

// escape makes text of s for an element or an attribute.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// scaleOf returns the SI unit in which a rate has one to three digits.
func scaleOf(hps uint64) (unit float64, prefix string) {
	unit = 1
	for _, p := range []string{"", "k", "M", "G", "T", "P"} {
		if prefix = p; float64(hps) < 999.95*unit || p == "P" {
			break
		}
		unit *= 1000
	}
	return unit, prefix
}

// rateText writes a rate to four digits.
func rateText(hps uint64) string {
	unit, prefix := scaleOf(hps)
	v := float64(hps) / unit
	digits := 3
	switch {
	case unit == 1:
		digits = 0
	case v >= 99.995:
		digits = 1
	case v >= 9.9995:
		digits = 2
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + prefix + "H/s"
}

// hashesText writes a number of hashes likewise.
func hashesText(n uint64) string { return strings.TrimSuffix(rateText(n), "/s") }

// niceStep is the distance of four to ten ticks from zero to top.
func niceStep(top float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(top)))
	for _, part := range []float64{0.1, 0.2, 0.25, 0.5, 1, 2} {
		if top/(step*part) <= 8 {
			return step * part
		}
	}
	return step
}

func threadsText(n int) string {
	if n == 1 {
		return "all: 1 thread"
	}
	return strconv.Itoa(n) + " threads"
}

func versionsText(n int) string {
	if n == 1 {
		return "no version rolling"
	}
	return strconv.Itoa(n) + " rolled versions"
}
