package stratum_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// floods opens connections that say as much as the server reads, and drop what
// it answers.
func floods(t *testing.T, h *hall, n int) (conns []net.Conn) {
	t.Helper()
	for range n {
		c := h.dial("")
		t.Cleanup(func() { c.Close() })
		go func() { _, _ = io.Copy(io.Discard, c) }()
		_, err := io.WriteString(c, authorize)
		must(t, err)
		go func() {
			for err := error(nil); err == nil; {
				_, err = io.WriteString(c, strings.Repeat(`{"id":1,"method":"mining.ping"}`+"\n", 20_000))
			}
		}()
		conns = append(conns, c)
	}
	return conns
}

// However many floods there are, they are read at one rate together, and who
// sends as a rig does waits for none of them.
func TestFloodsShare(t *testing.T) {
	for _, n := range []int{1, 10} {
		inBubble(t, stratum.ServerConfig{Limits: stratum.Limits{FairRate: 100, SpareRate: 4000, MessageBurst: 1_000_000}}, func(t *testing.T, h *hall) {
			h.desk.home.Publish(laneJob(t, 1, "house"))
			c := h.connect(plain(), "user", "fd=1e-7")
			floods(t, h, n)
			synctest.Wait()
			before := h.Stats().Messages
			const secs = 10
			for range secs {
				pass(time.Second)
				start := time.Now()
				must(t, c.Mine())
				if d := time.Since(start); d > 0 {
					t.Errorf("beside %d floods a rig waited for %v", n, d)
				}
			}
			st := h.Stats()
			read := int(st.Messages-before) - secs
			if most := secs * (4000 + 100*n); read < most*9/10 || read > most*11/10 {
				t.Errorf("%d messages of %d floods were read in %d s, want some %d", read, n, secs, most)
			}
			if st.Limited["spare-rate"] == 0 || st.Connections != n+1 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// A flood does not go on for ever because it is read slowly, and one that
// waits does not hold up the end of the server.
func TestFloodsEnd(t *testing.T) {
	limits := stratum.Limits{FairRate: 10, SpareRate: 1000, MessageRate: 1000, MessageBurst: 10_000}
	inBubble(t, stratum.ServerConfig{Limits: limits}, func(t *testing.T, h *hall) {
		h.desk.home.Publish(laneJob(t, 1, "house"))
		c := h.connect(plain(), "user", "fd=1e-7")
		floods(t, h, 3)
		pass(5 * time.Second)
		if st := h.Stats(); st.Connections != 4 {
			t.Errorf("%+v", st)
		}
		pass(7 * time.Second)
		if st := h.Stats(); st.Connections != 1 || st.Dropped["message-rate"] != 3 || st.Messages > 20_000 {
			t.Errorf("%+v", st)
		}
		must(t, c.Mine())
		floods(t, h, 3)
		pass(time.Second)
		start := time.Now()
		h.Close()
		h.serving.Wait()
		if d := time.Since(start); d > 0 {
			t.Errorf("the server's connections ended after %v", d)
		}
	})
}
