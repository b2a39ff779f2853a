package stratum

import (
	"fmt"

	"github.com/hashlease/hashlease/miner"
)

var (
	errUnknownMethod = &Error{Code: CodeMethodNotFound, Message: "Method not found"}
	errNotSubscribed = &Error{Code: CodeNotSubscribed, Message: "Not subscribed"}
	errUnauthorized  = &Error{Code: CodeUnauthorized, Message: "Unauthorized worker"}
	errBadParameters = &Error{Code: CodeOther, Message: "Malformed parameters"}
)

// line acts on one line. Replies are collected in order; everything else goes
// through post, after them.
func (s *Seat) line(line []byte) {
	m, err := ParseMessage(line)
	if err != nil {
		s.shard.tally.malformed.Add(1)
		if s.malformed++; s.malformed >= s.srv.limits.Malformed {
			s.srv.banOf(s)
			s.drop(dropMalformed)
			return
		}
		s.refuse(&m, &Error{Code: CodeOther, Message: "Malformed message"})
		return
	}
	switch m.Method {
	case MethodSubmit:
		s.submit(&m)
	case MethodConfigure:
		s.configure(&m)
	case MethodSubscribe:
		s.subscribe(&m)
	case MethodAuthorize:
		s.authorize(&m)
	case MethodExtranonce:
		s.reply(&m, "true")
	case MethodSuggest, MethodSuggestTarget:
		s.suggest(&m)
	case MethodGetTransactions:
		s.reply(&m, "[]")
	case MethodPing, "ping":
		s.reply(&m, `"pong"`)
	case "", "pong": // a reply
	default:
		s.shard.tally.unknown.Add(1)
		s.refuse(&m, errUnknownMethod)
	}
}

// reply collects an answer; notifications get none.
func (s *Seat) reply(m *Message, result string) {
	if !isNull(m.ID) {
		s.s.replies = AppendReply(s.s.replies, m.ID, result)
	}
}

// refuse collects a refusal. Lines that could not be read get one without an
// id; notifications get none.
func (s *Seat) refuse(m *Message, e *Error) {
	if m.Method == "" || !isNull(m.ID) {
		s.s.replies = AppendRefusal(s.s.replies, m.ID, e)
	}
}

// configure answers mining.configure (BIP310).
func (s *Seat) configure(m *Message) {
	var x Extensions
	if err := x.Parse(m.Params); err != nil {
		s.refuse(m, errBadParameters)
		return
	}
	may := uint32(VersionMask)
	if home := s.home(); home != nil && home.Mask != 0 { // what is no good now may be later
		may = home.Mask
	}
	s.mu.Lock()
	if x.VersionRolling {
		s.asked, s.configured = x.Mask, true
		mask := s.asked & may
		if onesCount(mask) < x.MinBitCount {
			s.asked, mask = 0, 0
		}
		s.grantMask(mask)
	}
	if x.MinimumDifficulty != nil {
		s.least = s.srv.levels.above(*x.MinimumDifficulty)
		s.want = s.clamp(s.want)
	}
	mask, late := s.mask, s.newest != nil
	s.mu.Unlock()
	if !isNull(m.ID) {
		s.s.replies = appendID(s.s.replies, m.ID)
		s.s.replies = append(s.s.replies, `,"result":`...)
		s.s.replies = x.appendGrant(s.s.replies, mask)
		s.s.replies = append(s.s.replies, `,"error":null}`+"\n"...)
	}
	if !late {
		return
	}
	s.flush()
	s.mu.Lock()
	var lines []byte
	if x.VersionRolling && mask != 0 {
		lines = s.tellMask(lines, mask)
	}
	s.post(s.again(lines, s.now), s.now)
}

// home returns the work that the connection has or would get now, or nil.
func (s *Seat) home() *work {
	s.mu.Lock()
	w := s.newest
	s.mu.Unlock()
	if w != nil {
		return w
	}
	if l := s.srv.cfg.Desk.Home(); l != nil {
		return l.newest.Load()
	}
	return nil
}

func onesCount(mask uint32) (n int) {
	for ; mask != 0; mask &= mask - 1 {
		n++
	}
	return n
}

// suggest takes the difficulty or target that a worker wants to start with and
// not to go below. It counts also when no reply is wanted.
func (s *Seat) suggest(m *Message) {
	d, err := parseSuggestion(m)
	if err != nil {
		s.refuse(m, errBadParameters)
		return
	}
	s.reply(m, "true")
	level := s.srv.levels.below(d)
	s.mu.Lock()
	if level == s.suggested {
		s.mu.Unlock()
		return
	}
	s.suggested = level
	switch {
	case s.fixed:
	case !s.tuner.settled:
		s.want = s.clamp(level)
	default:
		s.want = s.clamp(s.want)
	}
	s.mu.Unlock()
	s.flush()
	s.mu.Lock()
	s.post(s.again(nil, s.now), s.now)
}

func parseSuggestion(m *Message) (miner.Difficulty, error) {
	if m.Method == MethodSuggest {
		return ParseSetDifficulty(m.Params)
	}
	raw, err := first(m.Params)
	if err != nil {
		return miner.Difficulty{}, err
	}
	t, err := miner.ParseTarget(plain(raw))
	if err != nil {
		return miner.Difficulty{}, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodSuggestTarget, err)
	}
	return t.Difficulty(), nil
}

// banOf keeps the address of a connection out for a while.
func (s *Server) banOf(t *Seat) {
	t.mu.Lock()
	good := t.good
	t.good = false
	t.mu.Unlock()
	if good {
		s.gate.worth(t.addr, -1)
	}
	if s.gate.ban(t.addr, s.clock()) {
		t.shard.tally.limited[limitBans].Add(1)
	}
}
