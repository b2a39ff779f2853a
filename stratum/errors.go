package stratum

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// ErrMalformed is wrapped by every error about bytes that do not follow the
// protocol.
var ErrMalformed = errors.New("malformed message")

// parseError reads the error of a reply in any form seen in the field.
func parseError(raw []byte) *Error {
	switch raw[0] {
	case '[':
		var room [4][]byte
		parts, err := elements(room[:0], raw, cap(room))
		if err != nil || len(parts) == 0 {
			return refusal(0, string(raw))
		}
		if len(parts) == 1 {
			return refusal(errorCode(parts[0]), plain(parts[0]))
		}
		return refusal(errorCode(parts[0]), plain(parts[1]))
	case '{':
		var code int
		var message string
		s := scanner{b: raw}
		err := s.object(maxDepth, func(key, value []byte) error {
			switch string(key) {
			case `"code"`:
				code = errorCode(value)
			case `"message"`:
				message = plain(value)
			}
			return nil
		})
		if err != nil || message == "" {
			message = string(raw)
		}
		return refusal(code, message)
	}
	return refusal(errorCode(raw), plain(raw))
}

// plain returns a string's contents, or the text of any other value.
func plain(raw []byte) string {
	if t, ok := text(raw); ok {
		return t
	}
	return string(raw)
}

func errorCode(raw []byte) int {
	n, err := strconv.ParseInt(plain(raw), 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

// refusal makes an Error of what a pool said. Pools use their own code
// numbers, so a code outside the protocol's is replaced by the one its text
// speaks of.
func refusal(code int, message string) *Error {
	message = Printable(message, maxRefusalText)
	if code < CodeJobNotFound || code > CodeNotSubscribed {
		code = codeOf(message, code)
	}
	return &Error{Code: code, Message: message}
}

func codeOf(message string, code int) int {
	m := strings.ToLower(message)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(m, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("duplicate"):
		return CodeDuplicate
	case has("stale", "job not found", "unknown job", "invalid job", "no such job", "expired"):
		return CodeJobNotFound
	case has("above target", "low diff", "low-diff", "difficulty too low", "high-hash", "high hash"):
		return CodeLowDifficulty
	case has("unauthor", "not authorized", "worker mismatch"):
		return CodeUnauthorized
	case has("not subscribed"):
		return CodeNotSubscribed
	case code == 0:
		return CodeOther
	}
	return code
}

// Printable makes a peer's text fit for a log line or a terminal: printable
// characters only, at most limit of them.
func Printable(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			b.WriteString("…")
			break
		}
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
