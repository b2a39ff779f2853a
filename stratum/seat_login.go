package stratum

import (
	"bytes"
	"context"
	"strings"

	"github.com/hashlease/hashlease/miner"
)

const (
	maxAgent     = 128
	maxSessionID = 64
)

// subscribe answers mining.subscribe. The reply, the difficulty and a job
// leave as one: many devices take the next line as the reply, and some want
// the rest at once.
func (s *Seat) subscribe(m *Message) {
	agent, id := s.subscriber(m.Params)
	s.mu.Lock()
	again := s.claim != nil
	if !again {
		s.agent = Printable(agent, maxAgent)
	}
	s.mu.Unlock()
	if again {
		s.replySubscription(m)
		return
	}
	c := s.resume(id)
	resumed := c != nil
	if c == nil {
		if c = s.srv.sessions.open(s, s.now); c == nil {
			s.shard.tally.limited[limitExtranonce].Add(1)
			s.refuse(m, &Error{Code: CodeOther, Message: "Too many workers"})
			return
		}
	}
	lane := s.assigned()
	s.shard.tally.subscribes.Add(1)

	s.mu.Lock()
	s.lockWriting() // so that no shard's lines come before the reply
	s.claim = c
	if resumed {
		s.jobs, c.jobs = c.jobs, nil
		s.want, s.resumed = c.want, true
		s.shard.tally.resumed.Add(1)
	} else if s.suggested == minLevel && !s.hinted {
		s.want = s.agentLevel()
	}
	s.want = s.clamp(s.want)
	if s.lane == nil {
		s.changeLane(lane)
	}
	s.replySubscription(m)
	out := s.s.replies
	if s.lane != nil {
		if w := s.lane.newest.Load(); w != nil {
			out = s.give(out, w, s.now)
		}
	}
	if s.level == noLevel {
		out = s.tellLevel(out, s.want, s.now)
	}
	s.s.replies = out
	s.wrote = s.now
	s.mu.Unlock()
	s.write(out, true)
	s.s.replies = s.s.replies[:0]
	s.arrived(lane)
}

func (s *Seat) replySubscription(m *Message) {
	if isNull(m.ID) {
		return
	}
	c := s.claim // only this goroutine sets it, before leave
	s.s.replies = appendID(s.s.replies, m.ID)
	s.s.replies = append(s.s.replies, `,"result":`...)
	s.s.replies = AppendSubscription(s.s.replies, &Subscription{
		SessionID: c.id, Extranonce1: c.extranonce1, Extranonce2Size: s.srv.cfg.Extranonce2Size,
	})
	s.s.replies = append(s.s.replies, `,"error":null}`+"\n"...)
}

// assigned asks the Desk for a lane.
func (s *Seat) assigned() *Lane {
	s.mu.Lock()
	authorized := len(s.workers) > 0
	s.known = s.known || authorized
	s.mu.Unlock()
	if authorized {
		return s.srv.cfg.Desk.Place(s)
	}
	return s.srv.cfg.Desk.Home()
}

// subscriber reads who subscribes and which session is to be resumed. Whatever
// is missing or strange is left out.
func (s *Seat) subscriber(params []byte) (agent, session string) {
	p, err := elements(s.s.room[:0], params, maxParams)
	if err != nil || len(p) == 0 {
		return "", ""
	}
	if agent, _ = text(p[0]); len(agent) > maxLoginText {
		agent = agent[:maxLoginText]
	}
	if len(p) > 1 && len(p[1]) <= maxSessionID {
		session, _ = text(p[1])
	}
	return agent, session
}

// resume takes over an ended session, or the one of a connection that has not
// noticed yet that its peer is gone.
func (s *Seat) resume(id string) *claim {
	if id == "" {
		return nil
	}
	if old := s.srv.sessions.find(id); old != nil && old != s {
		ctx, cancel := context.WithTimeout(context.Background(), s.srv.limits.LoginTime)
		defer cancel()
		old.evict(ctx, dropResumed)
	}
	return s.srv.sessions.resume(id, s, s.now)
}

// agentLevel is where a worker starts that gives no hint but its name: those
// of processors and of toys start easy, or they would not find a share for
// hours. The caller holds mu.
func (s *Seat) agentLevel() int8 {
	name := strings.ToLower(s.agent)
	for _, slow := range []string{"cpuminer", "nerdminer", "nminer", "hashlease"} {
		if strings.Contains(name, slow) {
			return min(s.want, slowLevel)
		}
	}
	return s.want
}

// slowLevel is difficulty 2^-10, at which a million hashes a second find a
// share in four seconds.
const slowLevel = -10

