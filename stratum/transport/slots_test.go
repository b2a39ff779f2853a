package transport

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSlotKey(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := slotKey(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if slotKey(netip.Addr{}).IsValid() {
		t.Error("no address has a key")
	}
}

// TestSlots compares with a plain list.
func TestSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most, perAddr := rapid.IntRange(1, 6).Draw(t, "max"), rapid.IntRange(1, 4).Draw(t, "per address")
		s := newSlots(most, perAddr)
		now := time.Unix(1e9, 0)
		var all, held []*slot // held: oldest first
		count := func(key netip.Prefix) (n int) {
			for _, h := range held {
				if h.key == key {
					n++
				}
			}
			return n
		}
		drop := func(x *slot) bool {
			for i, h := range held {
				if h == x {
					held = append(held[:i:i], held[i+1:]...)
					return true
				}
			}
			return false
		}
		key := func() netip.Prefix {
			i := rapid.IntRange(0, 3).Draw(t, "address")
			if i == 0 {
				return netip.Prefix{}
			}
			return slotKey(v4(192, 0, 2, byte(i)))
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
				n := &slot{conn: &net.TCPConn{}, key: key(), since: now}
				full := n.key.IsValid() && count(n.key) >= perAddr
				var loser *slot
				if !full && len(held) >= most {
					if loser = held[0]; now.Sub(loser.since) < slotGrace {
						full, loser = true, nil
					}
				}
				evicted, ok := s.enter(n)
				if ok == full || (evicted != nil) != (loser != nil) || loser != nil && evicted != loser.conn {
					t.Fatalf("entered: %t, evicted: %v; want %t, %v", ok, evicted, !full, loser)
				}
				if loser != nil {
					drop(loser)
				}
				if ok {
					held, all = append(held, n), append(all, n)
				}
			},
			"leave": func(t *rapid.T) {
				if len(all) == 0 {
					return
				}
				x := rapid.SampledFrom(all).Draw(t, "who")
				if got, want := s.leave(x), drop(x); got != want {
					t.Fatalf("left: %t, want %t", got, want)
				}
			},
			"move": func(t *rapid.T) {
				if len(held) == 0 {
					return
				}
				x, to := rapid.SampledFrom(held).Draw(t, "who"), key()
				want := !to.IsValid() || count(to) < perAddr
				if got := s.move(x, to); got != want {
					t.Fatalf("moved: %t, want %t", got, want)
				}
			},
			"": func(t *rapid.T) {
				sum := 0
				for k, n := range s.byAddr {
					if n != count(k) || n <= 0 {
						t.Fatalf("%d of %s, want %d", n, k, count(k))
					}
					sum += n
				}
				if s.len() != len(held) || sum > len(held) || len(held) > most {
					t.Fatalf("%d slots, want %d", s.len(), len(held))
				}
			},
		})
	})
}
