package stratumtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// conn is one client's connection. Its fields are under Pool.mu, but for
// those that never change.
type conn struct {
	p     *Pool
	net   net.Conn
	write sync.Mutex // taken before Pool.mu

	subscribed *stratum.Subscription
	authorized bool
	extranonce bool // subscribed to mining.set_extranonce
	user       string
	mask       uint32
	issues     map[string]*stratum.Issue
}

// serve answers a client to the end of its connection.
func (p *Pool) serve(nc net.Conn) {
	c := &conn{p: p, net: nc, issues: make(map[string]*stratum.Issue)}
	p.mu.Lock()
	if p.closed || p.down {
		p.mu.Unlock()
		nc.Close()
		return
	}
	p.conns[c] = struct{}{}
	p.total++
	p.changed()
	p.mu.Unlock()
	defer func() {
		nc.Close()
		p.mu.Lock()
		delete(p.conns, c)
		p.changed()
		p.mu.Unlock()
	}()
	r := stratum.NewReader(nc, 0)
	for {
		p.thaw()
		m, err := r.ReadMessage()
		if errors.Is(err, stratum.ErrMalformed) || errors.Is(err, stratum.ErrLineTooLong) {
			c.misbehaved(err.Error())
		}
		if err != nil {
			return
		}
		if err := c.handle(&m); err != nil {
			return
		}
	}
}

// thaw returns once the pool is not frozen.
func (p *Pool) thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		change := p.change
		p.mu.Unlock()
		<-change
		p.mu.Lock()
	}
}

func (c *conn) misbehaved(what string) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.bad = append(c.p.bad, what)
	c.p.changed()
}

