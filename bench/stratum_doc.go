package bench

import "fmt"

// StratumSchema names the layout of StratumResults.
const StratumSchema = "hashlease-bench-stratum/1"

// StratumResults are the figures of a Stratum server on one machine, which the
// load generator shares with it. Figures that were not measured are null.
// STRATUM.md specifies the document.
type StratumResults struct {
	Schema    string  `json:"schema"`
	Time      string  `json:"time"` // of the start, RFC 3339, UTC
	Program   Program `json:"program"`
	Machine   Machine `json:"machine"`
	Load      *Load   `json:"load,omitempty"` // before the measurement
	URL       string  `json:"url,omitempty"`  // of a server that is not our own
	OpenFiles int     `json:"open_files"`     // that a process may have
	Rate      int     `json:"rate"`           // submits a second where they are paced
	TimeMs    int64   `json:"time_ms"`        // of one measurement

	RepliesPerSec   *float64 `json:"replies_per_s"`                 // one pipelined connection
	RepliesDurable  *float64 `json:"replies_per_s_durable"`         // until the last share is stored
	CPUPerSubmit    *float64 `json:"cpu_us_per_submit"`             // of the server, with the merkle root known
	CPUPerSubmit12  *float64 `json:"cpu_us_per_submit_12_branches"` // of the server, with the merkle root to be folded
	P50             *float64 `json:"p50_ms"`
	P99             *float64 `json:"p99_ms"`
	P50Hashing      *float64 `json:"p50_ms_hashing"` // while all processors hash
	P99Hashing      *float64 `json:"p99_ms_hashing"`
	BytesPerConn    *float64 `json:"bytes_per_conn"`
	NotifyFirstLast *float64 `json:"notify_first_last_ms"`
	StormLost       *uint64  `json:"storm_lost"`
	FalseStale      *uint64  `json:"false_stale"`
	HashLossPercent *float64 `json:"hash_loss_percent"`      // by processor time, which other programs change less
	HashLossWall    *float64 `json:"hash_loss_wall_percent"` // by the wall clock

	Submit   *SubmitRun  `json:"submit,omitempty"`
	Folded   *SubmitRun  `json:"submit_12_branches,omitempty"`
	Durable  *SubmitRun  `json:"submit_durable,omitempty"`
	Latency  *PacedRun   `json:"latency,omitempty"`
	Hashing  *PacedRun   `json:"latency_hashing,omitempty"`
	Stale    *PacedRun   `json:"stale,omitempty"`
	Idle     *IdleRun    `json:"idle,omitempty"`
	Notify   *NotifyRun  `json:"notify,omitempty"`
	Storm    *StormRun   `json:"storm,omitempty"`
	HashRate *HashingRun `json:"hash_rate,omitempty"`

	Goals []Goal `json:"goals"`
}

// Replies counts verdicts.
type Replies struct {
	Sent     uint64            `json:"sent"`
	Accepted uint64            `json:"accepted"`
	Refused  map[string]uint64 `json:"refused,omitempty"` // by reason
	Lost     uint64            `json:"lost"`              // submits without a verdict
}

// SubmitRun is what one pipelined connection did.
type SubmitRun struct {
	Replies
	Rounds     int     `json:"rounds"` // of a block each, of which the median rate counts
	WindowSize int     `json:"window"` // most submits without a verdict
	Branches   int     `json:"branches"`
	WallNs     int64   `json:"wall_ns"`
	CPUNs      int64   `json:"server_cpu_ns,omitempty"`
	Stored     uint64  `json:"stored,omitempty"` // receipts committed
	Slowest    float64 `json:"slowest_replies_per_s"`
	Fastest    float64 `json:"fastest_replies_per_s"`

	rates []float64 // of the rounds
}

// PacedRun is what many connections did at a certain rate.
type PacedRun struct {
	Replies
	Connections int     `json:"connections"`
	Verdict     Latency `json:"verdict"` // from writing a submit until its reply
	Late        Latency `json:"late"`    // the generator's own: of a submit behind its time
	WallNs      int64   `json:"wall_ns"`
	CPUNs       int64   `json:"server_cpu_ns,omitempty"`
	Blocks      int     `json:"new_blocks,omitempty"`
	Jobs        int     `json:"new_jobs,omitempty"`     // on the same block
	Stale       uint64  `json:"stale,omitempty"`        // shares of a block that was over, rightly refused
	FalseStale  uint64  `json:"false_stale,omitempty"`  // as the generator sees it
	FalseServer uint64  `json:"false_stale_by_server"`  // as the server's own desk sees it
	Threads     int     `json:"hash_threads,omitempty"` // that hashed meanwhile
	HashPerSec  uint64  `json:"hashes_per_s,omitempty"` // of them
}

