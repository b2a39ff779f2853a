package stratum

import (
	"fmt"
	"time"
)

// Limits bound what connections can cost a Server. Every limit has a counter
// in ServerStats.Dropped or ServerStats.Limited. Zero fields mean the defaults
// named with them.
type Limits struct {
	Connections int // in all; 0: 50 000
	PerAddress  int // of one IPv4 address or IPv6 /64, for farms sit behind one; 0: 4000
	LineBytes   int // of a line, its end included; 0: DefaultLineLimit
	QueueBytes  int // waiting for a peer that does not read; beyond, it is dropped; 0: 64 KiB
	Workers     int // authorized on one connection; 0: 256
	Jobs        int // that shares of one connection may name; the oldest go first; 0: 64
	Malformed   int // lines of one connection that are not the protocol's; then it is dropped; 0: 8

	// A connection has to authorize a worker within this time and this many
	// messages. Later on, further logins that are refused count as such.
	PreAuthTime     time.Duration // 0: 30 s
	PreAuthMessages int           // 0: 100

	LoginTime time.Duration // for Desk.Login; 0: 10 s
	WriteTime time.Duration // for a peer to take what is written; 0: 20 s
	IdleTime  time.Duration // without a line, but for a connection that waits for its first job; 0: 15 min
	JobTime   time.Duration // for shares of a job that another one replaced within one tip; 0: 120 s

	// Messages a second that one connection may send on average, and how many
	// at once: a fast rig that starts at a low difficulty floods for a moment.
	// 1 KiB, also of blank lines, counts as one more.
	MessageRate  int // 0: 2000
	MessageBurst int // 0: 50 000

	// FairRate is how many messages a second of one connection are read at once
	// whatever others send; no rig sends as many for long. What is beyond it, of
	// all connections together, is read at SpareRate.
	FairRate  int // 0: 500
	SpareRate int // 0: 50 000

	// A connection is dropped when more than InvalidPercent of its shares are
	// invalid, InvalidShares or more of them, with old ones counting ever less.
	// Those that come late, are beyond SharesPerBlock, or that the Desk refuses
	// are not. Its address is banned for
	// BanTime unless other connections from there do good work.
	InvalidPercent int           // 0: 50
	InvalidShares  int           // 0: 50
	BanTime        time.Duration // 0: 10 min
	Bans           int           // remembered at a time; 0: 4096

	// Connections that ended and may be resumed by their session id.
	Sessions    int           // 0: 4096
	SessionTime time.Duration // 0: 10 min

	// SharesPerBlock is how many shares a connection may submit on one tip:
	// the header hash of each is remembered. 0: 100 000.
	SharesPerBlock int
}

// withDefaults replaces zeros, and refuses what makes no sense.
func (l Limits) withDefaults() (Limits, error) {
	for _, n := range []struct {
		name string
		of   *int
		to   int
	}{
		{"Connections", &l.Connections, 50_000},
		{"PerAddress", &l.PerAddress, 4000},
		{"LineBytes", &l.LineBytes, DefaultLineLimit},
		{"QueueBytes", &l.QueueBytes, 64 << 10},
		{"Workers", &l.Workers, 256},
		{"Jobs", &l.Jobs, 64},
		{"Malformed", &l.Malformed, 8},
		{"PreAuthMessages", &l.PreAuthMessages, 100},
		{"MessageRate", &l.MessageRate, 2000},
		{"MessageBurst", &l.MessageBurst, 50_000},
		{"FairRate", &l.FairRate, 500},
		{"SpareRate", &l.SpareRate, 50_000},
		{"InvalidPercent", &l.InvalidPercent, 50},
		{"InvalidShares", &l.InvalidShares, 50},
		{"Bans", &l.Bans, 4096},
		{"Sessions", &l.Sessions, 4096},
		{"SharesPerBlock", &l.SharesPerBlock, 100_000},
	} {
		if *n.of < 0 {
			return l, fmt.Errorf("stratum server: limit %s of %d: want a positive number, or 0 for %d", n.name, *n.of, n.to)
		}
		if *n.of == 0 {
			*n.of = n.to
		}
	}
	for _, d := range []struct {
		name string
		of   *time.Duration
		to   time.Duration
	}{
		{"PreAuthTime", &l.PreAuthTime, 30 * time.Second},
		{"LoginTime", &l.LoginTime, 10 * time.Second},
		{"WriteTime", &l.WriteTime, 20 * time.Second},
		{"IdleTime", &l.IdleTime, 15 * time.Minute},
		{"JobTime", &l.JobTime, 120 * time.Second},
		{"BanTime", &l.BanTime, 10 * time.Minute},
		{"SessionTime", &l.SessionTime, 10 * time.Minute},
	} {
		if *d.of < 0 {
			return l, fmt.Errorf("stratum server: limit %s of %v: want a positive duration, or 0 for %v", d.name, *d.of, d.to)
		}
		if *d.of == 0 {
			*d.of = d.to
		}
	}
	if l.LineBytes < minLineBytes {
		return l, fmt.Errorf("stratum server: limit LineBytes of %d: want at least %d, which a submit may need", l.LineBytes, minLineBytes)
	}
	return l, nil
}

// minLineBytes is the least a LineBytes may be: a submit of a long worker name
// fits.
const minLineBytes = 512
