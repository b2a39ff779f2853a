package stratumtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Faults says what goes wrong with a connection. The zero value is a
// connection that works. Whatever is drawn at random is drawn from Seed, for
// reads and for writes apart, so that the same calls on a connection meet the
// same faults, however its two directions interleave.
type Faults struct {
	Seed uint64

	ShortReads    int // bytes of a read at most; 1: byte by byte; 0: no limit
	PartialWrites int // bytes that are written at once, at most; the size of each piece is drawn; 0: no limit

	// ReadDelay and WriteDelay are drawn up to these, before every read and
	// piece. Time is package time's, so that in a synctest bubble nobody waits.
	ReadDelay, WriteDelay time.Duration

	// After these many bytes, counted from 1, the connection is reset: reads
	// and writes fail with ECONNRESET. 0: never.
	ResetAfterRead, ResetAfterWrite int

	// After these many bytes, counted from 1, a direction stalls, until Resume,
	// a deadline or Close. A stalled reader is a peer that takes nothing any
	// more. 0: never.
	StallAfterRead, StallAfterWrite int

	// Garbage is how often, in percent of the lines written, a line that makes
	// no sense goes before the next one.
	Garbage int
}

// FaultConn is a connection with Faults. It may be read by one goroutine and
// written by one other at a time.
type FaultConn struct {
	net.Conn
	f Faults

	reads, writes direction
	done          chan struct{}
	once          sync.Once
	broken        atomic.Bool // by a reset
}

// direction is one half of a FaultConn. All but gate belongs to whoever reads
// or writes.
type direction struct {
	gate  gate
	rng   *rand.Rand
	moved int  // bytes, without garbage
	begun bool // within a line
}

// errReset is what a reset looks like on a real connection.
func errReset(op string) error {
	return fmt.Errorf("%s: reset on purpose: %w", op, syscall.ECONNRESET)
}

// NewFaultConn puts faults between a connection and whoever uses it.
func NewFaultConn(conn net.Conn, f Faults) *FaultConn {
	c := &FaultConn{Conn: conn, f: f, done: make(chan struct{})}
	c.reads.rng = rand.New(rand.NewPCG(f.Seed, 'r'))
	c.writes.rng = rand.New(rand.NewPCG(f.Seed, 'w'))
	c.reads.gate.init(f.StallAfterRead > 0)
	c.writes.gate.init(f.StallAfterWrite > 0)
	return c
}

// Read reads with the faults of reading.
func (c *FaultConn) Read(p []byte) (int, error) {
	d := &c.reads
	if err := c.wait(d, c.f.ReadDelay); err != nil {
		return 0, c.cause(err, "read")
	}
	p, err := c.next(d, p, c.f.StallAfterRead, c.f.ResetAfterRead, "read")
	if err != nil {
		return 0, err
	}
	if c.f.ShortReads > 0 {
		p = p[:min(len(p), c.f.ShortReads)]
	}
	n, err := c.Conn.Read(p)
	d.moved += n
	return n, c.cause(err, "read")
}

// Write writes with the faults of writing. What it reports does not count
// garbage.
func (c *FaultConn) Write(p []byte) (written int, err error) {
	d := &c.writes
	for len(p) > 0 {
		if err := c.wait(d, c.f.WriteDelay); err != nil {
			return written, c.cause(err, "write")
		}
		piece, err := c.next(d, p, c.f.StallAfterWrite, c.f.ResetAfterWrite, "write")
		if err != nil {
			return written, err
		}
		if c.f.PartialWrites > 0 {
			piece = piece[:min(len(piece), 1+d.rng.IntN(c.f.PartialWrites))]
		}
		if c.f.Garbage > 0 {
			if !d.begun && d.rng.IntN(100) < c.f.Garbage {
				if _, err := c.Conn.Write(garbage(d.rng)); err != nil {
					return written, c.cause(err, "write")
				}
			}
			piece = piece[:lineEnd(piece)]
			d.begun = piece[len(piece)-1] != '\n'
		}
		n, err := c.Conn.Write(piece)
		d.moved, written, p = d.moved+n, written+n, p[n:]
		if err != nil {
			return written, c.cause(err, "write")
		}
	}
	return written, nil
}

// next bounds p by the next stall or reset, and stands still or fails if that
// is due.
func (c *FaultConn) next(d *direction, p []byte, stall, reset int, op string) ([]byte, error) {
	if stall > 0 && d.moved >= stall {
		if err := d.gate.wait(c.done, op); err != nil {
			return nil, c.cause(err, op)
		}
	} else if stall > 0 {
		p = p[:min(len(p), stall-d.moved)]
	}
	if reset > 0 && d.moved >= reset {
		c.Reset()
		return nil, errReset(op)
	} else if reset > 0 {
		p = p[:min(len(p), reset-d.moved)]
	}
	return p, nil
}

// cause makes the failures of a connection that was reset look like it.
func (c *FaultConn) cause(err error, op string) error {
	if err != nil && c.broken.Load() {
		return errReset(op)
	}
	return err
}

// wait lets a drawn part of most go by.
func (c *FaultConn) wait(d *direction, most time.Duration) error {
	if most <= 0 {
		return nil
	}
	t := time.NewTimer(time.Duration(d.rng.Int64N(int64(most) + 1)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.done:
		return net.ErrClosed
	}
}

// Resume ends the stalls of both directions, for good.
func (c *FaultConn) Resume() {
	c.reads.gate.open()
	c.writes.gate.open()
}

// Stalled waits until a write or a read stands still, or the connection is
// closed, and reports which.
func (c *FaultConn) Stalled() bool {
	select {
	case <-c.reads.gate.stuck:
	case <-c.writes.gate.stuck:
	case <-c.done:
		return false
	}
	return true
}

// Reset ends the connection as a crash of the peer does: what is on its way
// gets lost, and the other end of a TCP connection is told.
func (c *FaultConn) Reset() {
	c.broken.Store(true)
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// Close closes the connection and ends stalls and delays.
func (c *FaultConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}

// SetDeadline is for stalls too.
func (c *FaultConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline is for stalls too.
func (c *FaultConn) SetReadDeadline(t time.Time) error {
	c.reads.gate.setDeadline(t)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is for stalls too.
func (c *FaultConn) SetWriteDeadline(t time.Time) error {
	c.writes.gate.setDeadline(t)
	return c.Conn.SetWriteDeadline(t)
}

// lineEnd is how many bytes of p are up to the end of its first line.
func lineEnd(p []byte) int {
	for i, b := range p {
		if b == '\n' {
			return i + 1
		}
	}
	return len(p)
}