// IdleRun is what connections cost that say nothing.
type IdleRun struct {
	Connections   int     `json:"connections"`
	RSSBefore     int64   `json:"rss_before"` // bytes, after some connections came and went
	RSS           int64   `json:"rss"`        // with all of them
	RSSCollected  int64   `json:"rss_collected"`
	BytesAfterGC  float64 `json:"bytes_per_conn_collected"` // once garbage is given back
	ConnectWallNs int64   `json:"connect_wall_ns"`
	ConnectCPUNs  int64   `json:"connect_cpu_ns"`
}

// NotifyRun is how soon all hear of a new block.
type NotifyRun struct {
	Connections int     `json:"connections"`
	Rounds      int     `json:"rounds"` // new blocks, of which the median counts
	FirstLast   Latency `json:"first_last"`
	Last        Latency `json:"last"`   // from the order to publish until the last has it
	Missed      uint64  `json:"missed"` // notifies that did not come
	CPUNs       int64   `json:"server_cpu_ns"`
	PerNotify   float64 `json:"cpu_us_per_notify"`
}

// StormRun is what became of workers that came all at once.
type StormRun struct {
	Connections int     `json:"connections"`
	WallNs      int64   `json:"wall_ns"` // until the last had its job, or was lost
	Lost        uint64  `json:"lost"`    // no login and job in time
	Job         Latency `json:"job"`     // from connecting until login and job
	CPUNs       int64   `json:"server_cpu_ns,omitempty"`
	FirstError  string  `json:"first_error,omitempty"`
}

// HashingRun compares hash rates without and with connected rigs, in turn.
type HashingRun struct {
	Connections int         `json:"connections"`
	Rate        int         `json:"rate"` // submits a second of all
	Threads     int         `json:"threads"`
	Kernel      string      `json:"kernel"`
	Alone       []HashRound `json:"alone"`
	WithRigs    []HashRound `json:"with_rigs"`
}

// HashRound is the hash rate during one measurement, and what else took
// processor time.
type HashRound struct {
	Hps       float64 `json:"hps"`       // of all threads, by the wall clock
	HpsCPU    float64 `json:"hps_cpu"`   // of all threads, had each a processor to itself
	Server    float64 `json:"server"`    // the server's part of all processors, hashing aside
	Generator float64 `json:"generator"` // the load generator's
	Free      float64 `json:"free"`      // what these leave
	Present   float64 `json:"present"`   // the part of the wall time in which threads hashed
}

// goals compares the figures with what the server promises.
func (r *StratumResults) goals() (all []Goal) {
	most := func(name string, got *float64, want float64, unit string) {
		if got != nil {
			all = append(all, Goal{name, fmt.Sprintf("<= %s %s", short(want), unit), short(*got) + " " + unit, *got <= want})
		}
	}
	none := func(name string, got *uint64) {
		if got != nil {
			all = append(all, Goal{name, "0", fmt.Sprint(*got), *got == 0})
		}
	}
	least := func(name string, got *float64, want float64, unit string) {
		if got != nil {
			all = append(all, Goal{name, fmt.Sprintf(">= %s %s", short(want), unit), short(*got) + " " + unit, *got >= want})
		}
	}
	least("replies, one pipelined connection", r.RepliesPerSec, 150_000, "/s")
	most("server CPU per submit, root known", r.CPUPerSubmit, 3, "us")
	most("server CPU per submit, 12 branches", r.CPUPerSubmit12, 8, "us")
	least("replies, each share stored", r.RepliesDurable, 150_000, "/s")
	most("verdict, 99 %", r.P99, 2, "ms")
	most("verdict while hashing, 99 %", r.P99Hashing, 5, "ms")
	none("shares refused as stale by mistake", r.FalseStale)
	most("memory of an idle connection", r.BytesPerConn, 10*1024, "bytes")
	most("new block, first to last connection", r.NotifyFirstLast, 200, "ms")
	none("connects lost in a storm", r.StormLost)
	most("hash rate lost to connected rigs", r.HashLossPercent, 3, "%")
	return all
}

// short writes a figure with some four digits.
func short(f float64) string {
	switch {
	case f >= 100 || f <= -100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10 || f <= -10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}
