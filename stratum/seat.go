package stratum

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/transport"
)

// Seat is one connection of a Server. Its methods are safe for concurrent use
// and may be called from a Desk's.
type Seat struct {
	ID     uint64 // of the connection, unique while the server lives
	Remote string // address of the peer

	srv   *Server
	shard *shard
	conn  net.Conn
	sock  socket // the same without a detour; nil: there is none
	addr  netip.Addr
	since int64        // by Server.clock, as all times here
	heard atomic.Int64 // the last bytes
	slot  int          // in the shard; under its mu
	ride  int          // among the lane's riders; under their mu

	reading // what the reader's goroutine has for itself

	mu      sync.Mutex
	why     int           // it ended; dropNone: it has not
	left    bool          // everything is given back
	over    chan struct{} // closed with left; nil: nobody waits
	awake   chan struct{} // closed when it ends; nil: it never had to wait
	writing bool          // somebody is
	queue   []byte        // waits for him to write it too
	wrote   int64         // the last line
	room    *sync.Cond    // waits for writing to end; nil: nobody ever did

	agent      string
	workers    []*worker
	known      bool // the Desk has been asked for a place
	claim      *claim
	lane       *Lane
	newest     *work // the last handed out
	jobs       []handed
	asked      uint32 // version bits the peer would roll
	mask       uint32 // of them, last told
	configured bool   // it was told at all
	level      int8   // last told
	want       int8   // level, but for the lane's ceiling
	suggested  int8   // level
	least      int8   // level, by mining.configure
	fixed      bool   // by the password
	hinted     bool   // the login said where to start
	resumed    bool   // the level is known from before
	tuner      tuner
	rate       rate
	accepted   uint64
	denied     uint64
	lastShare  int64
	good       bool // a share counted
}

// worker is a name that was authorized on a connection.
type worker struct {
	raw   string // JSON, as it came
	user  string
	grant Grant
}

// reading is the state of a connection's reader.
type reading struct {
	reader    Reader
	now       int64 // when the last bytes came
	at        int64 // the same by the machine's clock, which may be set
	paid      int64 // until when messages are paid for at the allowed rate
	fair      int64 // the same at FairRate, at most a second from now
	excess    int64 // bytes beyond FairRate, with freeBytes for each message
	waited    bool  // for others, since the last bytes came
	messages  int   // before the first worker, and refused logins
	malformed int
	s         *scratch // nil while waiting
	rootOf    *work    // whose root is root
	rootEn2   [MaxExtranonce2Size]byte
	root      miner.Hash
	sound     int // shares of late
	invalid   int
}

// scratch is what handling lines needs, and waiting for them does not. It is not
// on the stack of the connection's goroutine, which would stay as large.
type scratch struct {
	room     [maxParams][]byte // for the parameters of a message
	replies  []byte
	coinbase []byte
	submit   rawSubmit
	accepted Accepted
}

// maxReplies is how many bytes of replies are collected before they are
// written.
const maxReplies = 16 << 10

func newSeat(srv *Server, sh *shard, conn net.Conn, number uint64, now int64) *Seat {
	s := &Seat{
		ID: number, srv: srv, shard: sh, conn: conn, since: now, wrote: now,
		level: noLevel, want: srv.start, suggested: minLevel, least: minLevel, tuner: newTuner(now),
	}
	if a := conn.RemoteAddr(); a != nil {
		s.Remote = a.String()
	}
	plain := conn
	if c, ok := conn.(*transport.Conn); ok {
		plain = c.Conn
	}
	if t, ok := plain.(*net.TCPConn); ok {
		if sock := transport.NewSocket(t); sock != nil {
			s.sock = sock
		}
	}
	s.heard.Store(now)
	s.reader = newSharingReader((*inlet)(s), srv.limits.LineBytes, &srv.buffers)
	return s
}

// noLevel is the level of a connection that was told none.
const noLevel = minLevel - 1

// run handles lines until the connection ends.
func (s *Seat) run() {
	for {
		line, err := s.reader.ReadLine()
		if err != nil {
			if errors.Is(err, ErrLineTooLong) {
				s.drop(dropLine)
			} else {
				s.drop(dropLeft)
			}
			return
		}
		if s.s == nil {
			s.s = s.srv.scratch.Get().(*scratch)
		}
		if !s.affords() {
			return
		}
		s.line(line)
		if more := s.reader.Buffered(); !more || len(s.s.replies) >= maxReplies {
			s.flush()
			if !more {
				s.rest()
			}
			if s.ended() || !more && !s.yields() {
				return
			}
		}
	}
}

// rest gives back what waiting does not need.
func (s *Seat) rest() {
	s.s.accepted = Accepted{}
	s.s.submit.user, s.s.submit.job = nil, nil
	clear(s.s.room[:])
	s.srv.scratch.Put(s.s)
	s.s = nil
}

// drop ends the connection; the first reason stands.
func (s *Seat) drop(why int) {
	s.mu.Lock()
	first := s.why == dropNone
	if first {
		s.why = why
		if s.awake != nil {
			close(s.awake)
		}
		if s.room != nil {
			s.room.Broadcast()
		}
	}
	s.mu.Unlock()
	if !first {
		return
	}
	s.shard.tally.dropped[why].Add(1)
	switch why {
	case dropLeft, dropClosed, dropResumed:
	default:
		s.srv.log.Debug("connection dropped", "remote", s.Remote, "reason", dropNames[why])
	}
	if a, ok := s.conn.(interface{ Abort() error }); ok && s.sock == nil {
		_ = a.Abort() // Close may wait for the peer
		return
	}
	s.conn.Close()
}

func (s *Seat) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why != dropNone
}

// leave gives everything back, after the reader has ended.
func (s *Seat) leave() {
	now := s.srv.clock()
	s.mu.Lock()
	if s.lane != nil {
		s.lane.riders[s.shardNumber()].remove(s)
		s.lane = nil
	}
	c, good, known := s.claim, s.good, s.known
	s.claim = nil
	if c != nil {
		c.jobs, c.want = s.jobs, s.want
		s.jobs = nil
	}
	s.mu.Unlock()
	s.shard.remove(s)
	s.reader.release()
	s.srv.gate.leave(s.addr, good)
	if c != nil && s.srv.sessions.end(c, now) {
		s.shard.tally.limited[limitSessions].Add(1)
	}
	if known {
		s.srv.cfg.Desk.Left(s)
	}
	s.mu.Lock()
	s.left = true
	if s.over != nil {
		close(s.over)
	}
	s.mu.Unlock()
}

func (s *Seat) shardNumber() int { return int(s.ID % uint64(len(s.srv.shards))) }

// evict ends the connection and waits, until ctx ends, that everything is
// given back.
func (s *Seat) evict(ctx context.Context, why int) {
	s.drop(why)
	s.mu.Lock()
	if s.over == nil {
		s.over = make(chan struct{})
		if s.left {
			close(s.over)
		}
	}
	over := s.over
	s.mu.Unlock()
	select {
	case <-over:
	case <-ctx.Done():
	}
}
