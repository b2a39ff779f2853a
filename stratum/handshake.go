package stratum

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// stage is how far the handshake has come. Each request waits for the reply
// to the one before: there are pools that take the next line for it, too.
type stage int

const (
	stageConfigure stage = iota
	stageSubscribe
	stageAuthorize
	stageReady
)

// configureWait is how long a pool may take over mining.configure before we
// go on without: some leave unknown methods unanswered.
const configureWait = 5 * time.Second

// request sends a request of the handshake. The caller holds s.mu.
func (s *session) request(method string, params []byte, reply func(*Message) error) {
	s.lastID++
	if reply != nil {
		s.calls[s.lastID] = reply
	}
	s.queue(AppendRequest(nil, s.lastID, method, params))
}

// greet sends the first request. The caller holds s.mu.
func (s *session) greet() {
	if s.bare || s.c.cfg.Mask == 0 {
		s.subscribe()
		return
	}
	s.request(MethodConfigure, AppendConfigure(nil, s.c.cfg.Mask), func(m *Message) error {
		if m.Refused() == nil {
			mask, err := ParseConfigured(m.Result)
			if err != nil {
				return err
			}
			s.mask = mask & s.c.cfg.Mask
		}
		if s.stage == stageConfigure {
			s.subscribe()
		}
		return nil
	})
	s.patience = time.AfterFunc(configureWait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.stage == stageConfigure && s.err == nil {
			s.subscribe()
		}
	})
}

// subscribe asks for the extranonces, resuming the session of before if there
// was one. The caller holds s.mu.
func (s *session) subscribe() {
	s.stage = stageSubscribe
	names := []string{s.c.cfg.Agent}
	if s.resume != "" {
		names = append(names, s.resume)
	}
	s.request(MethodSubscribe, AppendStrings(nil, names...), func(m *Message) error {
		if e := m.Refused(); e != nil && s.resume != "" {
			s.resume = ""
			s.subscribe()
			return nil
		} else if e != nil {
			return fmt.Errorf("%s: %w", MethodSubscribe, e)
		}
		sub, err := ParseSubscription(m.Result)
		if err != nil {
			return err
		}
		s.geometry, s.resume = sub, sub.SessionID
		s.authorize()
		return nil
	})
}

// authorize names the user. The caller holds s.mu.
func (s *session) authorize() {
	s.stage = stageAuthorize
	s.request(MethodAuthorize, AppendStrings(nil, s.pool.User, s.pool.Password), func(m *Message) error {
		if e := m.Verdict(); e != nil {
			return fmt.Errorf("%w %q: %w", ErrUnauthorized, s.pool.User, e)
		}
		s.stage = stageReady
		if !s.bare {
			s.request(MethodExtranonce, []byte("[]"), nil)
			if d := s.c.cfg.Suggest; d != nil {
				s.request(MethodSuggest, AppendSetDifficulty(nil, *d), nil)
			}
		}
		s.issueJob()
		return nil
	})
}

// reached returns how far the handshake came.
func (s *session) reached() stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stage
}

// resumeID returns the session id for the next connection.
func (s *session) resumeID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resume
}

// hungUp reports whether err is the other end closing the connection, as some
// pools do at a method they do not know.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
