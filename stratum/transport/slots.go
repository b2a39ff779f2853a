package transport

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// slotGrace is how long a handshake is safe from newcomers. Below it the
// newcomer has to go: when the processors are the bottleneck, what has been
// begun gets done.
const slotGrace = 2 * time.Second

// slots bounds the connections that have not said yet what they are. When all
// are taken, the one that has hesitated longest makes room.
type slots struct {
	mu      sync.Mutex
	max     int
	perAddr int
	taken   int
	byAddr  map[netip.Prefix]int
	ring    slot // its next is the oldest
	closed  bool
}

// slot is the place of one connection.
type slot struct {
	conn       net.Conn
	key        netip.Prefix // counted by it; not valid: not counted
	since      time.Time
	prev, next *slot // nil outside of the ring
}

func newSlots(most, perAddr int) *slots {
	s := &slots{max: most, perAddr: perAddr, byAddr: make(map[netip.Prefix]int)}
	s.ring.prev, s.ring.next = &s.ring, &s.ring
	return s
}

// slotKey is what addresses are counted by: IPv6 hosts have a /64.
func slotKey(a netip.Addr) netip.Prefix {
	if !a.IsValid() {
		return netip.Prefix{}
	}
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

// enter takes a slot. If another connection had to make room, it is returned
// and has to be closed; its leave will say that it lost its slot.
func (s *slots) enter(n *slot) (evicted net.Conn, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.room(n.key) {
		return nil, false
	}
	if s.taken >= s.max {
		old := s.ring.next
		if n.since.Sub(old.since) < slotGrace {
			return nil, false
		}
		s.remove(old)
		evicted = old.conn
	}
	n.prev, n.next = s.ring.prev, &s.ring
	n.prev.next, n.next.prev = n, n
	s.taken++
	s.count(n.key, 1)
	return evicted, true
}

// move counts a connection by another address, if that one has room.
func (s *slots) move(n *slot, key netip.Prefix) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.next == nil || !s.room(key) {
		return false
	}
	s.count(n.key, -1)
	n.key = key
	s.count(n.key, 1)
	return true
}

// leave gives a slot back and reports whether it had not been lost.
func (s *slots) leave(n *slot) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.next == nil {
		return false
	}
	s.remove(n)
	return true
}

// close takes all slots away, for good, and closes their connections.
func (s *slots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for s.ring.next != &s.ring {
		n := s.ring.next
		s.remove(n)
		n.conn.Close()
	}
}

func (s *slots) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func (s *slots) room(key netip.Prefix) bool {
	return !key.IsValid() || s.byAddr[key] < s.perAddr
}

func (s *slots) remove(n *slot) {
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
	s.taken--
	s.count(n.key, -1)
}

func (s *slots) count(key netip.Prefix, by int) {
	if !key.IsValid() {
		return
	}
	if s.byAddr[key] += by; s.byAddr[key] == 0 {
		delete(s.byAddr, key)
	}
}
