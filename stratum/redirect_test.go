package stratum_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// TestReconnect follows the pool within its domain and nowhere else.
func TestReconnect(t *testing.T) {
	for _, c := range []struct {
		home, host string
		port       int
		follow     bool
	}{
		{"one.example.com", "", 0, true},
		{"one.example.com", "", 4444, true},
		{"one.example.com", "two.example.com", 0, true},
		{"one.example.com", "EXAMPLE.com", 3333, true},
		{"one.example.com", "one.example.org", 3333, false},
		{"one.example.com", "example.com.evil.net", 3333, false},
		{"one.co.uk", "two.co.uk", 3333, false},
		{"a.github.io", "b.github.io", 3333, false},
		{"127.0.0.1", "127.0.0.1", 4444, true},
		{"127.0.0.1", "127.0.0.2", 3333, false},
		{"127.0.0.1", "localhost", 3333, false},
		{"one.example.com", "127.0.0.1", 3333, false},
		{"localhost", "localhost", 4444, true},
		{"pool", "other", 3333, false},
		{"one.example.com", "bad host", 3333, false},
	} {
		t.Run(fmt.Sprintf("%s to %s %d", c.home, c.host, c.port), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := stratumtest.NewPool(t, stratumtest.Options{InMemory: true, Difficulty: easy})
				n := &network{pools: map[string]*stratumtest.Pool{c.home: p, c.host: p, strings.ToLower(c.host): p}}
				client, r := start(t, stratum.ClientConfig{
					Pools: []stratum.Pool{{URL: "tcp://" + c.home + ":3333", User: "u"}}, Dial: n.Dial,
				})
				i := r.await(t, "work", anyIssue)
				p.Reconnect(c.host, c.port, 5)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				host, port := c.host, c.port
				if host == "" || !c.follow {
					host = c.home
				}
				if port == 0 || !c.follow {
					port = 3333
				}
				s := client.Stats()
				if want := fmt.Sprintf("stratum+tcp://%s:%d", host, port); s.Pool != want {
					t.Errorf("at %s, want %s", s.Pool, want)
				}
				now, _ := r.newest()
				if moved := now != i; moved != c.follow || s.Failures != 0 {
					t.Errorf("moved %t, want %t; %d failures", moved, c.follow, s.Failures)
				}
			})
		})
	}
}

// TestReconnectWait heeds the pool's wait within bounds, and the way home.
func TestReconnectWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := stratumtest.NewPool(t, stratumtest.Options{InMemory: true, Difficulty: easy})
		n := &network{pools: map[string]*stratumtest.Pool{"one.example.com": p}}
		c, _ := start(t, stratum.ClientConfig{Pools: []stratum.Pool{{URL: "tcp://one.example.com:3333", User: "u"}}, Dial: n.Dial})
		on(t, c, "one.example.com", 0)
		p.Reconnect("gone.example.com", 0, 1_000_000)
		on(t, c, "", time.Second)
		time.Sleep(58 * time.Second)
		if n.dials("gone.example.com") != 0 {
			t.Error("the wait was not kept")
		}
		time.Sleep(4 * time.Second)
		if n.dials("gone.example.com") != 1 {
			t.Error("the wait has no bound")
		}
		on(t, c, "one.example.com", 5*time.Second) // not there: back home
	})
}
