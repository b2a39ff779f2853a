package rpc

import (
	"errors"
	"fmt"
)

// What can be wrong with a node. Every *Error wraps one of these.
var (
	ErrUnreachable = errors.New("node is unreachable")
	ErrAuth        = errors.New("node refuses the user name or password")
	ErrSyncing     = errors.New("node is not ready: still starting, syncing or without peers")
	ErrNetwork     = errors.New("node is of another coin or network")
	ErrAnswer      = errors.New("node's answer makes no sense")
	ErrCall        = errors.New("node refuses the call")
)

// Error is a call that did not work.
type Error struct {
	Endpoint string // scheme, host and port
	Method   string
	Kind     error  // one of the errors above
	Code     int    // the node's own error code, 0 when it gave none
	Detail   string // the node's or the system's words
	Hint     string // what to do about it, "" when there is nothing to say
}

// Error says where, what, why and how to fix it.
func (e *Error) Error() string {
	s := fmt.Sprintf("coin node %s: %s: %v", e.Endpoint, e.Method, e.Kind)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Code != 0 {
		s += fmt.Sprintf(" (code %d)", e.Code)
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// otherMayHelp reports whether the fault is the node's own, so that another
// node of the chain is worth asking.
func otherMayHelp(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind != ErrCall
}

// Error codes of the nodes.
const (
	codeMisc         = -1
	codeNotFound     = -5
	codeOutOfRange   = -8
	codeNoPeers      = -9
	codeInitialSync  = -10
	codeDecode       = -22
	codeVerify       = -25
	codeVerifyReject = -26
	codeInChain      = -27
	codeWarmup       = -28

	codePassphrase = -13
	codeNoWallet   = -18
	codeManyWallet = -19
)
