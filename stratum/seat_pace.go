package stratum

import (
	"runtime"
	"sync/atomic"
	"time"
)

// What a connection sends is paid for twice. Its own account says how much it
// may send at all: Limits.MessageRate. What is beyond Limits.FairRate, which no
// rig sends for long, is paid for from one account of all connections: who
// wants more than there is, waits until it is read. So floods share what is
// left to them, however many they are, and nobody else waits for them.

// freeBytes is how many bytes count as much as a message.
const freeBytes = 1 << 10

// affords counts a message, and drops a connection that has sent too many.
func (s *Seat) affords() bool {
	s.shard.tally.messages.Add(1)
	if !s.pays(freeBytes) {
		s.drop(dropRate)
		return false
	}
	return len(s.workers) > 0 || s.strange() // only this goroutine adds workers
}

// price is the time, in nanoseconds, that one message stands for.
func price(rate int) int64 { return max(1e9/int64(rate), 1) }

// pays counts what a peer has sent, in bytes, and reports whether that is not
// too much.
func (s *Seat) pays(bytes int64) bool {
	l := &s.srv.limits
	s.paid = max(s.paid, s.now) + price(l.MessageRate)*bytes/freeBytes
	if s.fair = max(s.fair, s.now) + price(l.FairRate)*bytes/freeBytes; s.fair-s.now > 1e9 {
		s.fair = s.now + 1e9
		s.excess += bytes
	}
	return s.paid-s.now <= s.leeway()
}

// leeway is how far ahead a connection may be of what it may send.
func (s *Seat) leeway() int64 {
	l := &s.srv.limits
	return price(l.MessageRate) * int64(l.MessageBurst)
}

// yields waits until others had what is theirs of what is read beyond FairRate.
// It reports false when the connection has ended.
func (s *Seat) yields() bool {
	if s.excess < freeBytes {
		return true
	}
	cost := price(s.srv.limits.SpareRate) * s.excess / freeBytes
	s.excess = 0
	wait := reserve(&s.srv.spare, s.srv.clock(), cost)
	if wait < int64(time.Millisecond) {
		runtime.Gosched()
		return true
	}
	s.shard.tally.limited[limitSpare].Add(1)
	if s.paid-s.now+wait > s.leeway() {
		s.drop(dropRate)
		return false
	}
	s.mu.Lock()
	ended := s.why != dropNone
	if s.awake == nil && !ended {
		s.awake = make(chan struct{})
	}
	awake := s.awake
	s.mu.Unlock()
	if ended {
		return false
	}
	s.waited = true
	t := time.NewTimer(time.Duration(wait))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-awake:
		return false
	}
}

// owes charges who had to wait, until now, and has even more to say than is
// read at once. Waiting pays for nothing, and costs as much as sending at
// MessageRate: a flood ends after a while, however slowly it is read.
func (s *Seat) owes(since int64, more bool) {
	if s.waited && more {
		s.paid = max(s.paid, since) + 2*(s.now-since)
	}
	s.waited = false
}

// reserve takes cost nanoseconds of an account that is paid until some time,
// and returns how long to wait for one's turn.
func reserve(account *atomic.Int64, now, cost int64) (wait int64) {
	for {
		until := account.Load()
		from := max(until, now)
		if account.CompareAndSwap(until, from+cost) {
			return from - now
		}
	}
}

// strange counts a message of one who is nobody yet, and drops a connection
// that sends too many.
func (s *Seat) strange() bool {
	s.messages++
	if s.messages > s.srv.limits.PreAuthMessages {
		s.drop(dropPreAuthCount)
		return false
	}
	return true
}