// authorize answers mining.authorize.
func (s *Seat) authorize(m *Message) {
	p, err := elements(s.s.room[:0], m.Params, maxParams)
	if err != nil || len(p) == 0 {
		s.refuse(m, errBadParameters)
		return
	}
	user, ok := text(p[0])
	var password string
	if len(p) > 1 {
		password = plain(p[1])
	}
	if !ok || len(user) > maxLoginText || len(password) > maxLoginText {
		s.refuse(m, errUnauthorized)
		return
	}
	if s.workerNamed(p[0]) != nil {
		s.reply(m, "true")
		return
	}
	if len(s.workers) >= s.srv.limits.Workers {
		s.shard.tally.limited[limitWorkers].Add(1)
		s.refuse(m, &Error{Code: CodeUnauthorized, Message: "Too many workers on this connection"})
		return
	}
	grant, err := s.login(user, password)
	if err != nil {
		s.shard.tally.refusedLogins.Add(1)
		s.refuse(m, errUnauthorized)
		if len(s.workers) > 0 {
			s.strange()
		}
		return
	}
	s.shard.tally.logins.Add(1)
	if grant.Name == "" {
		grant.Name = user
	}
	s.mu.Lock()
	first := len(s.workers) == 0
	s.workers = append(s.workers, &worker{raw: string(p[0]), user: user, grant: grant})
	if first {
		s.begin(&grant, password)
	}
	subscribed := s.claim != nil
	s.mu.Unlock()
	s.reply(m, "true")
	s.flush()
	if !first || !subscribed {
		return
	}
	if l := s.assigned(); l != nil {
		s.Move(l)
	}
	s.mu.Lock()
	s.post(s.again(nil, s.now), s.now)
}

// login asks the Desk.
func (s *Seat) login(user, password string) (Grant, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.srv.limits.LoginTime)
	defer cancel()
	grant, err := s.srv.cfg.Desk.Login(ctx, Login{User: user, Password: password, Remote: s.Remote, Agent: s.agent})
	s.now = s.srv.clock() // it may have taken a while
	if err != nil {
		if ctx.Err() != nil {
			s.shard.tally.limited[limitLogin].Add(1)
		}
		s.srv.log.Debug("worker refused", "remote", s.Remote, "user", Printable(user, maxAgent), "err", err)
	}
	return grant, err
}

// begin sets the difficulty that the first worker starts with. The caller
// holds mu.
func (s *Seat) begin(g *Grant, password string) {
	start, fixed := PasswordDifficulty(password)
	s.tuner, s.rate = newTuner(s.now), rate{since: s.now, last: s.now}
	switch {
	case fixed != nil:
		s.fixed, s.hinted = true, true
		s.want = s.srv.levels.below(*fixed)
	case start != nil:
		s.hinted = true
		s.want = s.srv.levels.below(*start)
	case s.resumed, s.suggested != minLevel:
	case g.StartDifficulty != nil:
		s.hinted = true
		s.want = s.srv.levels.below(*g.StartDifficulty)
	}
	s.want = s.clamp(s.want)
}

// PasswordDifficulty reads the options of a worker's password: d=N is the
// difficulty to start with, fd=N one that is to stay. They stand alone or
// beside other words, separated by commas, semicolons or blanks. What cannot
// be read counts as not given.
func PasswordDifficulty(password string) (start, fixed *miner.Difficulty) {
	for _, word := range strings.FieldsFunc(password, func(r rune) bool { return strings.ContainsRune(",;& \t", r) }) {
		key, value, _ := strings.Cut(word, "=")
		d, err := miner.ParseDifficulty(value)
		if err != nil {
			continue
		}
		switch strings.ToLower(key) {
		case "d":
			start = &d
		case "fd":
			fixed = &d
		}
	}
	return start, fixed
}

// workerNamed returns the worker of a name, given as raw JSON, or nil.
func (s *Seat) workerNamed(raw []byte) *worker {
	for _, w := range s.workers { // only this goroutine adds to them
		if string(raw) == w.raw {
			return w
		}
	}
	if len(s.workers) == 0 || bytes.IndexByte(raw, '\\') < 0 && !s.escaped() {
		return nil
	}
	name, _ := text(raw)
	for _, w := range s.workers {
		if name == w.user {
			return w
		}
	}
	return nil
}

// escaped reports whether a worker's name came with escapes, so that it may be
// spelt in another way.
func (s *Seat) escaped() bool {
	for _, w := range s.workers {
		if strings.Contains(w.raw, `\`) {
			return true
		}
	}
	return false
}
