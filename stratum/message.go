package stratum

import (
	"fmt"
	"strconv"
)

// Methods of the protocol.
const (
	MethodConfigure        = "mining.configure"
	MethodSubscribe        = "mining.subscribe"
	MethodAuthorize        = "mining.authorize"
	MethodExtranonce       = "mining.extranonce.subscribe"
	MethodSuggest          = "mining.suggest_difficulty"
	MethodSuggestTarget    = "mining.suggest_target"
	MethodSubmit           = "mining.submit"
	MethodGetTransactions  = "mining.get_transactions"
	MethodPing             = "mining.ping"
	MethodNotify           = "mining.notify"
	MethodSetDifficulty    = "mining.set_difficulty"
	MethodSetExtranonce    = "mining.set_extranonce"
	MethodSetVersionMask   = "mining.set_version_mask"
	MethodReconnect        = "client.reconnect"
	MethodShowMessage      = "client.show_message"
	MethodGetVersion       = "client.get_version"
	maxMethodLen           = 64
	maxIDLen               = 128
	maxMessageFields       = 32
	maxRefusalText         = 200
	extensionVersionRoll   = "version-rolling"
	extensionVersionMask   = "version-rolling.mask"
	extensionVersionMinBit = "version-rolling.min-bit-count"
	extensionMinDifficulty = "minimum-difficulty"
	extensionExtranonce    = "subscribe-extranonce"
	extensionInfo          = "info"
)

// Message is one line of the protocol taken apart: a request, a notification
// or a reply. Its byte slices are raw JSON and point into the line, so they
// are good only until the next line is read.
type Message struct {
	ID     []byte // any scalar as it came, to be echoed as it is; empty when absent
	Method string // empty in replies
	Params []byte
	Result []byte
	Error  []byte
	Reason []byte // ckpool's "reject-reason"
}

// ParseMessage takes a line apart. Anything but one JSON object with a scalar
// id and a method that is a string is an error.
func ParseMessage(line []byte) (Message, error) {
	var m Message
	s := scanner{b: line}
	fields := 0
	err := s.object(maxDepth, func(key, value []byte) error {
		if fields++; fields > maxMessageFields {
			return fmt.Errorf("more than %d fields", maxMessageFields)
		}
		switch string(key) {
		case `"id"`:
			if value[0] == '{' || value[0] == '[' || len(value) > maxIDLen {
				return fmt.Errorf("id %.40q: want a scalar of at most %d bytes", value, maxIDLen)
			}
			m.ID = value
		case `"method"`:
			if isNull(value) {
				m.Method = ""
				return nil
			}
			name, ok := methodName(value)
			if !ok {
				return fmt.Errorf("method %.80q: want a name of 1 to %d bytes", value, maxMethodLen)
			}
			m.Method = name
		case `"params"`:
			m.Params = value
		case `"result"`:
			m.Result = value
		case `"error"`:
			m.Error = value
		case `"reject-reason"`:
			m.Reason = value
		}
		return nil
	})
	if err == nil {
		err = s.finish()
	}
	if err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, nil
}

// methodName returns the name in a JSON string; names of the protocol cost no
// allocation.
func methodName(raw []byte) (string, bool) {
	switch string(raw) {
	case `"mining.submit"`:
		return MethodSubmit, true
	case `"mining.notify"`:
		return MethodNotify, true
	case `"mining.set_difficulty"`:
		return MethodSetDifficulty, true
	case `"mining.subscribe"`:
		return MethodSubscribe, true
	case `"mining.authorize"`:
		return MethodAuthorize, true
	case `"mining.configure"`:
		return MethodConfigure, true
	case `"mining.extranonce.subscribe"`:
		return MethodExtranonce, true
	case `"mining.suggest_difficulty"`:
		return MethodSuggest, true
	}
	name, ok := text(raw)
	return name, ok && name != "" && len(name) <= maxMethodLen
}

// IsNotification reports whether the message is a call that wants no reply.
func (m *Message) IsNotification() bool { return m.Method != "" && isNull(m.ID) }

// IsReply reports whether the message answers a request.
func (m *Message) IsReply() bool { return m.Method == "" }

// NumericID returns the id of a reply to a request whose id was a number,
// also when the peer turned the number into a string.
func (m *Message) NumericID() (id uint64, ok bool) {
	raw := string(m.ID)
	if t, isText := text(m.ID); isText {
		raw = t
	}
	id, err := strconv.ParseUint(raw, 10, 64)
	return id, err == nil
}

// Refused returns the error a reply carries, in whatever form it came: an
// array, an object, a bare string or number, or ckpool's reject-reason. It
// returns nil when there is none; a result of false without a reason is for
// Verdict to judge.
func (m *Message) Refused() *Error {
	if !isNull(m.Error) && string(m.Error) != "false" {
		return parseError(m.Error)
	}
	if reason, ok := text(m.Reason); ok {
		return refusal(0, reason)
	}
	return nil
}

// Verdict returns nil when the reply says yes: a true result without error.
// A refusal without any reason is an error too.
func (m *Message) Verdict() *Error {
	if e := m.Refused(); e != nil {
		return e
	}
	if string(m.Result) == "true" {
		return nil
	}
	return &Error{Code: CodeOther, Message: "refused without a reason"}
}
