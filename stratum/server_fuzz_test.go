package stratum_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// states are what may have been said before; JOB stands for the job's id.
var states = []string{
	"",
	subscribe,
	subscribe + authorize,
	authorize + subscribe + `{"id":3,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff"}]}` + "\n" +
		`{"id":4,"method":"mining.submit","params":["user","JOB","00000001","6553f100","00000001"]}` + "\n",
}

// FuzzServer lets a peer say anything in every state of the protocol. Whatever
// it is, replies are JSON, notifications are the server's, no share counts
// twice, and another worker is served as ever.
func FuzzServer(f *testing.F) {
	for i, line := range []string{
		subscribe, authorize, "{}\n", "\x00\n", `{"id":[],"method":"x"}` + "\n", `{"id":1,"result":true,"error":null}` + "\n",
		`{"id":"\u0000","method":"mining.configure","params":[["minimum-difficulty","version-rolling","\"x"],{"minimum-difficulty.value":1e30,"version-rolling.min-bit-count":"99"}]}` + "\n",
		`{"id":null,"method":"mining.suggest_difficulty","params":["1e-30"]}` + "\n" + `{"id":1.0,"method":"mining.suggest_target","params":["` + strings.Repeat("f", 64) + `"]}` + "\n",
		`{"id":4,"method":"mining.submit","params":["user","JOB","00000001","6553f100","00000001","00002000"]}` + "\n",
		`{"id":4,"method":"mining.submit","params":["\u0075ser","JOB","00000002","6553f101","00000001",null]}` + "\n",
		`{"id":4,"method":"mining.submit","params":[` + "\n", `{"id":5,"method":"mining.authorize","params":["nobody","d=1e9,fd=2"]}` + "\n",
		`{"id":6,"method":"mining.subscribe","params":["a","0011223344556677","h",1]}` + "\n", `{"id":7,"method":"mining.ping"}` + "\r\n\r\n",
	} {
		f.Add(uint8(i), []byte(line))
	}
	f.Fuzz(func(t *testing.T, state uint8, said []byte) {
		inBubble(t, stratum.ServerConfig{}, func(t *testing.T, h *hall) {
			j := laneJob(t, 1, "house")
			j.Hardest = miner.MaxTarget
			h.desk.home.Publish(j)
			good := h.connect(plain(), "user", "x")
			say := strings.ReplaceAll(states[int(state)%len(states)]+string(said), "JOB", good.Job.ID)

			conn := newBuffered(h.dial(""))
			_, _ = io.WriteString(conn, say)
			synctest.Wait()
			must(t, good.Mine())
			h.desk.home.Publish(laneJob(t, 2, "house"))
			pass(45 * time.Second)
			conn.Close()
			synctest.Wait()
			for _, line := range bytes.Split(conn.data, []byte("\n")) {
				if len(line) > 0 && !json.Valid(line) {
					t.Errorf("not JSON: %q", line)
				}
			}
			seen := make(map[miner.Hash]bool)
			for _, a := range h.desk.shares() {
				if seen[a.Hash] || a.Header.Hash() != a.Hash || !a.Hash.Meets(a.Issue.Target) {
					t.Errorf("%+v", a)
				}
				seen[a.Hash] = true
			}
			if st := h.Stats(); st.Connections != 1 || st.Accepted != uint64(len(seen)) {
				t.Errorf("%+v", st)
			}
			good.Close()
		})
	})
}
