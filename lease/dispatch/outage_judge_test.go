package dispatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/transport"
)

func TestBlame(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	for _, c := range []struct {
		err  error
		want blame
	}{
		{fmt.Errorf("%w %q: %w", stratum.ErrUnauthorized, "u", &stratum.Error{Code: stratum.CodeUnauthorized, Message: "no"}), theirs},
		{fmt.Errorf("mining.subscribe: %w", &stratum.Error{Code: stratum.CodeOther, Message: "full"}), theirs},
		{stratum.ErrHandshake, theirs},
		{errFlood, theirs},
		{dial(syscall.ECONNREFUSED), theirs},
		{dial(&net.DNSError{Name: "pool.example", IsNotFound: true}), theirs},
		{dial(transport.ErrNotPublic), theirs},
		{dial(&net.DNSError{Name: "pool.example", IsTimeout: true}), unclear},
		{dial(syscall.ENETUNREACH), ours},
		{&net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, Err: syscall.ENETUNREACH}, ours},
		{&net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.ParseIP("2001:db8::1")}, Err: syscall.ENETUNREACH}, unclear},
		{dial(syscall.EMFILE), ours},
		{dial(syscall.EHOSTUNREACH), unclear},
		{context.DeadlineExceeded, unclear},
		{fmt.Errorf("the pool hung up: %w", io.EOF), unclear},
		{stratum.ErrSilent, unclear},
	} {
		if got := blameFor(c.err); got != c.want {
			t.Errorf("%v: blame %d, want %d", c.err, got, c.want)
		}
	}
}

// coin is a coin node that answers or does not.
type coin struct {
	solo.Node
	err error
}

func (c coin) Tip(context.Context) (miner.Hash, int64, error) { return miner.Hash{}, 0, c.err }

// A pool that says nothing is to blame itself, unless it is as if this machine
// were cut off.
func TestWhoseFaultSilenceIs(t *testing.T) {
	const since = 1_000_000
	conn := func(host string, sinceMs int64) *upstream {
		u := &upstream{lease: lease.Lease{Tenant: host[:1], Pool: &lease.Pool{URLs: []string{"stratum+tcp://" + host + ":3333"}}}, outage: outage{sinceMs: sinceMs}}
		if sinceMs == 0 {
			u.current = &work{}
		}
		return u
	}
	same := conn("b.example", since) // another pool of the same tenant's
	same.lease.Tenant = "a"
	for name, c := range map[string]struct {
		others []*upstream
		coin   error
		want   blame
	}{
		"alone":                       {nil, nil, theirs},
		"alone, and no coin node":     {nil, errors.New("no answer"), ours},
		"another works":               {[]*upstream{conn("b.example", 0), conn("c.example", since)}, errors.New("no answer"), theirs},
		"all others since then":       {[]*upstream{conn("b.example", since+1000), conn("c.example", since-1000)}, nil, ours},
		"another since long before":   {[]*upstream{conn("b.example", since-sameTimeMs-1)}, nil, theirs},
		"others on the same host":     {[]*upstream{conn("a.example", since)}, nil, theirs},
		"a worker on the same host":   {[]*upstream{conn("a.example", 0), conn("b.example", since)}, nil, ours},
		"both of the tenant's":        {[]*upstream{same}, nil, theirs},
		"both, and somebody else's":   {[]*upstream{same, conn("c.example", since)}, nil, ours},
		"another that never answered": {[]*upstream{conn("b.example", 1)}, nil, theirs},
	} {
		d := &Dispatcher{Config: Config{Node: coin{err: c.coin}}}
		u := conn("a.example", since)
		if got := d.whose(t.Context(), u, u.outage, append(c.others, u)); got != c.want {
			t.Errorf("%s: blame %d, want %d", name, got, c.want)
		}
	}
	d, u := &Dispatcher{}, conn("a.example", since)
	u.outage.blame = ours
	if got := d.whose(t.Context(), u, u.outage, nil); got != ours {
		t.Errorf("what is clear is judged as %d", got)
	}
}

// Evidence keeps how an outage began and how it went on, within its bound.
func TestEvidence(t *testing.T) {
	var o outage
	o.note("of long ago")
	o.note("the beginning")
	o.begin(5, io.EOF)
	for i := range 100 {
		o.note(fmt.Sprintf("%d %s", i, strings.Repeat("ü", 200)))
	}
	text := o.evidence()
	if len(text) > lease.MaxEvidence || len(o.lines) != maxLines {
		t.Errorf("%d bytes, %d lines", len(text), len(o.lines))
	}
	if lines := strings.Split(text, "\n"); lines[0] != "the beginning" || !strings.HasPrefix(lines[len(lines)-1], "99 ") {
		t.Errorf("evidence %s", text)
	}
	long := outage{sinceMs: 1}
	long.note(strings.Repeat("ü", lease.MaxEvidence))
	long.note("b")
	broken := outage{lines: []string{"the pool said \uFFFD\xff!"}}
	if text := broken.evidence(); text != "the pool said ?!" {
		t.Errorf("evidence %q, of characters that no document may hold", text)
	}
	if text := long.evidence(); len(text) != lease.MaxEvidence || !strings.HasPrefix(text, "üü") {
		t.Errorf("%d bytes", len(text))
	}
	// An end that is not stored yet is undone by a new failure.
	o.id, o.sinceMs, o.endMs = 7, 0, 50
	o.begin(60, io.EOF)
	if o.id != 7 || o.endMs != 0 || o.sinceMs != 60 {
		t.Errorf("outage %+v", o)
	}
}
