package render

import (
	"math/big"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/miner"
)

// stretch sums up settled hours.
type stretch struct {
	fromMs, toMs int64 // as far as it lies in the period
	hours        int64 // settled ones
	owedMs       int64
	contracted   miner.Work
	proven       miner.Work
	receipts     int64
	sumSq        *big.Int // Σw² if the receipts of an hour are of equal work
	largest      miner.Work
	windows      map[lease.WindowKind]int64
	charged      int64
	earned       int64
}

func (t *stretch) add(h *bundle.Hour) {
	t.hours++
	t.owedMs += h.OwedMs
	t.contracted = t.contracted.Add(h.Contracted.Work())
	t.proven = t.proven.Add(h.Proven.Work())
	t.charged += h.ChargedSat
	t.earned += h.EarnedSat
	if t.windows == nil {
		t.windows = make(map[lease.WindowKind]int64)
	}
	t.windows[h.Window]++
	if h.Receipts <= 0 {
		return
	}
	t.receipts += h.Receipts
	each := h.Proven.Work().Big()
	sq := new(big.Int).Mul(each, each)
	sq.Quo(sq, big.NewInt(h.Receipts))
	if t.sumSq == nil {
		t.sumSq = new(big.Int)
	}
	t.sumSq.Add(t.sumSq, sq)
	if w, ok := miner.WorkFromBig(each.Quo(each, big.NewInt(h.Receipts))); ok && w.Cmp(t.largest) > 0 {
		t.largest = w
	}
}

// kind is what weighs most of how the hours count.
func (t *stretch) kind() lease.WindowKind {
	for _, k := range []lease.WindowKind{lease.WindowDown, lease.WindowExcluded, lease.WindowUp} {
		if t.windows[k] > 0 {
			return k
		}
	}
	return lease.WindowIdle
}

// interval is the 95 % interval of the work that was done, the receipts of an
// hour being of equal work; unit is that of a planned one.
func (t *stretch) interval(unit miner.Work) (lo, hi miner.Work) {
	e := lease.Evidence{N: uint64(max(t.receipts, 0)), Sum: t.proven, Max: t.largest, SumSq: t.sumSq}
	return e.Interval(unit)
}

// meter is the settled hours of a statement that lie in its period.
type meter struct {
	period bundle.Period
	hours  []bundle.Hour
	all    stretch
}

func newMeter(s *bundle.Statement) *meter {
	m := &meter{period: s.Period, all: stretch{fromMs: s.Period.FromMs, toMs: s.Period.ToMs}}
	for i := range s.Hours {
		h := &s.Hours[i]
		if h.Hour < s.Period.FromMs/lease.MsPerHour || h.Hour*lease.MsPerHour >= s.Period.ToMs || h.Hour > maxMs/lease.MsPerHour {
			continue
		}
		m.hours = append(m.hours, *h)
		m.all.add(h)
	}
	return m
}

// by sums up the hours in stretches; begin and end are those that a moment lies
// in. There is one for every stretch with a settled hour.
func (m *meter) by(stretchOf func(ms int64) (from, to int64)) (all []stretch) {
	for i := range m.hours {
		h := &m.hours[i]
		from, to := stretchOf(h.Hour * lease.MsPerHour)
		from, to = max(from, m.period.FromMs), min(to, m.period.ToMs)
		if len(all) == 0 || all[len(all)-1].fromMs != from {
			all = append(all, stretch{fromMs: from, toMs: to})
		}
		all[len(all)-1].add(h)
	}
	return all
}

func hourOf(ms int64) (from, to int64) {
	from = ms - ms%lease.MsPerHour
	return from, from + lease.MsPerHour
}

func dayOf(ms int64) (from, to int64) {
	from = ms - ms%(24*lease.MsPerHour)
	return from, from + 24*lease.MsPerHour
}

func monthOf(ms int64) (from, to int64) {
	t := utc(ms)
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first.UnixMilli(), first.AddDate(0, 1, 0).UnixMilli()
}

// table sums up the hours of a day, the days of some months, or months.
func (m *meter) table(s *bundle.Statement, c scale) *table {
	const day = 24 * lease.MsPerHour
	length := m.period.ToMs - m.period.FromMs
	name, of, layout := "Hour, UTC", hourOf, "01-02 15:04"
	switch {
	case length > 92*day:
		name, of, layout = "Month", monthOf, "2006-01"
	case length > 2*day:
		name, of, layout = "Day, UTC", dayOf, "2006-01-02"
	}
	unit := map[string]string{"H": "hour", "D": "day", "M": "month"}[name[:1]]
	t := &table{Caption: "What was delivered, by " + unit, Columns: []column{
		{Name: name}, {Name: "Contracted, " + c.name, Number: true}, {Name: "Delivered, " + c.name, Number: true}, {Name: "Of it", Number: true},
		{Name: "Hours"}, {Name: "Receipts", Number: true},
	}}
	priced, paid := s.Charges != nil, m.all.earned != 0
	if priced {
		t.Columns = append(t.Columns, column{Name: "Charged, sat", Number: true})
	}
	if paid {
		t.Columns = append(t.Columns, column{Name: "Earned, sat", Number: true})
	}
	line := func(name, kind string, x *stretch) {
		ms := x.toMs - x.fromMs
		cells := []string{name, c.mean(x.contracted, ms), c.mean(x.proven, ms),
			percent(x.proven.Big(), x.contracted.Big()), x.windowWords(), group(x.receipts)}
		if priced {
			cells = append(cells, group(x.charged))
		}
		if paid {
			cells = append(cells, group(x.earned))
		}
		t.Rows = append(t.Rows, row{Cells: cells, Kind: kind})
	}
	for _, x := range m.by(of) {
		kind := ""
		switch x.kind() {
		case lease.WindowDown:
			kind = rowDown
		case lease.WindowExcluded:
			kind = rowExcluded
		}
		line(utc(x.fromMs).Format(layout), kind, &x)
	}
	if len(t.Rows) > 1 {
		all := m.all
		all.toMs = all.fromMs + m.settledMs()
		line("Settled", rowSum, &all)
	}
	if rest := s.Delivery.Receipts - m.all.receipts; rest > 0 {
		cells := make([]string, len(t.Columns))
		cells[0], cells[4], cells[5] = "Not settled", "open", group(rest)
		t.Rows = append(t.Rows, row{Cells: cells, Kind: rowOpen})
	}
	return t
}

// settledMs is how much of the period is settled.
func (m *meter) settledMs() int64 {
	return max(0, min(m.period.SettledMs, m.period.ToMs)-m.period.FromMs)
}

// windowWords tells how hours count, without those of which there are none.
func (t *stretch) windowWords() string {
	text := ""
	for _, k := range []lease.WindowKind{lease.WindowUp, lease.WindowDown, lease.WindowExcluded, lease.WindowIdle} {
		n := t.windows[k]
		switch {
		case n == 0:
			continue
		case t.hours == 1:
			return string(k)
		case text != "":
			text += ", "
		}
		text += group(n) + nbsp + string(k)
	}
	return text
}
