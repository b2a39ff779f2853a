package stratum

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// ServerConfig says how a Server works. Only Desk must be given.
type ServerConfig struct {
	Desk            Desk
	FirstWorker     uint16 // extranonce1 values (2 bytes, big-endian) from here on are the server's; lower ones belong to the node's own threads
	Extranonce2Size int    // bytes; 0: 4
	Vardiff         Vardiff
	Limits          Limits
	Log             *slog.Logger     // nil: silent
	Now             func() time.Time // for dates, such as Accepted.At; nil: time.Now. Durations are measured by a clock that is never set
}

// Server speaks Stratum V1 with workers: it hands out jobs and judges their
// shares.
type Server struct {
	cfg      ServerConfig
	limits   Limits
	vardiff  Vardiff
	log      *slog.Logger
	levels   *levels
	start    int8 // level
	min, max int8 // levels
	gate     *gate
	sessions *sessions
	tips     tips
	shards   []*shard
	scratch  sync.Pool // of *scratch
	buffers  sync.Pool // of *[]byte, LineBytes long

	began time.Time

	lastID   atomic.Uint64 // of jobs
	lastSeat atomic.Uint64
	lanes    atomic.Int64
	badJobs  atomic.Uint64
	spare    atomic.Int64 // until when messages beyond FairRate are paid for

	done chan struct{}
	wg   sync.WaitGroup // of the shards

	mu     sync.Mutex
	closed bool
}

// ErrNoDesk is an error of NewServer.
var ErrNoDesk = errors.New("stratum server: no desk given")

// maxShards bounds the goroutines that write jobs.
const maxShards = 16

// NewServer checks the configuration and starts what writes jobs. The server
// has to be closed.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Desk == nil {
		return nil, ErrNoDesk
	}
	if cfg.Extranonce2Size == 0 {
		cfg.Extranonce2Size = 4
	}
	if n := cfg.Extranonce2Size; n < MinExtranonce2Size || n > MaxExtranonce2Size {
		return nil, fmt.Errorf("stratum server: extranonce2 of %d bytes: want %d to %d", n, MinExtranonce2Size, MaxExtranonce2Size)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg, log: cfg.Log, began: time.Now(), done: make(chan struct{})}
	var err error
	if s.limits, err = cfg.Limits.withDefaults(); err != nil {
		return nil, err
	}
	if s.vardiff, err = cfg.Vardiff.withDefaults(); err != nil {
		return nil, err
	}
	if s.levels, err = newLevels(); err != nil {
		return nil, err
	}
	s.start, s.min, s.max = 10, minLevel, maxLevel
	if d := s.vardiff.Min; d != nil {
		s.min = s.levels.above(*d)
	}
	if d := s.vardiff.Max; d != nil {
		s.max = s.levels.below(*d)
	}
	if s.min > s.max {
		return nil, fmt.Errorf("stratum server: vardiff Min of %v leaves no power of two below Max of %v", s.vardiff.Min, s.vardiff.Max)
	}
	if d := s.vardiff.Start; d != nil {
		s.start = s.levels.below(*d)
	}
	s.gate = newGate(s.limits)
	s.sessions = newSessions(s.limits, cfg.FirstWorker)
	s.scratch.New = func() any { return new(scratch) }
	s.buffers.New = func() any { b := make([]byte, s.limits.LineBytes); return &b }
	// Ids of jobs are not those of the server before a restart.
	s.lastID.Store(uint64(cfg.Now().UnixMilli()) << 22)
	for i := range min(runtime.GOMAXPROCS(0), maxShards) {
		sh := &shard{srv: s, wake: make(chan struct{}, 1)}
		s.shards = append(s.shards, sh)
		s.wg.Go(func() { sh.run(i) })
	}
	return s, nil
}

func (s *Server) nextID() uint64 { return s.lastID.Add(1) }

// Serve speaks with one peer until the connection ends, which it also does
// with ctx and when the server is closed. The connection is a stream of lines;
// it is closed when Serve returns. Plain TCP connections, also within a
// transport.Conn, are written without a detour.
func (s *Server) Serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	now := s.clock()
	addr := addressOf(conn.RemoteAddr())
	number := s.lastSeat.Add(1)
	sh := s.shards[number%uint64(len(s.shards))]
	if drop := s.gate.enter(addr, now); drop != dropNone {
		sh.tally.dropped[drop].Add(1)
		return
	}
	t := newSeat(s, sh, conn, number, now)
	t.addr = addr
	s.mu.Lock()
	closed := s.closed
	if !closed {
		sh.add(t)
	}
	s.mu.Unlock()
	if closed {
		s.gate.leave(addr, false)
		return
	}
	sh.tally.connects.Add(1)
	stop := context.AfterFunc(ctx, func() { t.drop(dropClosed) })
	t.run()
	stop()
	t.leave()
}

// Close ends all connections and waits for the server's own goroutines. Those
// that are in Serve return soon after.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.done)
		for _, t := range s.Seats() {
			t.drop(dropClosed)
		}
	}
	s.wg.Wait()
}

// Seats returns all connections.
func (s *Server) Seats() []*Seat {
	var all []*Seat
	for _, sh := range s.shards {
		all = sh.appendTo(all)
	}
	return all
}
