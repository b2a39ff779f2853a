package main

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// stratumConfig is the server that rigs log in at. Every limit that the server
// has is a key here.
type stratumConfig struct {
	Listen          string   `toml:"listen" doc:"Where rigs connect, host:port; without a host on all addresses of the machine. Plain Stratum, TLS, WebSockets and the PROXY protocol share the port. \"off\" or empty is no server. While nobody sets this key, a node goes on without a server when the default port is in use."`
	TLSCert         string   `toml:"tls_cert" doc:"A PEM file with the certificate for TLS, first its own, then those that lead to its authority. It is read again when it changes. Without one there is no TLS."`
	TLSKey          string   `toml:"tls_key" doc:"The PEM file with the certificate's key."`
	Origins         []string `toml:"origins" doc:"Web pages that may connect by WebSocket, such as [\"https://example.com\"]. Clients that are no browsers need no permission."`
	ProxyFrom       []string `toml:"proxy_protocol_from" doc:"Load balancers that tell by the PROXY protocol for whom they connect: addresses or prefixes, such as [\"192.0.2.7\", \"2001:db8::/32\"]. From anybody else it is refused."`
	ProxyRequired   bool     `toml:"proxy_protocol_required" doc:"Whether they have to tell. Set it unless some of them cannot: a load balancer that adds nothing lets its clients say who they are."`
	UnknownRigs     string   `toml:"unknown_rigs" doc:"What happens to workers that are no rigs of this node: refuse, or house, which lets them work for the house, unpaid. A rig's name with a wrong password is always refused."`
	ShareIntervalMs int64    `toml:"share_interval_ms" doc:"Milliseconds between two shares of a connection that its difficulty is chosen for, 100 to 3600000."`
	FixedIntervalMs int64    `toml:"fixed_share_interval_ms" doc:"The same for workers that fix their difficulty by fd= in the password, at the least: faster ones get a higher difficulty all the same. 1 to 3600000."`
	StartDifficulty string   `toml:"start_difficulty" doc:"The first difficulty of workers that ask for none, such as 1024 or 0.001; programs that are known to be slow start lower."`
	MinDifficulty   string   `toml:"min_difficulty" doc:"The lowest difficulty of any worker; empty is none."`
	MaxDifficulty   string   `toml:"max_difficulty" doc:"The highest difficulty of any worker; empty is none."`

	MaxConnections int64 `toml:"max_connections" doc:"Connections at a time."`
	MaxPerAddress  int64 `toml:"max_per_address" doc:"Connections at a time from one IPv4 address or IPv6 /64; a farm may sit behind one."`
	MaxHandshakes  int64 `toml:"max_handshakes" doc:"Connections at a time that have not sent their first line yet."`
	HandshakeSec   int64 `toml:"handshake_seconds" doc:"Seconds for what comes before the first line, such as the handshake of TLS."`
	MaxLine        int64 `toml:"max_line" doc:"Bytes of a line, 512 or more."`
	QueueBytes     int64 `toml:"queue_bytes" doc:"Bytes waiting for a peer that does not read; with more it is dropped."`
	WriteSec       int64 `toml:"write_seconds" doc:"Seconds for a peer to take what is written to it."`
	PreAuthSec     int64 `toml:"pre_auth_seconds" doc:"Seconds for a connection to authorize a worker."`
	PreAuthMsgs    int64 `toml:"pre_auth_messages" doc:"Messages for a connection to authorize a worker."`
	LoginSec       int64 `toml:"login_seconds" doc:"Seconds for the node to answer when a worker logs in."`
	IdleSec        int64 `toml:"idle_seconds" doc:"Seconds without a line from a connection that has work."`
	MessageRate    int64 `toml:"message_rate" doc:"Messages a second of one connection on average."`
	MessageBurst   int64 `toml:"message_burst" doc:"Messages of one connection at once: a fast rig that starts at a low difficulty floods for a moment."`
	FairRate       int64 `toml:"fair_message_rate" doc:"Messages a second of one connection that are read at once, whatever others send; rigs do not send as many for long."`
	SpareRate      int64 `toml:"spare_message_rate" doc:"Messages a second beyond that which are read of all connections together: floods share them, and wait."`
	MaxMalformed   int64 `toml:"max_malformed" doc:"Lines of one connection that are not the protocol's; after them it is dropped."`
	MaxWorkers     int64 `toml:"max_workers" doc:"Workers on one connection."`
	MaxJobs        int64 `toml:"max_jobs" doc:"Jobs that the shares of one connection may name; the oldest go first."`
	JobSec         int64 `toml:"job_seconds" doc:"Seconds for shares of a job that another one replaced while the previous block is the same."`
	SharesPerBlock int64 `toml:"shares_per_block" doc:"Shares of one connection while the previous block is the same: each is remembered, so that it counts once."`
	MaxSessions    int64 `toml:"max_sessions" doc:"Connections that ended and may be resumed."`
	SessionSec     int64 `toml:"session_seconds" doc:"Seconds in which they may be."`
	InvalidPercent int64 `toml:"invalid_ratio_percent" doc:"Percent of refused shares, those that only came late aside, above which a connection is dropped and its address banned, unless others from there do good work."`
	InvalidShares  int64 `toml:"invalid_shares" doc:"Refused shares, so many at least, for that."`
	BanSec         int64 `toml:"ban_seconds" doc:"Seconds of a ban."`
	MaxBans        int64 `toml:"max_bans" doc:"Bans at a time."`

	explicit bool // listen was set by a file, a variable or a flag
}

