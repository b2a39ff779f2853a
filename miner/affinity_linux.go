package miner

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// threadTime returns the processor time the calling thread has used, to be
// compared with another of the same thread.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(ts.Nano())
}

// allowedCPUs returns the processors the calling thread may use: one of each
// core first, then the cores' other halves, so that few threads spread over
// many cores.
func allowedCPUs() []int {
	var set unix.CPUSet
	var first, second []int
	if err := unix.SchedGetaffinity(0, &set); err == nil {
		for cpu, left := 0, set.Count(); left > 0; cpu++ {
			if !set.IsSet(cpu) {
				continue
			}
			left--
			if firstOfCore(cpu) {
				first = append(first, cpu)
			} else {
				second = append(second, cpu)
			}
		}
	}
	if all := append(first, second...); len(all) > 0 {
		return all
	}
	return anyCPUs(runtime.NumCPU())
}

// firstOfCore reports whether the processor is the first one of its core, by
// the list of siblings in sysfs, such as "0,64" or "0-1"; true if unknown.
func firstOfCore(cpu int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(b)), ",")
	first, _, _ = strings.Cut(first, "-")
	n, err := strconv.Atoi(first)
	return err != nil || n == cpu
}

// pinThread keeps the calling thread on the processor of its index; indexes
// beyond the last processor begin again at the first. It returns the
// processor's number.
func pinThread(cpus []int, index int) (cpu int, err error) {
	var set unix.CPUSet
	cpu = cpus[index%len(cpus)]
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return -1, fmt.Errorf("sched_setaffinity: %w", err)
	}
	return cpu, nil
}

// idleThread lets the calling thread run only when no other wants to, by
// SCHED_IDLE, or else by nice 19, which the note says.
func idleThread() (note string, err error) {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
	idleErr := unix.SchedSetAttr(0, &attr, 0)
	if idleErr == nil {
		return "", nil
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19); err != nil {
		return "", fmt.Errorf("sched_setattr: %w; setpriority: %w", idleErr, err)
	}
	return fmt.Sprintf("hashing threads run at nice 19, since SCHED_IDLE is refused: %v", idleErr), nil
}
