package sandbox

import (
	"sync/atomic"
	"time"
)

// clock is the time by which blocks are judged: never behind the newest block
// taken, so that a clock that was set back does not stop the chain.
type clock struct {
	now   func() time.Time
	floor atomic.Int64 // Unix seconds
}

// AdjustedTime returns the time by which a block may not be too new.
func (c *clock) AdjustedTime() time.Time {
	return time.Unix(max(c.now().Unix(), c.floor.Load()), 0)
}

// raise moves the floor up to t.
func (c *clock) raise(t time.Time) { c.floor.Store(max(c.floor.Load(), t.Unix())) }

// AddTimeSample does nothing: there are no peers.
func (c *clock) AddTimeSample(string, time.Time) {}

// Offset is zero: there are no peers.
func (c *clock) Offset() time.Duration { return 0 }