// send writes lines, unless the pool is mute. The caller holds c.write since
// before the lines were made, so that they leave in the order they were made.
func (c *conn) send(lines []byte) error {
	c.p.mu.Lock()
	mute := c.p.mute
	c.p.mu.Unlock()
	if mute || len(lines) == 0 {
		return nil
	}
	_ = c.net.SetWriteDeadline(time.Now().Add(10 * time.Second))
	for len(lines) > 0 {
		n := len(lines)
		if c.p.o.Chunk > 0 {
			n = min(n, c.p.o.Chunk)
		}
		if _, err := c.net.Write(lines[:n]); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// handle answers one message. An error ends the connection.
func (c *conn) handle(m *stratum.Message) error {
	c.write.Lock()
	defer c.write.Unlock()
	c.p.mu.Lock()
	name := m.Method
	if m.IsReply() {
		name = "reply"
	}
	c.p.methods[name]++
	lines, err := c.answer(m)
	c.p.mu.Unlock()
	if err == nil {
		err = c.send(lines)
	}
	c.p.mu.Lock()
	c.p.changed()
	c.p.mu.Unlock()
	return err
}

// answer returns what to send. The caller holds p.mu.
func (c *conn) answer(m *stratum.Message) ([]byte, error) {
	o := &c.p.o
	refuse := func(code int, text string) ([]byte, error) {
		return stratum.AppendRefusal(nil, m.ID, &stratum.Error{Code: code, Message: text}), nil
	}
	switch m.Method {
	case "":
		return nil, nil
	case stratum.MethodConfigure:
		return c.configure(m)
	case stratum.MethodSubscribe:
		return c.subscribe(m)
	case stratum.MethodAuthorize:
		if c.subscribed == nil {
			c.p.bad = append(c.p.bad, "authorize before subscribe")
		}
		var user string
		if names := stringsOf(m.Params); len(names) > 0 {
			user = names[0]
		}
		if o.RefuseUser {
			return refuse(stratum.CodeUnauthorized, "Unauthorized worker")
		}
		c.authorized, c.user = true, user
		lines := stratum.AppendReply(nil, m.ID, "true")
		if o.JobAfterAuth {
			lines = append(lines, c.setDifficulty()...)
			lines = append(lines, c.notify(true)...)
		}
		return lines, nil
	case stratum.MethodExtranonce:
		if o.Configure == HangUp {
			return nil, io.EOF
		}
		if o.NoExtranonce {
			return refuse(stratum.CodeOther, "Not supported.")
		}
		c.extranonce = true
		return stratum.AppendReply(nil, m.ID, "true"), nil
	case stratum.MethodSuggest:
		if _, err := stratum.ParseSetDifficulty(m.Params); err != nil {
			c.p.bad = append(c.p.bad, err.Error())
		}
		return stratum.AppendReply(nil, m.ID, "true"), nil
	case stratum.MethodSubmit:
		return c.submit(m), nil
	case stratum.MethodPing:
		return stratum.AppendReply(nil, m.ID, `"pong"`), nil
	}
	return refuse(stratum.CodeMethodNotFound, "Method not found")
}

func (c *conn) configure(m *stratum.Message) ([]byte, error) {
	if c.subscribed != nil {
		c.p.bad = append(c.p.bad, "configure after subscribe")
	}
	asked, err := stratum.ParseConfigure(m.Params)
	if err != nil {
		c.p.bad = append(c.p.bad, err.Error())
	}
	switch c.p.o.Configure {
	case Refuse:
		return stratum.AppendRefusal(nil, m.ID, &stratum.Error{Code: stratum.CodeMethodNotFound, Message: "Method not found"}), nil
	case Deny:
		return stratum.AppendReply(nil, m.ID, `{"version-rolling":false}`), nil
	case Ignore:
		return nil, nil
	case HangUp:
		return nil, io.EOF
	}
	c.mask = asked & c.p.o.Mask
	return stratum.AppendReply(nil, m.ID, fmt.Sprintf(`{"version-rolling":true,"version-rolling.mask":"%08x"}`, c.mask)), nil
}

func (c *conn) subscribe(m *stratum.Message) ([]byte, error) {
	s := &stratum.Subscription{Extranonce2Size: c.p.o.Extranonce2Size}
	if names := stringsOf(m.Params); len(names) > 1 {
		if c.p.o.HangUpResume {
			return nil, io.EOF
		}
		if c.p.o.RefuseResume {
			return stratum.AppendRefusal(nil, m.ID, &stratum.Error{Code: stratum.CodeOther, Message: "Session not found"}), nil
		}
		if en1, ok := c.p.sessions[names[1]]; ok && c.p.o.Resume {
			s.SessionID, s.Extranonce1 = names[1], en1
		}
	}
	if s.Extranonce1 == nil {
		c.p.lastEn1++
		s.Extranonce1 = binary.BigEndian.AppendUint32(nil, 0xa0000000|c.p.lastEn1)
		s.SessionID = fmt.Sprintf("session-%d", c.p.lastEn1)
		c.p.sessions[s.SessionID] = s.Extranonce1
	}
	c.subscribed = s
	result := string(stratum.AppendSubscription(nil, s))
	if c.p.o.NullSessions {
		result = fmt.Sprintf(`[null,"%x",%d]`, s.Extranonce1, s.Extranonce2Size)
	}
	lines := stratum.AppendReply(nil, m.ID, result)
	if !c.p.o.JobAfterAuth {
		lines = append(lines, c.setDifficulty()...)
		lines = append(lines, c.notify(true)...)
	}
	return lines, nil
}

func (c *conn) setDifficulty() []byte {
	return stratum.AppendNotification(nil, stratum.MethodSetDifficulty, stratum.AppendSetDifficulty(nil, c.p.difficulty))
}

// notify fixes the terms of the present job for this client. The caller holds
// p.mu.
func (c *conn) notify(clean bool) []byte {
	if c.p.job == nil || c.subscribed == nil {
		return nil
	}
	s := c.subscribed
	j := c.p.fit(c.p.job, len(s.Extranonce1)+s.Extranonce2Size)
	j.Clean = j.Clean && clean
	if j.Clean {
		clear(c.issues)
	}
	c.issues[j.ID] = &stratum.Issue{
		Job: j, Extranonce1: s.Extranonce1, Extranonce2Size: s.Extranonce2Size,
		Target: c.p.difficulty.PoolTarget(), MinTime: j.Time, MaxTime: j.Time + 7200,
	}
	return stratum.AppendNotify(nil, &j)
}

// submit judges a share.
func (c *conn) submit(m *stratum.Message) []byte {
	if c.p.muteShares {
		return nil
	}
	if len(c.p.forms) > 0 {
		form := c.p.forms[0]
		c.p.forms = c.p.forms[1:]
		return form.reply(m.ID)
	}
	share, err := c.judge(m.Params)
	if err != nil {
		c.p.rejected[err.Reason()]++
		return stratum.AppendRefusal(nil, m.ID, err)
	}
	c.p.shares = append(c.p.shares, share)
	return stratum.AppendReply(nil, m.ID, "true")
}

func (c *conn) judge(params []byte) (Share, *stratum.Error) {
	var s stratum.Submit
	if err := s.Parse(params); err != nil {
		return Share{}, asError(err)
	}
	if !c.authorized || s.User != c.user {
		return Share{}, &stratum.Error{Code: stratum.CodeUnauthorized, Message: "Unauthorized worker"}
	}
	issue := c.issues[s.JobID]
	if issue == nil {
		return Share{}, &stratum.Error{Code: stratum.CodeJobNotFound, Message: "Job not found"}
	}
	now := *issue
	now.Mask = c.mask // the last mask counts
	header, hash, err := now.Check(s.Share)
	if err != nil {
		return Share{}, asError(err)
	}
	if !c.p.seen.Add(hash) {
		return Share{}, &stratum.Error{Code: stratum.CodeDuplicate, Message: "Duplicate share"}
	}
	return Share{User: s.User, JobID: s.JobID, Header: header, Hash: hash, Target: issue.Target}, nil
}

func asError(err error) *stratum.Error {
	var e *stratum.Error
	if errors.As(err, &e) {
		return e
	}
	return &stratum.Error{Code: stratum.CodeOther, Message: err.Error()}
}
