package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Goal is a figure that the engine is meant to reach. On a machine that others
// use, for which see Scaling.Present, it may be missed without the engine's
// fault.
type Goal struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

// goals compares the figures with what the engine promises.
func (r *EngineResults) goals() (all []Goal) {
	if r.Threads > 1 {
		want := 0.975 * float64(r.Threads)
		all = append(all, Goal{
			"scaling by processor time", fmt.Sprintf(">= %.2f x", want), fmt.Sprintf("%.2f x", r.Scaling.CPU),
			r.Scaling.CPU >= want-0.005, // CPU is rounded to 0.01
		})
	}
	return append(all,
		atMost("last thread hashes a new job, 99 %", r.Kick.P99, 5*time.Millisecond),
		atMost("thread without hashing at a new job, 99 %", r.Gap.P99, time.Millisecond),
		atMost("thread's own part of that, longest", r.GapOwn.Max, time.Millisecond),
	)
}

func atMost(name string, ns int64, want time.Duration) Goal {
	return Goal{name, "<= " + want.String(), time.Duration(ns).Round(time.Microsecond).String(), ns <= int64(want)}
}

// Load is what the system says about all work on the machine.
type Load struct {
	Average1 float64 `json:"average_1min"` // processes that run or want to, as a mean of the last minute
}

// readLoad returns nil where the system has no such figure.
func readLoad() *Load {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil
	}
	return parseLoad(string(b))
}

func parseLoad(s string) *Load {
	first, _, _ := strings.Cut(s, " ")
	average, err := strconv.ParseFloat(first, 64)
	if err != nil || average < 0 {
		return nil
	}
	return &Load{average}
}
