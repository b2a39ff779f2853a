// Package stratumtest has both ends of Stratum for tests. A [Pool] speaks all
// four transports on loopback, or in memory, hands out real jobs of low
// difficulty, judges what comes back as strictly as a pool may, and fails on
// command in the ways that pools in the field do. A [Device] speaks with a
// server as the miners of the field do, and is as easily confused.
package stratumtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Configure is how a pool takes mining.configure.
type Configure int

// The ways pools in the field take it.
const (
	Grant  Configure = iota // as asked, within Options.Mask
	Refuse                  // an error: method not found
	Deny                    // a result of "version-rolling": false
	Ignore                  // no answer
	HangUp                  // the connection is closed, as it is at any extension
)

// Options shape a Pool. The zero value is a pool like most.
type Options struct {
	Difficulty      string     // of shares; "": 0.0001, some hundred thousand hashes
	Extranonce2Size int        // bytes; 0: 4
	Bits            miner.Bits // the network's; 0: 1d00ffff
	Version         uint32     // of blocks; 0: 20000000
	Mask            uint32     // version bits granted; 0: stratum.VersionMask
	Configure       Configure  // how mining.configure is taken
	NoExtranonce    bool       // mining.extranonce.subscribe is an error
	Resume          bool       // a session id brings the same extranonce1 back
	RefuseResume    bool       // a session id is an error
	HangUpResume    bool       // at a session id the connection is closed
	RefuseUser      bool       // mining.authorize is refused
	JobAfterAuth    bool       // no job before mining.authorize
	NoJob           bool       // no job at all until NewJob
	NullSessions    bool       // null where the subscribe reply has session ids
	Chunk           int        // writes come in pieces of so many bytes; 0: whole
	InMemory        bool       // no sockets: connections come from Dial alone
}

// Share is an accepted share.
type Share struct {
	User   string
	JobID  string
	Header miner.Header
	Hash   miner.Hash
	Target miner.Target // it was judged by
}

// Pool is a running pool. Its methods are safe for concurrent use.
type Pool struct {
	o      Options
	ca     *authority
	caFile string
	plain  net.Listener
	secure net.Listener
	wg     sync.WaitGroup

	mu         sync.Mutex
	change     chan struct{} // closed and replaced whenever anything changes
	closed     bool
	down       bool
	mute       bool
	muteShares bool
	frozen     bool
	forms      []Form // of refusals to come
	conns      map[*conn]struct{}
	sessions   map[string][]byte // extranonce1 by session id
	total      int               // connections ever
	lastEn1    uint32
	difficulty miner.Difficulty
	block      uint32 // height
	lastJob    uint64
	job        *work
	seen       stratum.Seen
	shares     []Share
	rejected   map[string]int
	methods    map[string]int
	bad        []string // what clients sent that nobody may send
}

// NewPool starts a pool that ends with the test.
func NewPool(t testing.TB, o Options) *Pool {
	t.Helper()
	if o.Difficulty == "" {
		o.Difficulty = "0.0001"
	}
	if o.Extranonce2Size == 0 {
		o.Extranonce2Size = 4
	}
	if o.Bits == 0 {
		o.Bits = 0x1d00ffff
	}
	if o.Version == 0 {
		o.Version = 0x20000000
	}
	if o.Mask == 0 {
		o.Mask = stratum.VersionMask
	}
	d, err := miner.ParseDifficulty(o.Difficulty)
	if err != nil {
		t.Fatalf("stratumtest: %v", err)
	}
	p := &Pool{
		o: o, difficulty: d, block: 1000,
		change:   make(chan struct{}),
		conns:    make(map[*conn]struct{}),
		sessions: make(map[string][]byte),
		rejected: make(map[string]int),
		methods:  make(map[string]int),
	}
	if !o.NoJob {
		p.job = p.newWork(true)
	}
	if !o.InMemory {
		if err := p.listen(t.TempDir()); err != nil {
			t.Fatalf("stratumtest: %v", err)
		}
	}
	t.Cleanup(p.Close)
	return p
}

// Dial connects in memory, whatever the address, as ClientConfig.Dial wants
// it.
func (p *Pool) Dial(context.Context, string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.down {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	p.wg.Go(func() { p.serve(ours) })
	return theirs, nil
}

// URL returns the pool's address under stratum+tcp, stratum+ssl, ws or wss.
func (p *Pool) URL(scheme string) string {
	if p.o.InMemory {
		return scheme + "://pool.example.com:3333"
	}
	l := p.plain
	if scheme == "stratum+ssl" || scheme == "wss" {
		l = p.secure
	}
	return fmt.Sprintf("%s://%s", scheme, l.Addr())
}

// Schemes are what URL knows.
func Schemes() []string { return []string{"stratum+tcp", "stratum+ssl", "ws", "wss"} }

// CAFile returns the path of the authority of the pool's certificate, in PEM.
func (p *Pool) CAFile() string { return p.caFile }

// CA returns the authority of the pool's certificate, in PEM.
func (p *Pool) CA() []byte { return p.ca.pem }

// Close ends all connections and waits for their goroutines. Closing twice
// does nothing.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.changed()
	p.mu.Unlock()
	for _, l := range []net.Listener{p.plain, p.secure} {
		if l != nil {
			l.Close()
		}
	}
	p.Drop()
	p.wg.Wait()
}

// Accepted returns the number of shares accepted.
func (p *Pool) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.shares)
}

// Shares returns the shares accepted, the oldest first.
func (p *Pool) Shares() []Share {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Share(nil), p.shares...)
}

// Rejected returns the shares refused, by reason. Refusals on command do not
// count.
func (p *Pool) Rejected() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.rejected)
}

// Calls returns how often a method was called.
func (p *Pool) Calls(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.methods[method]
}

// Connections returns how many clients are connected and authorized now, and
// how many connections there ever were.
func (p *Pool) Connections() (now, ever int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if c.authorized {
			now++
		}
	}
	return now, p.total
}

// Misbehaviour returns what clients sent that no client should: malformed
// lines, requests out of order.
func (p *Pool) Misbehaviour() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.bad...)
}

// Wait returns once cond holds, looking whenever something changes at the
// pool. After half a minute the test fails.
func (p *Pool) Wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	timeout := time.NewTimer(30 * time.Second)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		change := p.change
		p.mu.Unlock()
		if cond() {
			return
		}
		select {
		case <-change:
		case <-timeout.C:
			t.Fatalf("stratumtest: waited in vain for: %s", what)
		}
	}
}

// changed wakes those who Wait. The caller holds p.mu.
func (p *Pool) changed() {
	close(p.change)
	p.change = make(chan struct{})
}
