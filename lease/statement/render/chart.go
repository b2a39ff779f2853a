package render

import (
	"math"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// maxBars is how many bars a chart has at most: a month's are of three hours.
const maxBars = 250

// chart is what was delivered against what was contracted, over a period.
// Rates are hashes per second; they are for drawing.
type chart struct {
	fromMs, toMs int64
	settledMs    int64 // bars end here
	barMs        int64
	bars         []bar
	top          float64 // of the axis
	step         float64 // between its lines
	Desc         string  // what is to be seen, in words
}

// bar is one stretch of the chart.
type bar struct {
	fromMs, toMs          int64
	contracted, delivered float64
	low, high             float64 // 95 %
	kind                  lease.WindowKind
}

// short tells whether less was delivered than contracted.
func (b *bar) short() bool { return b.delivered < b.contracted }

// newChart makes the chart of the settled hours; nil when there are none.
func newChart(m *meter, unit miner.Work) *chart {
	if len(m.hours) == 0 {
		return nil
	}
	c := &chart{fromMs: m.period.FromMs, toMs: m.period.ToMs}
	c.settledMs = c.fromMs + m.settledMs()
	c.barMs = barLength(c.toMs - c.fromMs)
	origin, _ := dayOf(c.fromMs)
	highest := 0.0
	for _, t := range m.by(func(ms int64) (from, to int64) {
		from = ms - (ms-origin)%c.barMs
		return from, from + c.barMs
	}) {
		sec := float64(t.toMs-t.fromMs) / 1000
		if sec <= 0 {
			continue
		}
		lo, hi := t.interval(unit)
		b := bar{fromMs: t.fromMs, toMs: t.toMs, kind: t.kind(),
			contracted: t.contracted.Float64() / sec, delivered: t.proven.Float64() / sec,
			low: lo.Float64() / sec, high: hi.Float64() / sec}
		if t.receipts == 0 && t.contracted.IsZero() {
			b.high = 0 // nothing was expected
		}
		highest = max(highest, b.contracted, b.delivered, min(b.high, 1.5*max(b.contracted, b.delivered)))
		c.bars = append(c.bars, b)
	}
	c.top, c.step = axis(highest)
	short, down, excluded := 0, 0, 0
	for i := range c.bars {
		if c.bars[i].short() {
			short++
		}
		switch c.bars[i].kind {
		case lease.WindowDown:
			down++
		case lease.WindowExcluded:
			excluded++
		}
	}
	c.Desc = "Delivered against contracted hash rate, " + periodName(c.fromMs, c.toMs) + ": " +
		count(int64(len(c.bars)), "stretch", "stretches") + " of " + span(c.barMs) + ", " + group(int64(short)) +
		" below the contract, " + group(int64(down)) + " with hours down, " + group(int64(excluded)) + " with hours excluded. The table below has the figures."
	return c
}

// barLength is the time of one bar: an hour, or as many as make at most
// maxBars.
func barLength(ms int64) int64 {
	for _, hours := range []int64{1, 2, 3, 4, 6, 8, 12, 24, 48, 96} {
		if n := hours * lease.MsPerHour; ms/n < maxBars {
			return n
		}
	}
	day := int64(24 * lease.MsPerHour)
	return (ms/maxBars/day + 1) * day
}

// axis is the top of an axis that has room for a value, and what is between
// its lines, of which there are at least four: 1, 2 or 5 times a power of ten.
func axis(highest float64) (top, step float64) {
	if !(highest > 0) || math.IsInf(highest, 0) {
		return 1, 0.5
	}
	raw := highest / 4
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step = power
	for _, k := range []float64{5, 2} {
		if k*power <= raw {
			step = k * power
			break
		}
	}
	return highest * 1.06, step
}

// rateLabel writes a value of an axis with lines so far apart, in the unit that
// suits its top.
func rateLabel(v, top, step float64) string {
	prefix := 0
	for top >= 1000 && prefix < len(prefixes)-1 {
		v, top, step, prefix = v/1000, top/1000, step/1000, prefix+1
	}
	decimals := 0
	for s := step; s < 0.999 && decimals < 3; s *= 10 {
		decimals++
	}
	unit := "H/s"
	if prefix > 0 {
		unit = prefixes[prefix:prefix+1] + unit
	}
	return fixed(v, decimals) + nbsp + unit
}

// tick is a mark of the time axis.
type tick struct {
	ms    int64
	label string
}

// ticks are at most fourteen full hours, days or months.
func (c *chart) ticks() (all []tick) {
	length := c.toMs - c.fromMs
	const most = 13
	for _, hours := range []int64{1, 2, 3, 6, 12} {
		step := hours * lease.MsPerHour
		if length/step > most {
			continue
		}
		for ms := (c.fromMs + step - 1) / step * step; ms <= c.toMs; ms += step {
			label := utc(ms).Format("15:04")
			if ms%(24*lease.MsPerHour) == 0 && length > 24*lease.MsPerHour {
				label = utc(ms).Format("2 Jan")
			}
			all = append(all, tick{ms, label})
		}
		return all
	}
	const day = 24 * lease.MsPerHour
	for _, days := range []int64{1, 2, 3, 5, 7} {
		if length/(days*day) > most {
			continue
		}
		for ms := (c.fromMs + day - 1) / day * day; ms <= c.toMs; ms += days * day {
			all = append(all, tick{ms, utc(ms).Format("2 Jan")})
		}
		return all
	}
	months := 1 + int(length/(30*day)/most)
	first, _ := monthOf(c.fromMs)
	for t := utc(first); t.UnixMilli() <= c.toMs; t = t.AddDate(0, months, 0) {
		if t.UnixMilli() >= c.fromMs {
			all = append(all, tick{t.UnixMilli(), t.Format("Jan 2006")})
		}
	}
	return all
}

// chartOf is the chart of a statement.
func (w *writer) chartOf() *chart {
	return newChart(w.m, lease.ProofWork(w.s.ContractedHps.Work(), w.s.ProofMs))
}
