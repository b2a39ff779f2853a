package dispatch

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// outage is a time in which the pool of a lease has no work for it, under
// upstream.mu.
type outage struct {
	sinceMs int64    // of its first failure, Unix milliseconds; 0: there is work
	blame   blame    // of the newest failure
	lines   []string // of the connection's log since then, of use as evidence
	id      int64    // of the exclusion that is stored as lasting; 0: none
	endMs   int64    // when that ended: there is work again
	doubted bool     // it may have been this machine's fault so far
}

// blame says whose fault a failure is.
type blame int

const (
	unclear blame = iota // nobody at the other end said anything
	theirs               // the pool, or its host, said no
	ours                 // this machine could not even try
)

// blameFor judges a failure by what it was.
func blameFor(err error) blame {
	var word *stratum.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	is := func(causes ...error) bool {
		for _, c := range causes {
			if errors.Is(err, c) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.As(err, &word) || is(stratum.ErrUnauthorized, stratum.ErrHandshake, errJob, transport.ErrNotPublic):
		return theirs
	case is(syscall.ECONNREFUSED) || errors.As(err, &certificate) || errors.As(err, &alert):
		return theirs
	case errors.As(err, &name) && name.IsNotFound:
		return theirs
	case is(syscall.ENETUNREACH) && version6(err):
		return unclear // many machines have no IPv6, and a tenant may name what it likes
	case is(syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EACCES, syscall.EPERM):
		return ours
	}
	// That a name is not answered for may be the resolver's fault, or that of
	// the tenant's own name server.
	return unclear
}

// version6 reports whether an address of version 6 was dialled.
func version6(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) {
		return false
	}
	a, ok := op.Addr.(*net.TCPAddr)
	return ok && a.IP.To4() == nil
}

// failed implements stratum.ClientConfig.OnFailure: it notes what happened at
// which address, and begins an outage where there is no work.
func (u *upstream) failed(pool string, err error) {
	now := u.d.stamp()
	line := logTime(now) + " " + pool + ": " + stratum.Printable(err.Error(), maxLine)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.newest == nil {
		u.outage.begin(now, err)
	}
	u.outage.note(line)
}

// down notes that there is no work, for a reason that is told already unless it
// is about the pool's jobs.
func (u *upstream) down(err error) {
	now := u.d.stamp()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.outage.begin(now, err)
	if errors.Is(err, errJob) {
		u.outage.note(logTime(now) + " " + stratum.Printable(err.Error(), maxLine))
	}
}

// up notes that there is work again.
func (u *upstream) up() {
	now := u.d.stamp()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.newest == nil || u.outage.sinceMs == 0 {
		return // lost again already, or never gone
	}
	u.outage = outage{id: u.outage.id, endMs: now}
}

// begin begins an outage, or goes on with one. One that is not stored as over
// yet goes on.
func (o *outage) begin(now int64, err error) {
	o.blame = blameFor(err)
	if o.sinceMs == 0 {
		o.sinceMs, o.endMs = now, 0
	}
}

// Bounds of the lines that are kept of a connection's failures.
const (
	maxLine  = 300 // characters
	maxLines = 8
)

// note keeps the first line of an outage and the newest ones.
func (o *outage) note(line string) {
	if o.sinceMs == 0 {
		o.lines = []string{line} // perhaps it begins now
		return
	}
	if len(o.lines) == maxLines {
		o.lines = append(o.lines[:1], o.lines[2:]...)
	}
	o.lines = append(o.lines, line)
}

// evidence is what is stored of the lines: the first ones and the last.
func (o *outage) evidence() string {
	text := strings.Join(o.lines, "\n")
	for lines := o.lines; len(text) > lease.MaxEvidence && len(lines) > 2; text = strings.Join(lines, "\n") {
		lines = append(lines[:1:1], lines[2:]...)
	}
	if len(text) > lease.MaxEvidence {
		text = text[:lease.MaxEvidence]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\uFFFD", "?") // which no document may hold
}

// logTime writes a moment for evidence.
func logTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// host is the machine that the lease's first pool is on.
func (u *upstream) host() string {
	e, err := transport.Parse(u.lease.Pool.URLs[0])
	if err != nil {
		return u.lease.Pool.URLs[0]
	}
	return e.Host
}

// What is silent at the same time as another pool, within sameTimeMs, may be so
// because of this machine's own connection to the world.
const sameTimeMs = 2 * 60 * 1000

// whose decides whose fault an outage is. A pool that says nothing at all is
// taken to be the cause itself, unless all other hosts that were at work are
// silent since the same time, or, where there are none, the coin node does not
// answer either. What is silent must be of other tenants: nobody makes an outage
// the node's by silencing two pools of its own.
func (d *Dispatcher) whose(ctx context.Context, u *upstream, o outage, all []*upstream) blame {
	if o.blame != unclear {
		return o.blame
	}
	alike := false
	for _, other := range all {
		if other.host() == u.host() {
			continue
		}
		other.mu.Lock()
		at, working := other.outage.sinceMs, other.current != nil
		other.mu.Unlock()
		if working {
			return theirs
		}
		alike = alike || other.lease.Tenant != u.lease.Tenant && at != 0 && max(at-o.sinceMs, o.sinceMs-at) <= sameTimeMs
	}
	if alike {
		return ours
	}
	if d.Node == nil {
		return theirs
	}
	ctx, cancel := context.WithTimeout(ctx, nodePatience)
	defer cancel()
	if _, _, err := d.Node.Tip(ctx); err != nil {
		return ours
	}
	return theirs
}

// nodePatience is how long the coin node may take to show that this machine is
// connected.
const nodePatience = 2 * time.Second
