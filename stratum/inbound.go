package stratum

// handle acts on one message.
func (s *session) handle(m *Message) error {
	if m.IsReply() {
		return s.reply(m)
	}
	switch m.Method {
	case MethodNotify:
		return s.notify(m.Params)
	case MethodSetDifficulty:
		return s.setDifficulty(m.Params)
	case MethodSetExtranonce:
		return s.setExtranonce(m.Params)
	case MethodSetVersionMask:
		return s.setVersionMask(m.Params)
	case MethodReconnect:
		return s.reconnect(m.Params)
	case MethodShowMessage:
		return s.showMessage(m.Params)
	case MethodGetVersion:
		s.answer(m, string(quote(nil, s.c.cfg.Agent)))
	case MethodPing:
		s.answer(m, `"pong"`)
	default:
		if !m.IsNotification() {
			s.queue(AppendRefusal(nil, m.ID, &Error{Code: CodeMethodNotFound, Message: "Method not found"}))
		}
	}
	return nil
}

func (s *session) answer(m *Message, result string) {
	if !m.IsNotification() {
		s.queue(AppendReply(nil, m.ID, result))
	}
}

// reply hands a reply to who waits for it. Replies nobody waits for are
// ignored: some pools answer notifications.
func (s *session) reply(m *Message) error {
	id, ok := m.NumericID()
	if !ok {
		return nil
	}
	s.mu.Lock()
	if sub := s.submits[id]; sub != nil {
		delete(s.submits, id)
		done := s.retired && len(s.submits) == 0
		s.mu.Unlock()
		s.answered(sub, m.Verdict())
		if done {
			s.fail(errRetired)
		}
		return nil
	}
	call := s.calls[id]
	delete(s.calls, id)
	defer s.mu.Unlock()
	if call == nil {
		return nil
	}
	return call(m)
}
