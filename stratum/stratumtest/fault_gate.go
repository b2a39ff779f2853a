package stratumtest

import (
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// gate is where a direction of a FaultConn stands still.
type gate struct {
	stuck chan struct{} // closed when somebody stands at it
	once  sync.Once

	mu       sync.Mutex
	free     bool
	changed  chan struct{} // closed when free or deadline changes, and replaced
	deadline time.Time
}

func (g *gate) init(shut bool) {
	g.stuck, g.changed, g.free = make(chan struct{}), make(chan struct{}), !shut
}

// wait stands still until the gate is open, its deadline is over or the
// connection done.
func (g *gate) wait(done <-chan struct{}, op string) error {
	for {
		g.mu.Lock()
		free, changed, deadline := g.free, g.changed, g.deadline
		g.mu.Unlock()
		if free {
			return nil
		}
		g.once.Do(func() { close(g.stuck) })
		var late <-chan time.Time
		if !deadline.IsZero() {
			t := time.NewTimer(time.Until(deadline))
			defer t.Stop()
			late = t.C
		}
		select {
		case <-done:
			return fmt.Errorf("%s: %w", op, net.ErrClosed)
		case <-late:
			return fmt.Errorf("%s: stalled on purpose: %w", op, os.ErrDeadlineExceeded)
		case <-changed:
		}
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = true
	g.tell()
}

func (g *gate) setDeadline(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deadline = t
	g.tell()
}

func (g *gate) tell() {
	close(g.changed)
	g.changed = make(chan struct{})
}
