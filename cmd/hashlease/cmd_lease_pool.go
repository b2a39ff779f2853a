package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/stratum/transport"
)

// poolFlags are the flags of a lease with a pool of its own.
type poolFlags struct {
	f              *flags
	urls           repeated
	user           *string
	password, file *string
}

// maxPasswordFile is the largest file with a password that is read, in bytes.
const maxPasswordFile = 4096

func newPoolFlags(f *flags) *poolFlags {
	p := &poolFlags{f: f}
	f.Var(&p.urls, "pool", "the `URL` of the tenant's own pool, where the work goes instead of to the house's blocks; again, up to 5 in all, for those to fall back to")
	p.user = f.String("pool-user", "", "the tenant's `USER` or worker name at the pool")
	p.password = f.String("pool-pass", "x", "the `PASSWORD` at the pool; other users of this machine may see it while the command runs")
	p.file = f.String("pool-pass-file", "", "a `FILE` that holds the password at the pool")
	return p
}

// pool returns the pool that the flags name, nil where they name none.
func (p *poolFlags) pool() (*lease.Pool, error) {
	if len(p.urls) == 0 {
		for _, name := range []string{"pool-user", "pool-pass", "pool-pass-file"} {
			if p.f.given(name) {
				return nil, p.f.usage("--%s is given, but no --pool: which pool?", name)
			}
		}
		return nil, nil
	}
	switch {
	case *p.user == "":
		return nil, p.f.usage("--pool-user is missing: who is the tenant at the pool?")
	case p.f.given("pool-pass") && p.f.given("pool-pass-file"):
		return nil, p.f.usage("--pool-pass and --pool-pass-file exclude each other")
	}
	l := &lease.Pool{User: *p.user, Password: *p.password}
	if p.f.given("pool-pass-file") {
		b, err := readBounded(*p.file, maxPasswordFile)
		if err != nil {
			return nil, usage("--pool-pass-file: %w", err)
		}
		l.Password = strings.TrimRight(string(b), "\r\n")
	}
	for _, url := range p.urls {
		e, err := transport.Parse(url)
		if err != nil {
			return nil, usage("--pool: %w", err)
		}
		l.URLs = append(l.URLs, e.String())
	}
	if err := l.Validate(); err != nil {
		return nil, usage("%w", err)
	}
	return l, nil
}

// poolDoc is a lease's own pool as --json prints it, and what it said to the
// shares that it was sent. The password is not in it.
type poolDoc struct {
	URLs         []string       `json:"urls"`
	User         string         `json:"user"`
	Sent         uint64         `json:"sent"` // accepted, rejected, stale and lost
	Accepted     uint64         `json:"accepted"`
	Rejected     uint64         `json:"rejected"`
	Stale        uint64         `json:"stale"`
	Lost         uint64         `json:"lost"`          // without an answer
	SentWork     lease.Quantity `json:"sent_work"`     // hashes, by the pool's target
	AcceptedWork lease.Quantity `json:"accepted_work"` // hashes, by the pool's target

	// WorthSat is what the proven work was worth on average by the pool's own
	// jobs, before its fee. The pool pays it or not: it is in no books here.
	WorthSat *int64 `json:"worth_sat,omitempty"`
}

// newPoolDoc returns nil for a lease without a pool.
func newPoolDoc(p *lease.Pool, u lease.Upstream) *poolDoc {
	if p == nil {
		return nil
	}
	return &poolDoc{
		URLs: p.URLs, User: p.User,
		Sent: u.Sent, Accepted: u.Accepted, Rejected: u.Rejected, Stale: u.Stale, Lost: u.Lost(),
		SentWork: lease.Quantity(u.SentWork), AcceptedWork: lease.Quantity(u.AcceptedWork),
	}
}

// contract lays out for people where the work goes and who pays for it.
func (d *poolDoc) contract() [][2]string {
	var lines [][2]string
	label := "pool"
	for _, url := range d.URLs {
		lines = append(lines, [2]string{label, url})
		label = "or"
	}
	return append(lines,
		[2]string{"pool user", d.User},
		[2]string{"rewards", "the pool's, paid to its user: the terms' split of blocks and their fee do not apply"})
}

// verdicts lays out for people what the pool said.
func (d *poolDoc) verdicts() [][2]string {
	lines := [][2]string{
		{"pool said", fmt.Sprintf("%d accepted, %d rejected, %d stale, %d lost of %s",
			d.Accepted, d.Rejected, d.Stale, d.Lost, plural(d.Sent, "share"))},
		{"pool work", fmt.Sprintf("%s accepted of %s sent, by the pool's targets",
			formatHashes(d.AcceptedWork.Work()), formatHashes(d.SentWork.Work()))},
	}
	if d.WorthSat != nil {
		lines = append(lines, [2]string{"pool worth", fmt.Sprintf("%d sat for the proven work, by the pool's jobs and before its fee; it is the pool that pays", *d.WorthSat)})
	}
	return lines
}

// addWorth fills in what the work of a lease with a pool was worth there.
func (p *provider) addWorth(ctx context.Context, d *poolDoc, id string) error {
	if d == nil {
		return nil
	}
	var groups []reward.Group
	for e, err := range p.store.HourEarnings(ctx, id, 0, math.MaxInt64) {
		if err != nil {
			return err
		}
		groups = append(groups, reward.Group{Work: e.Work, Network: e.Network, RewardSat: e.Sat})
	}
	if len(groups) == 0 {
		return nil // its jobs do not tell
	}
	if worth, err := new(reward.Earned).Add(0, groups...); err == nil {
		d.WorthSat = &worth.Sat
	} // else the pool's jobs promise more than there can be
	return nil
}

// announce tells of a new lease where its work goes.
func (d *poolDoc) announce(w io.Writer) error {
	_, err := fmt.Fprintf(w, "its work goes to %s as %s, whom the pool pays: the terms' split of blocks and their fee do not apply\n",
		strings.Join(d.URLs, ", or "), d.User)
	return err
}

// poolNumbers is how many of poolHead are numbers, from the first.
const poolNumbers = 5

// poolHead are the columns of a list of leases of which some have a pool.
func poolHead() []string {
	return []string{"SENT", "ACCEPTED", "REJECTED", "STALE", "LOST", "POOL"}
}

// cells fills the columns of poolHead.
func (d *poolDoc) cells() []string {
	if d == nil {
		return []string{"-", "-", "-", "-", "-", "-"}
	}
	n := func(v uint64) string { return strconv.FormatUint(v, 10) }
	return []string{n(d.Sent), n(d.Accepted), n(d.Rejected), n(d.Stale), n(d.Lost), d.User + " at " + d.URLs[0]}
}
