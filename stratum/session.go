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

// Errors that end a connection.
var (
	ErrSilent       = errors.New("the pool is silent")
	ErrUnauthorized = errors.New("the pool refuses the user")
	ErrHandshake    = errors.New("no job from the pool")

	errRedirected = errors.New("redirected by the pool")
	errRetired    = errors.New("left for a preferred pool")
)

const (
	outQueue     = 256              // lines waiting to be written
	maxInFlight  = 4096             // shares waiting for an answer
	maxHeard     = 100              // lines of log, a connection, that a pool can cause as it likes
	writeTimeout = 30 * time.Second // of one write
	maxWrite     = 32 << 10         // bytes of one write, about
	farewell     = 5 * time.Second  // a connection we leave may still answer shares
)

// session is one connection to a pool.
type session struct {
	c        *Client
	rank     int
	endpoint transport.Endpoint
	pool     Pool
	log      *slog.Logger
	conn     net.Conn
	out      chan []byte
	dead     chan struct{} // closed by fail
	left     bool          // for a better pool; under Client.mu

	mu           sync.Mutex
	err          error // why it ended
	stage        stage
	readyAt      time.Time
	lastID       uint64
	calls        map[uint64]func(*Message) error // requests of the handshake
	submits      map[uint64]*submission
	overdue      *time.Timer // for the oldest of submits
	limit        *time.Timer // of the handshake, later of the farewell
	retired      bool
	resume       string      // session id
	bare         bool        // no extensions of the protocol
	patience     *time.Timer // with a pool that leaves mining.configure unanswered
	geometry     *Subscription
	mask         uint32
	difficulty   miner.Difficulty // of the next job
	job          *Job             // the newest
	issues       []issued         // oldest first
	fresh        *Issue           // to be handed on
	warned       bool             // about a strange coinbase
	seen         recent           // shares submitted on the present tip
	heard        int              // lines of log that the pool caused; the reader's own
	redirect     transport.Endpoint
	redirectWait time.Duration
}

func newSession(c *Client, rank int, e transport.Endpoint, sl *slot) *session {
	return &session{
		c: c, rank: rank, endpoint: e, pool: sl.pool,
		log:     c.log.With("pool", e.String()),
		out:     make(chan []byte, outQueue),
		dead:    make(chan struct{}),
		calls:   make(map[uint64]func(*Message) error),
		submits: make(map[uint64]*submission),
		resume:  sl.resume,
		bare:    sl.bare,
	}
}

// run speaks with the pool until the connection ends, and returns why.
func (s *session) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.fail(ctx.Err()) })
	defer stop()
	s.mu.Lock()
	s.limit = time.AfterFunc(s.c.cfg.Handshake, func() {
		s.fail(fmt.Errorf("%w within %v", ErrHandshake, s.c.cfg.Handshake))
	})
	s.greet()
	s.mu.Unlock()

	var writer sync.WaitGroup
	writer.Go(s.write)
	s.fail(s.read())
	writer.Wait()
	s.abandon()
	return s.err
}

// fail ends the connection; the first reason stands.
func (s *session) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
		for _, t := range []*time.Timer{s.limit, s.overdue, s.patience} {
			if t != nil {
				t.Stop()
			}
		}
	}
	s.mu.Unlock()
	if first {
		close(s.dead)
		s.conn.Close()
	}
}

// read handles lines until one cannot be.
func (s *session) read() error {
	r := NewReader(s.conn, s.c.cfg.LineLimit)
	for {
		var m Message
		err := s.conn.SetReadDeadline(time.Now().Add(s.c.cfg.Silence))
		if err == nil {
			m, err = r.ReadMessage()
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return fmt.Errorf("%w: no line for %v", ErrSilent, s.c.cfg.Silence)
		}
		if hungUp(err) {
			return fmt.Errorf("the pool hung up: %w", err)
		}
		if err != nil {
			return err
		}
		if err := s.handle(&m); err != nil {
			return err
		}
		s.mu.Lock()
		issue := s.fresh
		s.fresh = nil
		s.mu.Unlock()
		if issue != nil {
			s.c.work(s, issue)
		}
	}
}

// write sends what is queued, many lines at once when there are many.
func (s *session) write() {
	var buf []byte
	for {
		select {
		case <-s.dead:
			return
		case line := <-s.out:
			buf = append(buf[:0], line...)
		}
		for more := true; more && len(buf) < maxWrite; {
			select {
			case line := <-s.out:
				buf = append(buf, line...)
			default:
				more = false
			}
		}
		err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err == nil {
			_, err = s.conn.Write(buf)
		}
		if err != nil {
			err = fmt.Errorf("writing to the pool: %w", err)
			if hungUp(err) {
				// The reader finds out too, after what the pool said last.
				t := time.AfterFunc(farewell, func() { s.fail(err) })
				<-s.dead
				t.Stop()
			}
			s.fail(err)
			return
		}
	}
}

// queue takes a line for writing; false when the connection is stuck.
func (s *session) queue(line []byte) bool {
	select {
	case s.out <- line:
		return true
	default:
		return false
	}
}

// retire lets the pool answer the shares on their way, then hangs up.
func (s *session) retire() {
	s.mu.Lock()
	s.retired = true
	done := len(s.submits) == 0
	if !done && s.err == nil {
		s.limit = time.AfterFunc(farewell, func() { s.fail(errRetired) })
	}
	s.mu.Unlock()
	if done {
		s.fail(errRetired)
	}
}

// lived returns how long the pool gave work.
func (s *session) lived(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readyAt.IsZero() {
		return 0
	}
	return now.Sub(s.readyAt)
}
