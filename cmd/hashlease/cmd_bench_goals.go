package main

import (
	"fmt"
	"runtime"

	"github.com/hashlease/hashlease/bench"
)

// goalTable says which goals are met. A busy machine may keep what is measured
// from them.
func goalTable(goals []bench.Goal, busy bool) string {
	rows := [][]string{{"GOAL", "WANT", "GOT", ""}}
	for _, g := range goals {
		verdict := "met"
		switch {
		case g.Met:
		case busy:
			verdict = "missed, on a busy machine"
		default:
			verdict = "missed"
		}
		rows = append(rows, []string{g.Name, g.Want, g.Got, verdict})
	}
	return table(rows, "WANT", "GOT")
}

// busyBefore tells whether other work kept the machine busy before the
// measurement.
func busyBefore(load *bench.Load) bool {
	return load != nil && load.Average1 > float64(runtime.NumCPU())/2
}

// benchHead is the line above the figures.
func benchHead(m *bench.Machine, load *bench.Load) string {
	before := "unknown load"
	if load != nil {
		before = fmt.Sprintf("load %.2f before", load.Average1)
	}
	return fmt.Sprintf("%s, %s, %s\n\n", m.CPU, plural(m.Processors, "processor"), before)
}
