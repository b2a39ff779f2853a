package stratum_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

const script = `{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}
{"id":2,"result":[[["mining.set_difficulty","s"],["mining.notify","s"]],"6adcff6a",8],"error":null}
{"id":null,"method":"mining.set_difficulty","params":[0.001]}
{"id":3,"result":true,"error":null}
{"id":null,"method":"mining.notify","params":["1","0641dc7d6e6f0ec1641788474c5b575b03e866b9ad7ab5786a9d4429000002f1","00","00",[],"20000000","1d00ffff","6affdc7d",true]}
{"id":null,"method":"mining.set_extranonce","params":["00",4]}
{"id":null,"method":"mining.set_version_mask","params":["00006000"]}
{"id":9,"method":"client.get_version"}
`

// FuzzClient lets a pool say anything: whatever it is, the client takes it or
// hangs up, and ends when told to.
func FuzzClient(f *testing.F) {
	f.Add([]byte(script))
	f.Add([]byte(script + `{"id":null,"method":"client.reconnect","params":["a.pool.example",1,0]}` + "\n"))
	f.Add([]byte(strings.Replace(script, `"id":1,"result":{`, `"id":1,"error":{`, 1)))
	f.Fuzz(func(t *testing.T, said []byte) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var pool sync.WaitGroup
		defer pool.Wait()
		dials := 0
		c, err := stratum.NewClient(stratum.ClientConfig{
			Pools:      []stratum.Pool{{URL: "tcp://pool.example:1", User: "u"}},
			BackoffMin: 1, BackoffMax: 1,
			Dial: func(context.Context, string) (net.Conn, error) {
				if dials++; dials > 1 {
					cancel()
					return nil, errors.New("once is enough")
				}
				ours, theirs := net.Pipe()
				pool.Go(func() {
					_, _ = io.Copy(io.Discard, theirs)
					cancel() // the client hung up, or would connect again later
				})
				pool.Go(func() {
					_, _ = theirs.Write(said)
					theirs.Close()
				})
				return ours, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Run(ctx, stratum.NewWorker(c, func() {})); !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended in %v", err)
		}
		if s := c.Stats(); s.Pool != "" || s.Connects > 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestLogIsPrintable lets a pool put control characters wherever its text
// could reach a log.
func TestLogIsPrintable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const nasty = `\u001b[2J\u0007\u202e\r\nlevel=ERROR`
		var log bytes.Buffer
		p, cfg := inMemory(t, stratumtest.Options{})
		cfg.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c, err := stratum.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := newRecorder()
		stop := run(t, c, r)
		r.await(t, "work", anyIssue)
		p.ShowMessage("hello\x1b[2J\x07\u202e\r\nlevel=ERROR " + strings.Repeat("x", 1000))
		p.Send(`{"method":"client.reconnect","params":["` + nasty + `"]}`)
		p.Send(`{"method":"mining.notify","params":["` + nasty + `","0641dc7d6e6f0ec1641788474c5b575b03e866b9ad7ab5786a9d4429000002f1","00","00",[],"20000000","1d00ffff","6affdc7d",true]}`)
		synctest.Wait()
		p.Send(`{"` + nasty + `":,}`)
		synctest.Wait()
		stop()
		text := log.String()
		for _, want := range []string{"hello [2J", "never become a block", "ignoring client.reconnect"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in the log: %s", want, text)
			}
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.Contains(line, `\u001b`) || strings.Contains(line, `\u0007`) || strings.ContainsFunc(line, func(r rune) bool { return r == '\u202e' || unicode.IsControl(r) }) {
				t.Errorf("not printable: %s", line)
			}
			if len(line) > 1000 {
				t.Errorf("%d bytes of log at once", len(line))
			}
		}
	})
}
