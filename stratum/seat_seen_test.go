package stratum

import (
	"testing"

	"github.com/hashlease/hashlease/miner"
)

// TestSeenIsBounded has an upstream that changes its block all the time and
// never says that the old one is over: hashes are kept as long as a job may be
// named, and not for ever.
func TestSeenIsBounded(t *testing.T) {
	s := &Seat{claim: new(claim)}
	for n := range byte(200) {
		w := &work{tip: &tip{prev: miner.Hash{n}}}
		s.jobs = append(s.jobs, handed{work: w})
		s.jobs = s.jobs[max(len(s.jobs)-10, 0):]
		for i, h := range s.jobs {
			if seen := s.claim.seenOn(h.work.tip, 100, s.holds); !seen.Add(miner.Hash{n}) {
				t.Fatal("a new hash is not new")
			} else if want := min(int(n)+1, 10) - i; seen.Len() != want {
				t.Fatalf("%d hashes of job %d, want %d", seen.Len(), i, want)
			}
		}
		hashes := 0
		for i := range s.claim.seen {
			hashes += s.claim.seen[i].seen.Len()
		}
		if hashes > 120 || n > 20 && hashes < 90 {
			t.Fatalf("%d hashes are kept", hashes)
		}
	}
}

// TestLoginBeforeSubscription says who it is before it subscribes: its wish is
// heard all the same, though its name is one of slow devices.
func TestLoginBeforeSubscription(t *testing.T) {
	d := &benchDesk{}
	srv, err := NewServer(ServerConfig{Desk: d})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	d.home = srv.NewLane("house")
	for password, want := range map[string]int8{"d=4096": 12, "fd=4096": 12, "x": slowLevel} {
		s := newSeat(srv, srv.shards[0], sink{}, 0, srv.clock())
		s.s = new(scratch)
		s.line([]byte(`{"id":1,"method":"mining.authorize","params":["user","` + password + `"]}`))
		s.line([]byte(`{"id":2,"method":"mining.subscribe","params":["cpuminer/2.5.1"]}`))
		if s.level != want {
			t.Errorf("%s: level %d, want %d", password, s.level, want)
		}
	}
}
