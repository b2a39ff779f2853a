package stratum

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Errors of Admit.
var (
	ErrBanned = errors.New("the address is banned for a while")
	ErrFull   = errors.New("too many connections")
)

// gate counts connections, in all and by address, and keeps banned addresses
// out. Addresses that are not known, as those of pipes, are not counted.
type gate struct {
	limits Limits

	mu     sync.Mutex
	open   int
	byAddr map[netip.Addr]*visitors
	bans   map[netip.Addr]int64 // Unix nanoseconds of their ends
}

// visitors are the connections of one address.
type visitors struct {
	n    int
	good int // of them, whose shares count
}

func newGate(l Limits) *gate {
	return &gate{limits: l, byAddr: make(map[netip.Addr]*visitors), bans: make(map[netip.Addr]int64)}
}

// addressOf returns what a connection is counted by: the IPv4 address or the
// network of the IPv6 /64.
func addressOf(a net.Addr) netip.Addr {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return network(t.AddrPort().Addr())
}

func network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// check says why another connection cannot be taken.
func (g *gate) check(a netip.Addr, now int64) (drop int) {
	if g.open >= g.limits.Connections {
		return dropConnections
	}
	if end, banned := g.bans[a]; banned {
		if now < end {
			return dropBanned
		}
		delete(g.bans, a)
	}
	if v := g.byAddr[a]; v != nil && v.n >= g.limits.PerAddress {
		return dropPerAddress
	}
	return dropNone
}

func (g *gate) enter(a netip.Addr, now int64) (drop int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if drop = g.check(a, now); drop != dropNone {
		return drop
	}
	g.open++
	if a.IsValid() {
		v := g.byAddr[a]
		if v == nil {
			v = new(visitors)
			g.byAddr[a] = v
		}
		v.n++
	}
	return dropNone
}

func (g *gate) leave(a netip.Addr, good bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	if v := g.byAddr[a]; v != nil {
		v.n--
		if good {
			v.good--
		}
		if v.n == 0 {
			delete(g.byAddr, a)
		}
	}
}

// worth says that the shares of a connection count, or no more.
func (g *gate) worth(a netip.Addr, by int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v := g.byAddr[a]; v != nil {
		v.good += by
	}
}

// ban keeps an address out for a while, unless others of it do good work:
// whole farms come from one address. It reports whether an older ban had to be
// forgotten for it.
func (g *gate) ban(a netip.Addr, now int64) (forgot bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v := g.byAddr[a]; !a.IsValid() || v != nil && v.good > 0 {
		return false
	}
	if len(g.bans) >= g.limits.Bans {
		var first netip.Addr
		for b, end := range g.bans {
			if !first.IsValid() || end < g.bans[first] {
				first = b
			}
		}
		forgot = g.bans[first] > now
		delete(g.bans, first)
	}
	g.bans[a] = now + int64(g.limits.BanTime)
	return forgot
}

// counts returns the open connections and the banned addresses.
func (g *gate) counts(now int64) (open, banned int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, end := range g.bans {
		if now < end {
			banned++
		}
	}
	return g.open, banned
}

// Admit says whether a connection of an address would be taken now: an error
// is ErrBanned or ErrFull. A listener can ask before it pays for a handshake.
func (s *Server) Admit(a netip.Addr) error {
	s.gate.mu.Lock()
	drop := s.gate.check(network(a), s.clock())
	s.gate.mu.Unlock()
	if drop == dropNone {
		return nil
	}
	s.shards[0].tally.dropped[drop].Add(1)
	if drop == dropBanned {
		return ErrBanned
	}
	return ErrFull
}

// clock returns the time in nanoseconds. It begins with the Unix time and goes
// on evenly, for limits must not act up when the machine's clock is set.
func (s *Server) clock() int64 { return s.began.UnixNano() + int64(time.Since(s.began)) }

// date is a clock's time as others want it, by the machine's clock as it is now.
func (s *Server) date(ns int64) time.Time {
	return s.cfg.Now().Round(0).Add(time.Duration(ns - s.clock()))
}
