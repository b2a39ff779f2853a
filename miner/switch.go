package miner

import "time"

// Switch is a thread's way from one task to the next, as EngineConfig.OnSwitch
// gets to know it. Between Ended and Began the thread does not hash.
type Switch struct {
	Thread int
	Task   *Task         // the new one; not to be kept
	Ended  time.Time     // end of the last kernel call before; zero if it is the thread's first
	Began  time.Time     // start of the first kernel call on Task
	Busy   time.Duration // processor time of the thread in between; the rest went to others, or to pauses
}

// callEnd is when a kernel call ended, by the wall and the thread's own clock.
type callEnd struct {
	wall time.Time
	own  time.Duration
}

// switched tells of the first call on a task, which begins now.
func (t *thread) switched(task *Task, own time.Duration) {
	s := Switch{Thread: t.index, Task: task, Ended: t.last.wall, Began: time.Now()}
	if !s.Ended.IsZero() {
		s.Busy = own - t.last.own
	}
	t.e.onSwitch(s)
}
