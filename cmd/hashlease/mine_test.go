package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// mine runs the miner with args until the condition holds at the pool, and
// returns its summary.
func mine(t *testing.T, p *stratumtest.Pool, what string, cond func() bool, args ...string) mineDoc {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e, stdout, stderr := testEnv()
	code := make(chan int, 1)
	go func() { code <- run(ctx, e, append([]string{"mine", "-t", "1", "--json"}, args...)) }()
	p.Wait(t, what, cond)
	cancel()
	if c := <-code; c != exitOK {
		t.Fatalf("exit code %d: %s", c, stderr)
	}
	var d mineDoc
	if err := json.Unmarshal(stdout.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMine mines over every transport, and at a backup; the pool accepts
// every share.
func TestMine(t *testing.T) {
	t.Parallel()
	p := stratumtest.NewPool(t, stratumtest.Options{Difficulty: "0.00001"})
	nowhere := []string{"-o", "stratum+tcp://127.0.0.1:1", "-u", "nobody", "-p", "a,b"}
	for _, c := range []struct {
		scheme   string
		args     []string
		failures uint64
	}{
		{"stratum+tcp", nil, 0}, {"ws", nil, 0},
		{"stratum+ssl", []string{"--tls-ca", p.CAFile()}, 0}, {"wss", []string{"--tls-ca", p.CAFile()}, 0},
		{"stratum+tcp", nowhere, 1},
	} {
		before := p.Accepted()
		d := mine(t, p, "shares", func() bool { return p.Accepted() > before+2 },
			append(c.args, "-o", p.URL(c.scheme), "-u", "worker")...)
		if d.Accepted < 3 || len(d.Rejected) > 0 || d.Unanswered > 0 || d.Pool != p.URL(c.scheme) || d.Connects != 1 || d.Failures < c.failures {
			t.Errorf("%s %q: %+v", c.scheme, c.args, d)
		}
	}
	for _, s := range p.Shares() {
		if s.User != "worker" {
			t.Errorf("a share of %q", s.User)
		}
	}
	if bad, rejected := p.Misbehaviour(), p.Rejected(); len(bad)+len(rejected) > 0 {
		t.Errorf("the miner misbehaved: %q, %v", bad, rejected)
	}
}

// TestMineSummary ends a miner whose shares are not answered: they are told
// as such, and the wait for the answers is not time of mining.
func TestMineSummary(t *testing.T) {
	t.Parallel()
	p := stratumtest.NewPool(t, stratumtest.Options{Difficulty: "0.00001"})
	p.MuteShares(true)
	begin := time.Now()
	d := mine(t, p, "a share", func() bool { return p.Calls(stratum.MethodSubmit) > 0 }, "-o", p.URL("stratum+tcp"), "-u", "u")
	took := time.Since(begin)
	if d.Unanswered == 0 || d.Accepted != 0 || d.Connects != 1 || d.Failures != 0 || d.LastError != "" || d.Pool != p.URL("stratum+tcp") {
		t.Errorf("%+v", d)
	}
	if mined := time.Duration(d.UptimeMs) * time.Millisecond; took-mined < settleTime {
		t.Errorf("%v of mining in %v, though the last shares were waited for during %v", mined, took, settleTime)
	}
}

// TestMineVerifies proves that TLS is always verified: a pool of an unknown
// authority gives no work.
func TestMineVerifies(t *testing.T) {
	t.Parallel()
	p := stratumtest.NewPool(t, stratumtest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, _, _ := testEnv()
	log := &lookout{text: "certificate signed by unknown authority", found: cancel}
	e.stderr = log
	if c := run(ctx, e, []string{"mine", "-t", "1", "-o", p.URL("stratum+ssl"), "-u", "u"}); c != exitFailed {
		t.Errorf("exit code %d, want %d", c, exitFailed)
	}
	if !strings.Contains(log.String(), "hashlease: no pool gave work: "+p.URL("stratum+ssl")) {
		t.Errorf("%s", log)
	}
}

// lookout is a stream that tells when a text was written.
type lookout struct {
	text  string
	found func()

	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lookout) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Write(p)
	if strings.Contains(l.b.String(), l.text) {
		l.found()
	}
	return len(p), nil
}

func (l *lookout) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
