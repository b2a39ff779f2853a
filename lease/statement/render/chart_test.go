package render

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// TestChart proves that a chart of any period has few bars, that they lie in
// the period one behind the other, and that what is drawn stays in its figure.
func TestChart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, maxMs/2).Draw(t, "from")
		length := rapid.OneOf(rapid.Int64Range(1, 800*lease.MsPerHour), rapid.Int64Range(1, 500_000*lease.MsPerHour)).Draw(t, "length")
		s := &bundle.Statement{Period: bundle.Period{FromMs: from, ToMs: from + length, SettledMs: from + rapid.Int64Range(0, length).Draw(t, "settled")}}
		hour := from/lease.MsPerHour - 1
		var work miner.Work
		for range rapid.IntRange(0, 60).Draw(t, "hours") {
			hour += rapid.Int64Range(1, max(1, length/lease.MsPerHour/40)).Draw(t, "gap")
			n := rapid.Int64Range(0, 5000).Draw(t, "n")
			proven := miner.Hashes(rapid.Uint64().Draw(t, "each")).Mul(uint64(n))
			kind := rapid.SampledFrom([]lease.WindowKind{lease.WindowUp, lease.WindowDown, lease.WindowExcluded, lease.WindowIdle}).Draw(t, "window")
			s.Hours = append(s.Hours, bundle.Hour{Hour: hour, Proven: lease.Quantity(proven), Receipts: n, Contracted: lease.Quantity(miner.Hashes(rapid.Uint64().Draw(t, "owed"))), Window: kind})
			if hour >= from/lease.MsPerHour && hour*lease.MsPerHour < from+length {
				work = work.Add(proven)
			}
		}
		m := newMeter(s)
		if m.all.proven != work {
			t.Fatalf("%v proven in all, want %v", m.all.proven, work)
		}
		c := newChart(m, miner.Hashes(1000))
		if c == nil {
			if len(m.hours) > 0 {
				t.Fatal("no chart of hours")
			}
			return
		}
		if len(c.bars) > maxBars+1 || length/c.barMs >= maxBars {
			t.Fatalf("%d bars of %d ms", len(c.bars), c.barMs)
		}
		last := from
		for _, b := range c.bars {
			if b.fromMs < last || b.toMs < b.fromMs || b.toMs > from+length || b.low > b.delivered*1.0001 || b.high < b.delivered*0.9999 {
				t.Fatalf("bar %+v after %d", b, last)
			}
			last = b.toMs
		}
		if n := len(c.ticks()); n > 20 {
			t.Fatalf("%d ticks", n)
		}
		f := c.draw(960, 300)
		for _, shape := range f.shapes {
			for _, path := range shape.paths {
				for _, p := range path {
					if !(p.x >= -0.01 && p.x <= f.w+0.01 && p.y >= -0.01 && p.y <= f.h+0.01) {
						t.Fatalf("%s at %v", shape.class, p)
					}
				}
			}
		}
	})
}

// TestChartShows proves what a month's picture has in it.
func TestChartShows(t *testing.T) {
	s, d, x := month()
	svg := string(newSheet(s, d, x).Parts[0].Blocks[1].Chart.SVG())
	for _, class := range []string{classDelivered, classLine, classBand, classShort, classContracted, classDown, classExcluded} {
		if !strings.Contains(svg, `<path class="`+class+`"`) {
			t.Errorf("no %s", class)
		}
	}
	if strings.Contains(svg, classOpen) || len(svg) > 60_000 || !strings.Contains(svg, "240 stretches of 3"+nbsp+"h") {
		t.Errorf("%d bytes: %.300s", len(svg), svg)
	}
	s, d, x = preliminary()
	svg = string(newSheet(s, d, x).Parts[0].Blocks[1].Chart.SVG())
	if !strings.Contains(svg, `<path class="`+classOpen+`"`) || !strings.Contains(svg, "20 stretches of 1"+nbsp+"h") {
		t.Errorf("%.300s", svg)
	}
	for hours, want := range map[int64]int64{1: 1, 24: 1, 240: 1, 720: 3, 744: 3, 8784: 48} {
		if have := barLength(hours*lease.MsPerHour) / lease.MsPerHour; have != want {
			t.Errorf("bars of %d hours in a period of %d, want %d", have, hours, want)
		}
	}
}
