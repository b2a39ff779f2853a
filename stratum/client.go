package stratum

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/transport"
)

// Pool is one upstream: where to connect and as whom.
type Pool struct {
	URL      string // see transport.Parse
	User     string
	Password string
}

// ClientConfig says where a Client gets its work. Only Pools must be given;
// zero durations mean the defaults named with them.
type ClientConfig struct {
	Pools   []Pool            // in order of preference
	CA      []byte            // PEM of authorities trusted besides the system's
	Agent   string            // what we call ourselves; "": hashlease
	Suggest *miner.Difficulty // suggested to the pool; nil: none

	Mask      uint32 // version bits we would roll; 0: VersionMask
	NoRolling bool   // do not ask for version rolling
	LineLimit int    // bytes; 0: DefaultLineLimit

	Handshake     time.Duration // from the connection to the first job; 30 s
	Silence       time.Duration // without a line from the pool; 120 s
	SubmitTimeout time.Duration // of a share without an answer; 60 s
	BackoffMin    time.Duration // before a lost pool is tried again; 1 s, doubling …
	BackoffMax    time.Duration // … up to this; 60 s

	// Dial, if given, connects instead of transport.Dial. The connection
	// carries lines.
	Dial func(ctx context.Context, url string) (net.Conn, error)

	// OnFailure, if given, is told of every connection that was lost, and of
	// every attempt that came to nothing, before the handler is. It must not
	// block.
	OnFailure func(pool string, err error)

	Logger *slog.Logger // nil: silent
}

// Handler receives the work of a Client. Its methods are called one at a
// time, from the client's goroutines, and must not block.
type Handler interface {
	// Work hands over the issue to mine from now on. Shares of older issues
	// may still be submitted, unless Clean is set in this one. An issue must
	// not be changed.
	Work(issue *Issue)

	// Idle says that the connection was lost and that there is nothing to
	// mine until the next Work.
	Idle(err error)
}

// Errors of NewClient and Run.
var (
	ErrNoPools = errors.New("no pool given")
	ErrRunning = errors.New("client is running already")
)

// Client is the downstream end of Stratum: it keeps a connection to the best
// pool that works, hands on the pool's jobs and submits shares. Its methods
// are safe for concurrent use.
type Client struct {
	cfg   ClientConfig
	slots []*slot // one for each pool
	log   *slog.Logger

	deliver sync.Mutex // held around every call of the handler
	handler Handler

	mu       sync.Mutex // may be held when a session's mu is taken, never the other way round
	running  bool
	active   *session   // the one whose work is handed on
	sessions []*session // all that are connected
	trying   bool       // a connection is being made that is not active yet
	wake     chan struct{}
	stats    counters
}

// NewClient checks the configuration. Run connects.
func NewClient(cfg ClientConfig) (*Client, error) {
	if len(cfg.Pools) == 0 {
		return nil, ErrNoPools
	}
	if _, err := transport.Roots(cfg.CA); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, log: cfg.Logger, wake: make(chan struct{}, 1)}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for _, p := range cfg.Pools {
		e, err := transport.Parse(p.URL)
		if err != nil {
			return nil, err
		}
		if p.User == "" {
			return nil, fmt.Errorf("pool %s: no user name; pools want a worker or an address there", e)
		}
		c.slots = append(c.slots, &slot{pool: p, home: e})
	}
	defaults(&c.cfg)
	return c, nil
}

func defaults(cfg *ClientConfig) {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&cfg.Handshake, 30*time.Second)
	set(&cfg.Silence, 120*time.Second)
	set(&cfg.SubmitTimeout, 60*time.Second)
	set(&cfg.BackoffMin, time.Second)
	set(&cfg.BackoffMax, 60*time.Second)
	if cfg.Agent == "" {
		cfg.Agent = "hashlease"
	}
	if cfg.Mask == 0 {
		cfg.Mask = VersionMask
	}
	if cfg.NoRolling {
		cfg.Mask = 0
	}
	if cfg.Dial == nil {
		ca, limit := cfg.CA, cfg.LineLimit
		cfg.Dial = func(ctx context.Context, url string) (net.Conn, error) {
			return transport.Dial(ctx, transport.Config{URL: url, CA: ca, LineLimit: limit})
		}
	}
}

// Run connects, and stays connected until ctx ends, whose error it returns.
// All calls of h are over when it returns.
func (c *Client) Run(ctx context.Context, h Handler) error {
	c.mu.Lock()
	if c.running {
		c.mu.Unlock()
		return ErrRunning
	}
	c.running, c.handler = true, h
	c.mu.Unlock()

	var attempts sync.WaitGroup
	defer func() {
		attempts.Wait()
		c.mu.Lock()
		c.running = false
		c.mu.Unlock()
	}()
	for ctx.Err() == nil {
		next, wait := c.choose(time.Now())
		if next >= 0 {
			attempts.Go(func() { c.attempt(ctx, next) })
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-t.C:
		}
		t.Stop()
	}
	return ctx.Err()
}

// attempt makes one connection to a pool and stays with it to its end.
func (c *Client) attempt(ctx context.Context, rank int) {
	slot := c.slots[rank]
	c.mu.Lock()
	target := slot.target()
	s := newSession(c, rank, target, slot)
	c.mu.Unlock()

	dialing, cancel := context.WithTimeout(ctx, c.cfg.Handshake)
	conn, err := c.cfg.Dial(dialing, target.String())
	cancel()
	if err == nil {
		s.conn = conn
		c.mu.Lock()
		c.sessions = append(c.sessions, s)
		c.mu.Unlock()
		err = s.run(ctx)
	}
	c.ended(ctx, s, err)
}

// nudge makes Run choose again.
func (c *Client) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
