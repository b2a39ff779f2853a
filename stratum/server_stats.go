package stratum

import "sync/atomic"

// Reasons why a Server ended a connection or did not take it.
const (
	dropNone         = iota
	dropLeft         // the peer hung up
	dropClosed       // by Close, by the context or by the Desk
	dropResumed      // its session was taken over by a new connection
	dropConnections  // Limits.Connections
	dropPerAddress   // Limits.PerAddress
	dropBanned       // Limits.BanTime
	dropLine         // Limits.LineBytes
	dropQueue        // Limits.QueueBytes
	dropWrite        // Limits.WriteTime, or the peer was gone
	dropPreAuthTime  // Limits.PreAuthTime
	dropPreAuthCount // Limits.PreAuthMessages
	dropMalformed    // Limits.Malformed
	dropRate         // Limits.MessageRate
	dropIdle         // Limits.IdleTime
	dropInvalid      // Limits.InvalidPercent
	drops
)

var dropNames = [drops]string{
	"", "left", "closed", "resumed", "connections", "per-address", "banned", "line-bytes", "queue-bytes", "write-time",
	"pre-auth-time", "pre-auth-messages", "malformed", "message-rate", "idle-time", "invalid-shares",
}

// Limits that do not end the connection.
const (
	limitWorkers    = iota // Limits.Workers
	limitJobs              // Limits.Jobs
	limitShares            // Limits.SharesPerBlock
	limitSessions          // Limits.Sessions
	limitBans              // Limits.Bans
	limitExtranonce        // no extranonce1 is free
	limitLogin             // Limits.LoginTime
	limitSpare             // Limits.SpareRate
	limits
)

var limitNames = [limits]string{"workers", "jobs", "shares-per-block", "sessions", "bans", "extranonce1", "login-time", "spare-rate"}

// Refusals, by code. The first is CodeOther.
const refusals = CodeNotSubscribed - CodeOther + 1

// tally counts what happens to the connections of one shard.
type tally struct {
	connects, subscribes, resumed, logins, refusedLogins atomic.Uint64
	messages, malformed, unknown, bytesIn, bytesOut      atomic.Uint64
	notifies, difficulties, accepted, lateRetarget       atomic.Uint64
	refused                                              [refusals]atomic.Uint64
	dropped                                              [drops]atomic.Uint64
	limited                                              [limits]atomic.Uint64
	_                                                    [64]byte // shards are apart in the caches
}

// ServerStats is a snapshot of what a Server counted since it was made.
type ServerStats struct {
	Connections int // now
	Subscribed  int // of them
	Authorized  int // of them
	Lanes       int // with a job
	Sessions    int // that may be resumed
	Banned      int // addresses

	Connects      uint64
	Subscribes    uint64
	Resumed       uint64 // sessions
	Logins        uint64 // granted
	RefusedLogins uint64

	Messages  uint64 // lines read
	Malformed uint64 // of them, not the protocol's
	Unknown   uint64 // of them, with a method the server does not know
	BytesIn   uint64
	BytesOut  uint64

	Notifies     uint64 // mining.notify lines sent
	Difficulties uint64 // changes of difficulty sent
	BadJobs      uint64 // of Lane.Publish, that no worker could have used

	Accepted     uint64            // shares
	LateRetarget uint64            // shares answered true that met only a newer, easier target: not credited
	Refused      map[string]uint64 // shares, by Error.Reason
	Dropped      map[string]uint64 // connections ended or not taken, by reason
	Limited      map[string]uint64 // limits met that did not end the connection, by name
}

// Stats returns a snapshot.
func (s *Server) Stats() ServerStats {
	st := ServerStats{
		Refused: make(map[string]uint64),
		Dropped: make(map[string]uint64),
		Limited: make(map[string]uint64),
		BadJobs: s.badJobs.Load(),
		Lanes:   int(s.lanes.Load()),
	}
	st.Connections, st.Banned = s.gate.counts(s.clock())
	st.Sessions = s.sessions.parked()
	for _, sh := range s.shards {
		t := &sh.tally
		for to, from := range map[*uint64]*atomic.Uint64{
			&st.Connects: &t.connects, &st.Subscribes: &t.subscribes, &st.Resumed: &t.resumed,
			&st.Logins: &t.logins, &st.RefusedLogins: &t.refusedLogins, &st.Messages: &t.messages,
			&st.Malformed: &t.malformed, &st.Unknown: &t.unknown, &st.BytesIn: &t.bytesIn,
			&st.BytesOut: &t.bytesOut, &st.Notifies: &t.notifies, &st.Difficulties: &t.difficulties,
			&st.Accepted: &t.accepted, &st.LateRetarget: &t.lateRetarget,
		} {
			*to += from.Load()
		}
		for i := range t.refused {
			st.Refused[(&Error{Code: CodeOther + i}).Reason()] += t.refused[i].Load()
		}
		for i := dropLeft; i < drops; i++ {
			st.Dropped[dropNames[i]] += t.dropped[i].Load()
		}
		for i := range t.limited {
			st.Limited[limitNames[i]] += t.limited[i].Load()
		}
		subscribed, authorized := sh.count()
		st.Subscribed += subscribed
		st.Authorized += authorized
	}
	return st
}
