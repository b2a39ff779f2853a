package bench

import (
	"fmt"
	"time"
)

// LedgerSchema names the layout of LedgerResults.
const LedgerSchema = "hashlease-bench-ledger/1"

// LedgerResults are the figures of metering, settling and booking on one
// machine. Figures are by processor time, as if one core did nothing else;
// those by the wall clock, with the disk's part, stand beside them. LEDGER.md
// specifies the document.
type LedgerResults struct {
	Schema  string  `json:"schema"`
	Time    string  `json:"time"` // of the start, RFC 3339, UTC
	Program Program `json:"program"`
	Machine Machine `json:"machine"`
	Load    *Load   `json:"load,omitempty"` // before the measurement
	Leases  int     `json:"leases"`         // whose hours are settled
	Shares  int     `json:"shares"`         // metered
	Batch   int     `json:"batch"`          // shares that become durable together
	Sources int     `json:"sources"`        // machines that the shares are of

	SharesPerSec   float64 `json:"shares_per_s"`
	SettleHourMs   float64 `json:"settle_hour_ms"`
	Tides100kMs    float64 `json:"tides_100k_ms"`
	PostingsPerSec float64 `json:"postings_per_s"`

	SharesWall   float64 `json:"shares_per_s_wall"`
	SettleWall   float64 `json:"settle_hour_ms_wall"`
	TidesWall    float64 `json:"tides_100k_ms_wall"`
	PostingsWall float64 `json:"postings_per_s_wall"`

	Meter   LedgerRun `json:"meter"`
	Settle  LedgerRun `json:"settle"`
	Tides   LedgerRun `json:"tides"`
	Booking LedgerRun `json:"booking"`

	Goals []Goal `json:"goals"`
}

// LedgerRun is one experiment: rounds of the same size, of which the medians
// count.
type LedgerRun struct {
	Rounds  int   `json:"rounds"`
	Size    int64 `json:"size"`       // of a round: shares, hours of leases, shares in the window, postings
	Stored  int64 `json:"stored"`     // what the books or the log had at the end, as a check: receipts, settled hours, parts, postings
	WallNs  int64 `json:"wall_ns"`    // the median round
	CPUNs   int64 `json:"cpu_ns"`     // likewise, of all threads
	Fastest int64 `json:"fastest_ns"` // round, by the wall clock
	Slowest int64 `json:"slowest_ns"`
}

// take fills in what rounds took.
func (r *LedgerRun) take(rounds []round) {
	m := medians(rounds)
	r.Rounds, r.WallNs, r.CPUNs = len(rounds), m.wall.Nanoseconds(), m.cpu.Nanoseconds()
	r.Fastest, r.Slowest = r.WallNs, r.WallNs
	for _, x := range rounds {
		r.Fastest, r.Slowest = min(r.Fastest, x.wall.Nanoseconds()), max(r.Slowest, x.wall.Nanoseconds())
	}
}

// perSec is how many of a size are done in a second.
func perSec(size, ns int64) float64 {
	if ns <= 0 {
		return 0
	}
	return float64(size) / (float64(ns) / 1e9)
}

func millis(ns int64) float64 { return float64(ns) / 1e6 }

// sum works the figures out.
func (r *LedgerResults) sum() {
	r.SharesPerSec, r.SharesWall = perSec(r.Meter.Size, r.Meter.CPUNs), perSec(r.Meter.Size, r.Meter.WallNs)
	r.SettleHourMs, r.SettleWall = millis(r.Settle.CPUNs), millis(r.Settle.WallNs)
	r.Tides100kMs, r.TidesWall = millis(r.Tides.CPUNs), millis(r.Tides.WallNs)
	r.PostingsPerSec, r.PostingsWall = perSec(r.Booking.Size, r.Booking.CPUNs), perSec(r.Booking.Size, r.Booking.WallNs)
	r.Goals = []Goal{
		{"shares metered into SQLite by one core", ">= 100000 /s", short(r.SharesPerSec) + " /s", r.SharesPerSec >= 100_000},
	}
	if r.Leases >= 1000 { // fewer would be no proof
		r.Goals = append(r.Goals, below(fmt.Sprintf("an hour of %d leases settled", r.Leases), r.Settle.CPUNs, time.Second))
	}
	r.Goals = append(r.Goals, below("TIDES split over 100000 shares", r.Tides.CPUNs, 50*time.Millisecond))
}

func below(name string, ns int64, want time.Duration) Goal {
	return Goal{name, "< " + want.String(), time.Duration(ns).Round(10 * time.Microsecond).String(), ns < int64(want)}
}
