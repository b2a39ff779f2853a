package bench

import (
	"fmt"
	"time"
)

// VerifySchema names the layout of VerifyResults.
const VerifySchema = "hashlease-bench-verify/1"

// VerifyResults are the figures of statements and their check on one machine.
// VERIFY.md specifies the document.
type VerifyResults struct {
	Schema   string  `json:"schema"`
	Time     string  `json:"time"` // of the start, RFC 3339, UTC
	Program  Program `json:"program"`
	Machine  Machine `json:"machine"`
	Load     *Load   `json:"load,omitempty"` // before the measurement
	Receipts int     `json:"receipts"`       // of the month
	Jobs     int     `json:"jobs"`           // that they are of
	Branches int     `json:"branches"`       // of each job

	ReceiptsPerSecCore float64 `json:"receipts_per_s_core"`
	MonthSec           float64 `json:"month_s"`
	MonthPeakBytes     int64   `json:"month_peak_bytes"`
	RenderMs           float64 `json:"render_ms"`
	LogLeavesPerSec    float64 `json:"log_leaves_per_s"`

	BundleBytes int64   `json:"bundle_bytes"`
	BuildSec    float64 `json:"build_s"`  // to issue the statement and write its bundle, receipts being sealed
	SealSec     float64 `json:"seal_s"`   // to seal the receipts
	StoredBytes float64 `json:"stored_b"` // of a sealed receipt in the database, beyond its job

	Hash  LedgerRun `json:"hash"`
	Log   LedgerRun `json:"log"`
	Month VerifyRun `json:"month"`
	HTML  LedgerRun `json:"html"`
	PDF   LedgerRun `json:"pdf"`

	Goals []Goal `json:"goals"`
}

// VerifyRun is the check of one bundle in a process of its own.
type VerifyRun struct {
	Receipts  int64  `json:"receipts"` // that hold
	Checks    int    `json:"checks"`
	Failed    string `json:"failed,omitempty"` // the first check that did not hold
	WallNs    int64  `json:"wall_ns"`
	CPUNs     int64  `json:"cpu_ns"`
	PeakBytes int64  `json:"peak_bytes"` // of memory; 0: not known
}

// sum works the figures out.
func (r *VerifyResults) sum() {
	r.ReceiptsPerSecCore = perSec(r.Hash.Size, r.Hash.CPUNs)
	r.LogLeavesPerSec = perSec(r.Log.Size, r.Log.WallNs)
	r.MonthSec, r.MonthPeakBytes = float64(r.Month.WallNs)/1e9, r.Month.PeakBytes
	r.RenderMs = millis(r.HTML.WallNs)
	const mb = 1_000_000
	r.Goals = []Goal{
		{fmt.Sprintf("receipts hashed by one core, %d branches", r.Branches), ">= 300000 /s", short(r.ReceiptsPerSecCore) + " /s", r.ReceiptsPerSecCore >= 300_000},
		{"leaves of the log made durable", ">= 5000 /s", short(r.LogLeavesPerSec) + " /s", r.LogLeavesPerSec >= 5000},
	}
	if r.Receipts < 500_000 {
		return // less would be no proof
	}
	r.Goals = append(r.Goals,
		below(fmt.Sprintf("a month of %d receipts verified", r.Receipts), r.Month.WallNs, 3*time.Second),
		Goal{"memory for that", "< 200 MB", fmt.Sprintf("%d MB", r.MonthPeakBytes/mb), r.MonthPeakBytes > 0 && r.MonthPeakBytes < 200*mb},
		below("its statement as a page", r.HTML.WallNs, time.Second))
}
