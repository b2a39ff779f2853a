package main

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/bench"
)

// busyPercent is how little of the wall time the threads may have had
// processors before it is said.
const busyPercent = 98

// benchTable lays the figures out for people.
func benchTable(r *bench.KernelResults) string {
	all := plural(r.Threads, "thread")
	rows := [][]string{{"KERNEL", "1 THREAD", "±", strings.ToUpper(all), "±", "CYCLES/HASH", "× STDLIB", "J/TH"}}
	var notes []string
	energy, busy := false, leastBusy(r)
	for _, k := range r.Kernels {
		if k.Error != "" {
			notes = append(notes, "not measured: "+k.Error)
			continue
		}
		row := []string{k.Name, formatRate(k.HpsOne), spread(k.HpsOne, k.OneRange), formatRate(k.HpsAll), spread(k.HpsAll, k.AllRange), "-", "-", "-"}
		if k.Cycles > 0 {
			row[5] = fourDigits(k.Cycles, "1")
		}
		if k.Ratio > 0 {
			row[6] = fmt.Sprintf("%.2f", k.Ratio)
		}
		if k.Joules > 0 {
			row[7], energy = fourDigits(k.Joules, "1"), true
		}
		rows = append(rows, row)
		if k.Name == r.Best {
			best := fmt.Sprintf("fastest: %s, %s with %s", k.Name, formatRate(k.HpsAll), all)
			if busy < busyPercent {
				best += fmt.Sprintf(" (%s if they had the processors to themselves)", formatRate(k.HpsAllCPU))
			}
			notes = append([]string{best}, notes...)
		}
	}
	if busy < busyPercent {
		notes = append(notes, fmt.Sprintf("other programs took part of the processors (at worst the threads had %.0f %% of the time):\n"+
			"  rates are what was delivered, cycles and the ratio count the threads' own time", busy))
	}
	if r.Machine.StealTicks >= 10 {
		notes = append(notes, fmt.Sprintf("the hypervisor took %.1f s of processor time in the meantime", float64(r.Machine.StealTicks)/100))
	}
	switch {
	case energy:
		notes = append(notes, "J/TH is what the processor packages used with all threads, idle power included")
	case r.Machine.Energy != "":
		notes = append(notes, "no J/TH: "+r.Machine.Energy)
	}
	if !r.Pinned {
		notes = append(notes, "the threads were not pinned to processors of their own")
	}
	head := fmt.Sprintf("%s, %s, %s, median of %s\n", r.Machine.CPU, r.Machine.Platform, rolling(r.Versions), plural(r.Rounds, "round"))
	text := head + table(rows, rows[0][1:]...)
	if len(notes) > 0 {
		text += strings.Join(notes, "\n") + "\n"
	}
	return text
}

// rolling says how many versions there were.
func rolling(versions int) string {
	if versions == 1 {
		return "no version rolling"
	}
	return plural(versions, "rolled version")
}

// spread is how far the middle half of the rounds was from the median, in
// percent.
func spread(median uint64, span [2]uint64) string {
	if median == 0 {
		return "-"
	}
	off := max(float64(median)-float64(span[0]), float64(span[1])-float64(median)) / float64(median) * 100
	if off < 9.95 {
		return fmt.Sprintf("%.1f %%", off)
	}
	return fmt.Sprintf("%.0f %%", off)
}

// leastBusy is the least part of the wall time that a kernel's threads had
// processors, in percent, as far as processors were there for all.
func leastBusy(r *bench.KernelResults) float64 {
	least := 100.0
	for _, k := range r.Kernels {
		if k.Error != "" || k.HpsOneCPU == 0 {
			continue
		}
		least = min(least, float64(k.HpsOne)/float64(k.HpsOneCPU)*100)
		if n := min(r.Threads, r.Machine.Processors); n > 0 {
			least = min(least, k.Busy/float64(n))
		}
	}
	return least
}
