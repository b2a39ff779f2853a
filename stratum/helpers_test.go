package stratum_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// easy is a difficulty of some thousand hashes.
const easy = "0.000001"

// recorder is a Handler that keeps everything.
type recorder struct {
	mu     sync.Mutex
	issues []*stratum.Issue
	idle   []error
	events chan struct{} // one for each call
}

func newRecorder() *recorder { return &recorder{events: make(chan struct{}, 1000)} }

func (r *recorder) Work(i *stratum.Issue) {
	r.mu.Lock()
	r.issues = append(r.issues, i)
	r.mu.Unlock()
	r.events <- struct{}{}
}

func (r *recorder) Idle(err error) {
	r.mu.Lock()
	r.idle = append(r.idle, err)
	r.mu.Unlock()
	r.events <- struct{}{}
}

// newest returns the last issue and how many there were.
func (r *recorder) newest() (*stratum.Issue, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.issues) == 0 {
		return nil, 0
	}
	return r.issues[len(r.issues)-1], len(r.issues)
}

// losses returns the errors of all Idle calls.
func (r *recorder) losses() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]error(nil), r.idle...)
}

// await returns the newest issue once one satisfies ok.
func (r *recorder) await(t *testing.T, what string, ok func(*stratum.Issue) bool) *stratum.Issue {
	t.Helper()
	timeout := time.NewTimer(time.Hour) // in a bubble, an instant
	defer timeout.Stop()
	for {
		if i, _ := r.newest(); i != nil && ok(i) {
			return i
		}
		select {
		case <-r.events:
		case <-timeout.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func anyIssue(*stratum.Issue) bool { return true }

// solve finds a share of an issue. Shares of different skips are different.
func solve(t testing.TB, i *stratum.Issue, skip uint64) stratum.Share {
	t.Helper()
	space := stratum.NewSpace(i, skip<<8, 1)
	for {
		task := space.Task(1<<16, nil)
		h := task.Header
		versions := task.Versions
		if len(versions) == 0 {
			versions = []uint32{h.Version()}
		}
		for n := range task.Count {
			h.SetNonce(task.Nonce + uint32(n))
			for _, v := range versions {
				h.SetVersion(v)
				if h.Hash().Meets(i.Target) {
					return task.Ref.(*stratum.Ref).ShareOf(h)
				}
			}
		}
	}
}

// start runs a client to the end of the test and returns it with what it
// hands on.
func start(t *testing.T, cfg stratum.ClientConfig) (*stratum.Client, *recorder) {
	t.Helper()
	c, err := stratum.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	run(t, c, r)
	return c, r
}

// run runs a client until the test, or the function returned, ends it.
func run(t *testing.T, c *stratum.Client, h stratum.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended in %v, want context.Canceled", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// submit submits a share and waits for the verdict.
func submit(c *stratum.Client, i *stratum.Issue, s stratum.Share) stratum.Verdict {
	verdict := make(chan stratum.Verdict, 1)
	c.Submit(i, s, func(v stratum.Verdict) { verdict <- v })
	return <-verdict
}

// inMemory returns a pool without sockets and a configuration for it.
func inMemory(t *testing.T, o stratumtest.Options) (*stratumtest.Pool, stratum.ClientConfig) {
	t.Helper()
	o.InMemory = true
	if o.Difficulty == "" {
		o.Difficulty = easy
	}
	p := stratumtest.NewPool(t, o)
	return p, stratum.ClientConfig{
		Pools: []stratum.Pool{{URL: p.URL("stratum+tcp"), User: "user.worker", Password: "x"}},
		Dial:  p.Dial,
	}
}

// network dials pools in memory by their host names and notes who was dialled.
type network struct {
	pools map[string]*stratumtest.Pool

	mu     sync.Mutex
	dialed []string
}

func (n *network) Dial(ctx context.Context, url string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, url)
	n.mu.Unlock()
	for name, p := range n.pools {
		if strings.Contains(url, "//"+name+":") {
			return p.Dial(ctx, url)
		}
	}
	return nil, errors.New("no such host")
}

func (n *network) dials(host string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, url := range n.dialed {
		if strings.Contains(url, "//"+host+":") {
			count++
		}
	}
	return count
}

// wellBehaved fails the test when the pool noticed anything it should not
// have seen.
func wellBehaved(t *testing.T, p *stratumtest.Pool) {
	t.Helper()
	if bad := p.Misbehaviour(); len(bad) > 0 {
		t.Errorf("the client misbehaved: %q", bad)
	}
	if r := p.Rejected(); len(r) > 0 {
		t.Errorf("the pool refused shares: %v", r)
	}
}

func difficulty(t testing.TB, s string) miner.Difficulty {
	t.Helper()
	d, err := miner.ParseDifficulty(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
