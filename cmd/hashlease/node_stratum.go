package main

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// stratumDoc is what the port for rigs did, in the summary of a run. Every
// reason and limit is named, were its number zero.
type stratumDoc struct {
	Connects     uint64            `json:"connects"`
	Resumed      uint64            `json:"resumed"`
	Logins       uint64            `json:"logins"`
	LoginRefused uint64            `json:"logins_refused"`
	Messages     uint64            `json:"messages"`
	Malformed    uint64            `json:"malformed"`
	Unknown      uint64            `json:"unknown_methods"`
	BytesIn      uint64            `json:"bytes_in"`
	BytesOut     uint64            `json:"bytes_out"`
	Notifies     uint64            `json:"notifies"`
	Difficulties uint64            `json:"difficulties"`
	BadJobs      uint64            `json:"bad_jobs"`
	Accepted     uint64            `json:"shares_accepted"`
	LateRetarget uint64            `json:"shares_late_retarget"` // answered true, met only a newer difficulty
	Refused      map[string]uint64 `json:"shares_refused"`       // by reason
	Dropped      map[string]uint64 `json:"dropped"`              // connections that ended, by reason
	Limited      map[string]uint64 `json:"limited"`              // limits met that ended none
	Port         *portDoc          `json:"port"`                 // null: it could not be opened
}

// portDoc is what came to the port before it was Stratum.
type portDoc struct {
	Accepted          uint64            `json:"accepted"`
	AcceptErrors      uint64            `json:"accept_errors"`
	Opened            map[string]uint64 `json:"opened"`  // by transport
	Refused           map[string]uint64 `json:"refused"` // by reason
	CertificateErrors uint64            `json:"certificate_errors"`
}

// stratumDoc is nil where there is no server.
func (n *node) stratumDoc() *stratumDoc {
	server := n.dispatch.Server()
	if server == nil {
		return nil
	}
	s := server.Stats()
	d := &stratumDoc{
		Connects: s.Connects, Resumed: s.Resumed, Logins: s.Logins, LoginRefused: s.RefusedLogins,
		Messages: s.Messages, Malformed: s.Malformed, Unknown: s.Unknown, BytesIn: s.BytesIn, BytesOut: s.BytesOut,
		Notifies: s.Notifies, Difficulties: s.Difficulties, BadJobs: s.BadJobs,
		Accepted: s.Accepted, LateRetarget: s.LateRetarget, Refused: s.Refused, Dropped: s.Dropped, Limited: s.Limited,
	}
	if n.port != nil {
		p := n.port.Stats()
		d.Port = &portDoc{
			Accepted: p.Accepted, AcceptErrors: p.AcceptErrors, Opened: p.Opened, Refused: p.Refused, CertificateErrors: p.CertificateErrors,
		}
	}
	return d
}

// limitsPause is the least time between two log lines about limits: whoever
// meets them must not fill the log.
const limitsPause = time.Minute

// limitWatch tells when limits of the port for rigs were met.
type limitWatch struct {
	last map[string]uint64 // as they were told
	at   time.Time         // when that was
}

// met counts what the limits of the port kept out, by name. Peers that hang up
// or are sent away by the node itself have met none, and those who speak
// something else than Stratum are in the summary.
func met(s *stratum.ServerStats, p *transport.ListenStats) map[string]uint64 {
	all := make(map[string]uint64)
	for _, name := range []string{"full", "slow", "timeout"} {
		all[name] = p.Refused[name]
	}
	for name, k := range s.Dropped {
		switch name {
		case "left", "closed", "resumed", "write-time": // the last ones are mostly gone, too
		default:
			all[name] = k
		}
	}
	for name, k := range s.Limited {
		if name != "jobs" { // the oldest go
			all[name] = k
		}
	}
	return all
}

// news returns what was met since it was last told, if it is time to tell.
func (w *limitWatch) news(all map[string]uint64, now time.Time) (attrs []any) {
	if !w.at.IsZero() && now.Sub(w.at) < limitsPause {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if more := all[name] - w.last[name]; more > 0 {
			attrs = append(attrs, slog.Uint64(name, more))
		}
	}
	if attrs != nil {
		w.last, w.at = all, now
	}
	return attrs
}

// tellLimits logs the limits met at the port for rigs.
func (n *node) tellLimits(w *limitWatch) {
	server := n.dispatch.Server()
	if server == nil || n.port == nil {
		return
	}
	s, p := server.Stats(), n.port.Stats()
	if attrs := w.news(met(&s, &p), time.Now()); attrs != nil {
		n.log.Warn("limits were met at the port for rigs: connections or messages were refused", attrs...)
	}
}
