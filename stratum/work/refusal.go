package work

import "fmt"

// Error codes of Stratum V1.
const (
	CodeOther          = 20
	CodeJobNotFound    = 21 // also stale
	CodeDuplicate      = 22
	CodeLowDifficulty  = 23
	CodeUnauthorized   = 24
	CodeNotSubscribed  = 25
	CodeMethodNotFound = -3
)

// Error is a refusal as it travels on the wire: [code, "message", null].
type Error struct {
	Code    int
	Message string
}

// Error writes the code's number and the message.
func (e *Error) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

// Reason is the short, stable name of the code, for counters and statements.
func (e *Error) Reason() string {
	switch e.Code {
	case CodeJobNotFound:
		return "stale"
	case CodeDuplicate:
		return "duplicate"
	case CodeLowDifficulty:
		return "low-difficulty"
	case CodeUnauthorized:
		return "unauthorized"
	case CodeNotSubscribed:
		return "not-subscribed"
	}
	return "other"
}
