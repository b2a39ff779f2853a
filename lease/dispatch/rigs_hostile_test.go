package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/stratum"
)

// attack is something a hostile peer does until it is sent away.
type attack struct {
	name string
	do   func(net.Conn) error // returns when the connection is over
}

const hello = `{"id":1,"method":"mining.subscribe","params":["x"]}` + "\n"

// repeat writes until the peer has enough of it.
func repeat(c net.Conn, text func() string) error {
	for {
		if _, err := io.WriteString(c, text()); err != nil {
			return err
		}
	}
}

// attacks are what the port has to stand.
func attacks() []attack {
	login := hello + `{"id":2,"method":"mining.authorize","params":["mole","` + rigToken + `"]}` + "\n"
	return []attack{
		{"garbage", func(c net.Conn) error {
			return repeat(c, func() string {
				b := make([]byte, 1+rand.IntN(300))
				for i := range b {
					b[i] = byte(rand.Uint32())
				}
				return "{" + string(b) + "\n"
			})
		}},
		{"half-open", func(c net.Conn) error { return drain(c) }},
		{"half a line", func(c net.Conn) error {
			if _, err := io.WriteString(c, hello+`{"id":3,`); err != nil {
				return err
			}
			return drain(c)
		}},
		{"endless line", func(c net.Conn) error {
			return repeat(c, func() string { return "{" + strings.Repeat(" ", 1000) })
		}},
		{"never reads", func(c net.Conn) error {
			if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
				return err
			}
			ping := `{"id":"` + strings.Repeat("9", 120) + `","method":"mining.ping","params":[]}` + "\n" // the reply has the id
			if _, err := io.WriteString(c, login); err != nil {
				return err
			}
			return repeat(c, func() string { return ping })
		}},
		{"flood", func(c net.Conn) error {
			go func() { _ = drain(c) }()
			calls := strings.Repeat(`{"id":9,"method":"mining.nonsense","params":[]}`+"\n", 200)
			if _, err := io.WriteString(c, login); err != nil {
				return err
			}
			return repeat(c, func() string { return calls })
		}},
		{"worthless shares", func(c net.Conn) error {
			go func() { _ = drain(c) }()
			if _, err := io.WriteString(c, login); err != nil {
				return err
			}
			n := 0
			return repeat(c, func() string {
				n++
				return fmt.Sprintf(`{"id":4,"method":"mining.submit","params":["mole","00","%08x","00000000","00000000"]}`+"\n", n) +
					fmt.Sprintf(`{"id":4,"method":"mining.submit","params":["nobody","00","%08x","00000000","00000000"]}`+"\n", n)
			})
		}},
	}
}

// drain reads until the peer hangs up.
func drain(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return err
}

// assaultTime is how long a hostile connection may last: floods are read slowly
// before they are sent away, on a busy machine very slowly.
const assaultTime = time.Minute

// assault lets every attack, or those that are named, go on, n connections of
// each at a time, until the function that it returns is called.
func (f *farm) assault(n int, names ...string) (relent func() (connections int)) {
	ctx, cancel := context.WithCancel(f.ctx)
	var fighting sync.WaitGroup
	var mu sync.Mutex
	count := 0
	for _, a := range attacks() {
		if len(names) > 0 && !slices.Contains(names, a.name) {
			continue
		}
		for range n {
			fighting.Go(func() {
				for ctx.Err() == nil {
					c, err := net.Dial("tcp", f.addr)
					if err != nil {
						continue
					}
					mu.Lock()
					count++
					mu.Unlock()
					stop := context.AfterFunc(ctx, func() { c.Close() })
					_ = c.SetDeadline(time.Now().Add(assaultTime))
					if err := a.do(c); errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
						f.t.Errorf("%s: still connected after %v", a.name, assaultTime)
					}
					stop()
					c.Close()
				}
			})
		}
	}
	relent = sync.OnceValue(func() int {
		cancel()
		fighting.Wait()
		return count
	})
	f.t.Cleanup(func() { relent() })
	return relent
}

// besieged is a node whose limits are met soon.
func besieged(c *dispatch.Config) {
	c.Stratum.Limits = stratum.Limits{
		PreAuthTime: time.Second, WriteTime: time.Second, LineBytes: 4096, MessageRate: 1000, MessageBurst: 40_000, InvalidShares: 20,
	}
}

// Whatever hostile peers do, they are sent away, and rigs work on beside them:
// nothing that they submit is refused or lost. TestAllHostilePeersDisturbNobody has what takes longer.
func TestHostilePeersDisturbNobody(t *testing.T) {
	disturb(t, []string{"line-bytes", "malformed", "pre-auth-time", "invalid-shares"},
		"garbage", "half a line", "endless line", "worthless shares")
}

// disturb lets rigs work beside attacks, all when none are named, until the
// limits are met.
func disturb(t *testing.T, limits []string, attacks ...string) {
	p := newPlantOf(t, hardCoin)
	f := p.farm(t, besieged)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	p.addRig(t, "mole", "", 0)
	rigs, work := f.crew("one", "two")
	rest := work()
	f.until("they work", func() bool { return minedBy(rigs) > 20 }) // good work keeps bans away from their address
	relent := f.assault(2, attacks...)
	for _, name := range limits {
		f.until(name+" was met", func() bool { return f.Server().Stats().Dropped[name] > 0 })
	}
	if len(attacks) == 0 {
		f.until("who says nothing is sent away", func() bool { return f.port.Stats().Refused["timeout"] > 0 })
	}
	n := minedBy(rigs)
	f.until("they work on", func() bool { return minedBy(rigs) > n+100 })
	rest()
	relent()
	if st := f.Server().Stats(); st.Banned > 0 {
		t.Errorf("an address is banned from which good work comes: %+v", st)
	}
	f.stop()
	f.wantNoLoss(rigs)
}

// wantNoLoss wants every share accepted, and those in the store that are
// receipts.
func (f *farm) wantNoLoss(rigs []*rig) {
	f.t.Helper()
	for _, r := range rigs {
		for _, m := range r.shares() {
			if m.err != nil {
				f.t.Errorf("%s: share %v refused: %v", r.name, m.hash, m.err)
			}
		}
	}
	if f.checkCredit([]lease.Lease{}, rigs...) == 0 {
		f.t.Error("no receipts")
	}
}