// What unknown_rigs may be.
const (
	refuseUnknown = "refuse"
	unknownHouse  = lease.House
)

func defaultStratum() stratumConfig {
	return stratumConfig{
		Listen:          "127.0.0.1:3333",
		Origins:         []string{},
		ProxyFrom:       []string{},
		UnknownRigs:     refuseUnknown,
		ShareIntervalMs: 5000,
		FixedIntervalMs: 100,
		StartDifficulty: "1024",
		MaxConnections:  50_000,
		MaxPerAddress:   4000,
		MaxHandshakes:   4096,
		HandshakeSec:    15,
		MaxLine:         stratum.DefaultLineLimit,
		QueueBytes:      64 << 10,
		WriteSec:        20,
		PreAuthSec:      30,
		PreAuthMsgs:     100,
		LoginSec:        10,
		IdleSec:         15 * 60,
		MessageRate:     2000,
		MessageBurst:    50_000,
		FairRate:        500,
		SpareRate:       50_000,
		MaxMalformed:    8,
		MaxWorkers:      256,
		MaxJobs:         64,
		JobSec:          120,
		SharesPerBlock:  100_000,
		MaxSessions:     4096,
		SessionSec:      10 * 60,
		InvalidPercent:  50,
		InvalidShares:   50,
		BanSec:          10 * 60,
		MaxBans:         4096,
	}
}

// off reports whether there is to be no server.
func (c *stratumConfig) off() bool { return c.Listen == "" || strings.EqualFold(c.Listen, "off") }

// difficulties reads the keys that are difficulties; those that are empty give
// nil.
func (c *stratumConfig) difficulties() (least, start, most *miner.Difficulty, err error) {
	for _, k := range []struct {
		name, text string
		to         **miner.Difficulty
	}{
		{"min_difficulty", c.MinDifficulty, &least},
		{"start_difficulty", c.StartDifficulty, &start},
		{"max_difficulty", c.MaxDifficulty, &most},
	} {
		if k.text == "" {
			continue
		}
		d, err := miner.ParseDifficulty(k.text)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("stratum.%s: %w", k.name, err)
		}
		*k.to = &d
	}
	return least, start, most, nil
}

// Bounds of the limits.
const (
	maxLimitCount = 10_000_000
	maxLimitSec   = 7 * 24 * 60 * 60
	minMaxLine    = 512 // a submit with a long name
	maxMaxLine    = 1 << 20
	minQueue      = 4 << 10 // a job
	maxQueue      = 64 << 20
)

// validate names the first key that cannot be.
func (c *stratumConfig) validate() error {
	if !c.off() {
		_, port, err := net.SplitHostPort(c.Listen)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf("stratum.listen is %.60q: want host:port, such as 127.0.0.1:3333, or off", c.Listen)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("stratum.tls_cert and stratum.tls_key go together: set both or none")
	}
	for _, o := range c.Origins {
		if u, err := url.Parse(o); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ToLower(u.Scheme+"://"+u.Host) != o {
			return fmt.Errorf("stratum.origins has %.60q: want what browsers send, such as https://example.com, without a path and in small letters", o)
		}
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	if c.ProxyRequired && len(c.ProxyFrom) == 0 {
		return fmt.Errorf("stratum.proxy_protocol_required is set, but stratum.proxy_protocol_from is empty: nobody could connect")
	}
	if c.UnknownRigs != refuseUnknown && c.UnknownRigs != unknownHouse {
		return fmt.Errorf("stratum.unknown_rigs is %.40q: want %s or %s", c.UnknownRigs, refuseUnknown, unknownHouse)
	}
	if c.StartDifficulty == "" {
		return fmt.Errorf("stratum.start_difficulty is empty: want a difficulty, such as 1024 or 0.001")
	}
	least, _, most, err := c.difficulties()
	if err != nil {
		return err
	}
	if least != nil && most != nil && least.Cmp(*most) > 0 {
		return fmt.Errorf("stratum.min_difficulty is %s, above stratum.max_difficulty of %s", c.MinDifficulty, c.MaxDifficulty)
	}
	return c.validateLimits()
}

// validateLimits checks the keys that are numbers, each by the unit in its
// name.
func (c *stratumConfig) validateLimits() error {
	whole := config{Stratum: *c}
	for _, k := range whole.keys() {
		if k.section != "stratum" || !k.value.CanInt() {
			continue
		}
		least, most := int64(1), int64(maxLimitCount)
		switch {
		case k.name == "share_interval_ms":
			least, most = 100, 3_600_000
		case k.name == "fixed_share_interval_ms":
			most = 3_600_000
		case k.name == "max_line":
			least, most = minMaxLine, maxMaxLine
		case k.name == "queue_bytes":
			least, most = minQueue, maxQueue
		case strings.HasSuffix(k.name, "_percent"):
			most = 100
		case strings.HasSuffix(k.name, "_seconds"):
			most = maxLimitSec
		}
		if n := k.value.Int(); n < least || n > most {
			return fmt.Errorf("%s is %d: want %d to %d", k, n, least, most)
		}
	}
	return nil
}

// stratumFlag adds --stratum to a command's flags. What it returns puts the
// flag into a configuration.
func (f *dataFlags) stratumFlag() func(*config) {
	listen := f.String("stratum", "", "`ADDR` where rigs connect, host:port, or off (default 127.0.0.1:3333, unless configured)")
	return func(c *config) {
		if f.given("stratum") {
			c.Stratum.Listen, c.Stratum.explicit = *listen, true
		}
	}
}
