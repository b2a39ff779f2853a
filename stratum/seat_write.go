package stratum

import (
	"slices"
	"sync"
	"time"
)

// Lines of a connection leave in the order in which its state changed: they
// are made and posted under its mu. Whoever finds nobody writing writes; what
// others post in the meantime he writes too. Shards never wait: what a socket
// does not take at once is left to a goroutine that ends when it is taken.

// post sends lines. The caller holds mu, which post gives up, and lines may be
// used again when post returns.
func (s *Seat) post(lines []byte, now int64) {
	if s.why != dropNone || len(lines) == 0 {
		s.mu.Unlock()
		return
	}
	s.wrote = now
	if s.writing {
		over := len(s.queue)+len(lines) > s.srv.limits.QueueBytes
		if !over {
			s.queue = append(s.queue, lines...)
		}
		s.mu.Unlock()
		if over {
			s.drop(dropQueue)
		}
		return
	}
	s.writing = true
	s.mu.Unlock()
	s.write(lines, false)
}

// flush writes the collected replies, and waits until the peer has taken them.
func (s *Seat) flush() {
	if len(s.s.replies) == 0 {
		return
	}
	s.mu.Lock()
	s.lockWriting()
	s.wrote = s.now
	s.mu.Unlock()
	s.write(s.s.replies, true)
	s.s.replies = s.s.replies[:0]
}

// lockWriting waits until nobody writes, so that a peer that does not read is
// not read from. The caller holds mu and is the writer afterwards.
func (s *Seat) lockWriting() {
	for s.writing && s.why == dropNone {
		if s.room == nil {
			s.room = sync.NewCond(&s.mu)
		}
		s.room.Wait()
	}
	s.writing = true
}

// write writes lines and then the queue. The caller has set writing.
func (s *Seat) write(lines []byte, patient bool) {
	for {
		n, err := 0, error(nil)
		if s.sock != nil {
			n, err = s.sock.TryWrite(lines)
		}
		if err == nil && n < len(lines) {
			if !patient {
				s.mu.Lock()
				s.queue = slices.Insert(s.queue, 0, lines[n:]...)
				s.mu.Unlock()
				s.shard.tally.bytesOut.Add(uint64(n))
				go s.drain()
				return
			}
			var m int
			if err = s.conn.SetWriteDeadline(time.Now().Add(s.srv.limits.WriteTime)); err == nil {
				m, err = s.conn.Write(lines[n:])
			}
			if err == nil && s.sock != nil {
				err = s.conn.SetWriteDeadline(time.Time{}) // TryWrite would heed it
			}
			n += m
		}
		s.shard.tally.bytesOut.Add(uint64(n))
		if err != nil {
			s.drop(dropWrite)
		}
		s.mu.Lock()
		if len(s.queue) == 0 || s.why != dropNone {
			s.writing = false
			if s.room != nil {
				s.room.Signal()
			}
			s.mu.Unlock()
			return
		}
		lines, s.queue = s.queue, nil
		s.mu.Unlock()
	}
}

// drain writes the queue, and waits for the peer. The caller has set writing.
func (s *Seat) drain() {
	s.mu.Lock()
	lines := s.queue
	s.queue = nil
	s.mu.Unlock()
	s.write(lines, true)
}
