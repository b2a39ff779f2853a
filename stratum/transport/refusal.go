package transport

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Refusal is why a Listener closed a connection instead of handing it on.
type Refusal uint8

// The refusals. Each has a counter in ListenStats.
const (
	RefusedBanned    Refusal = iota // ListenConfig.Admit refused the address
	RefusedFull                     // no slot for another handshake, of all or of the address
	RefusedSlow                     // lost its slot to newcomers
	RefusedTimeout                  // did not finish its handshake in time
	RefusedGone                     // left before it said what it wants
	RefusedProtocol                 // none of the protocols spoken here, such as Stratum V2
	RefusedNoTLS                    // wants TLS, but there is no certificate
	RefusedTLS                      // TLS handshake failed
	RefusedHTTP                     // an HTTP request that asks for no WebSocket
	RefusedWebSocket                // WebSocket handshake failed, or the origin may not connect
	RefusedProxy                    // PROXY header from an address that is not a trusted proxy
	RefusedHeader                   // damaged PROXY header of a trusted proxy, or none where it is required
	refusals
)

// String is a short name for logs and metrics.
func (r Refusal) String() string {
	names := [refusals]string{
		"banned", "full", "slow", "timeout", "gone", "protocol", "no-tls", "tls", "http", "websocket", "proxy", "proxy-header",
	}
	if r >= refusals {
		return fmt.Sprintf("refusal-%d", uint8(r))
	}
	return names[r]
}

// refusal is the error of a connection that is not handed on.
type refusal struct {
	why Refusal
	err error // may be nil
}

func (r *refusal) Error() string {
	if r.err == nil {
		return r.why.String()
	}
	return r.why.String() + ": " + r.err.Error()
}

func (r *refusal) Unwrap() error { return r.err }

// ListenStats counts what a Listener did since its start.
type ListenStats struct {
	Accepted          uint64            // connections taken from the system
	AcceptErrors      uint64            // such as the lack of file descriptors; each made it pause
	Handshaking       int               // connections that have not said yet what they are
	Opened            map[string]uint64 // handed on, by Kind
	Refused           map[string]uint64 // closed, by Refusal
	CertificateUntil  time.Time         // when the certificate in use expires; zero: no TLS
	CertificateLoads  uint64            // the first one included
	CertificateErrors uint64            // tries to load a damaged pair
}

// listenCounters is what ListenStats is made of.
type listenCounters struct {
	accepted, acceptErrors atomic.Uint64
	opened                 [SecureWS + 1]atomic.Uint64
	refused                [refusals]atomic.Uint64
}

// Stats returns the counters, with an entry for every kind and refusal.
func (l *Listener) Stats() ListenStats {
	s := ListenStats{
		Accepted:     l.counters.accepted.Load(),
		AcceptErrors: l.counters.acceptErrors.Load(),
		Handshaking:  l.slots.len(),
		Opened:       make(map[string]uint64),
		Refused:      make(map[string]uint64),
	}
	for k := range l.counters.opened {
		s.Opened[Kind(k).String()] = l.counters.opened[k].Load()
	}
	for r := range l.counters.refused {
		s.Refused[Refusal(r).String()] = l.counters.refused[r].Load()
	}
	if l.cert != nil {
		s.CertificateUntil = l.cert.until()
		s.CertificateLoads, s.CertificateErrors = l.cert.loads.Load(), l.cert.errors.Load()
	}
	return s
}
