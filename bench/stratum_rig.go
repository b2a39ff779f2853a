package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"sync"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// loadAgent is what the generator calls itself.
const loadAgent = "hashlease-bench/1"

// Ids of the handshake; submits count from firstSubmit.
const (
	subscribeID = 1
	authorizeID = 2
	firstSubmit = 10
)

// sources is how many loopback addresses connections come from: one has only
// some 28 000 ports.
const sources = 8

// rig is a worker of the load generator.
type rig struct {
	conn  net.Conn
	lines *stratum.Reader
	user  string
	sub   stratum.Subscription

	mu         sync.Mutex
	difficulty miner.Difficulty // of the next job
	mill       *mill            // of the newest job; nil: none yet
}

// gateway is how rigs reach a server.
type gateway struct {
	cfg     *StratumConfig
	address string // of our own server; "": cfg.URL
}

// dial connects, the nth rig of our own server from one of several addresses.
func (g gateway) dial(ctx context.Context, n int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.patience)
	defer cancel()
	if g.address == "" {
		return transport.Dial(ctx, transport.Config{URL: g.cfg.URL})
	}
	var d net.Dialer
	if runtime.GOOS == "linux" { // elsewhere the loopback has one address
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+n%sources))}
	}
	conn, err := d.DialContext(ctx, "tcp", g.address)
	if t, ok := conn.(*net.TCPConn); ok {
		if sock := transport.NewSocket(t); sock != nil { // a load is to be no heavier than it must
			conn = sock
		}
	}
	return conn, err
}

// login is the name and password of the nth rig.
func (g gateway) login(n int) (user, password string) {
	if g.address == "" {
		return g.cfg.User, g.cfg.Password
	}
	return fmt.Sprintf("rig%d", n), "x"
}

// open connects a rig, which has logged in and has a job when open returns.
func (g gateway) open(ctx context.Context, n int) (*rig, error) {
	conn, err := g.dial(ctx, n)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	r := &rig{conn: conn, lines: stratum.NewReader(conn, 0)}
	var password string
	r.user, password = g.login(n)
	if err := r.greet(password, time.Now().Add(g.cfg.patience)); err != nil {
		r.close()
		return nil, fmt.Errorf("handshake: %w", errors.Join(err, ctx.Err()))
	}
	return r, nil
}

// greet subscribes and logs in, both at once, and waits for the first job.
func (r *rig) greet(password string, until time.Time) error {
	if err := r.conn.SetDeadline(until); err != nil {
		return err
	}
	hello := stratum.AppendRequest(nil, subscribeID, stratum.MethodSubscribe, stratum.AppendStrings(nil, loadAgent))
	hello = stratum.AppendRequest(hello, authorizeID, stratum.MethodAuthorize, stratum.AppendStrings(nil, r.user, password))
	if _, err := r.conn.Write(hello); err != nil {
		return err
	}
	var subscribed, authorized bool
	for !subscribed || !authorized || r.mill == nil {
		m, err := r.lines.ReadMessage()
		if err != nil {
			return err
		}
		if !m.IsReply() {
			if err := r.told(&m); err != nil {
				return err
			}
			continue
		}
		id, _ := m.NumericID()
		switch {
		case id == subscribeID && m.Refused() == nil:
			sub, err := stratum.ParseSubscription(m.Result)
			if err != nil {
				return err
			}
			r.sub, subscribed = *sub, true
		case id == authorizeID && m.Verdict() == nil:
			authorized = true
		default:
			return fmt.Errorf("refused: %w", m.Verdict())
		}
	}
	return r.conn.SetDeadline(time.Time{})
}

// told acts on a notification.
func (r *rig) told(m *stratum.Message) error {
	switch m.Method {
	case stratum.MethodNotify:
		job, err := stratum.ParseNotify(m.Params)
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.mill != nil && r.mill.job.ID == job.ID {
			return nil
		}
		r.mill = newMill(r.user, job, &r.sub, r.difficulty.PoolTarget())
	case stratum.MethodSetDifficulty:
		d, err := stratum.ParseSetDifficulty(m.Params)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.difficulty = d
		r.mu.Unlock()
	}
	return nil
}

// close hangs up, without leaving the port in use for a while.
func (r *rig) close() {
	if t, ok := r.conn.(interface{ SetLinger(sec int) error }); ok {
		_ = t.SetLinger(0)
	}
	r.conn.Close()
}

// openers is how many rigs of a crowd connect at the same time.
const openers = 32

// crowd opens many rigs. They are all closed if one fails.
func (g gateway) crowd(ctx context.Context, count int) ([]*rig, error) {
	rigs := make([]*rig, count)
	errs := make([]error, openers)
	var wg sync.WaitGroup
	for w := range openers {
		wg.Go(func() {
			for n := w; n < count && errs[w] == nil; n += openers {
				rigs[n], errs[w] = g.open(ctx, n)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		closeAll(rigs)
		return nil, err
	}
	return rigs, nil
}

func closeAll(rigs []*rig) {
	for _, r := range rigs {
		if r != nil {
			r.close()
		}
	}
}

// LocalStratum reports whether a URL names this machine: a load generator is
// not to be let loose on somebody else's by mistake.
func LocalStratum(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
