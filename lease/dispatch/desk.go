package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// desk answers the Stratum server.
type desk struct{ d *Dispatcher }

// errNoRig refuses machines that nobody added.
var errNoRig = errors.New("no such rig")

// Login implements stratum.Desk. The store needs a deep stack; that of a
// connection's own goroutine would stay as deep for as long as the connection.
func (k desk) Login(ctx context.Context, l stratum.Login) (grant stratum.Grant, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		grant, err = k.login(ctx, l)
	}()
	<-done
	return grant, err
}

func (k desk) login(ctx context.Context, l stratum.Login) (stratum.Grant, error) {
	login, err := lease.ParseRigLogin(l.User, l.Password)
	if err == nil {
		var rig lease.Rig
		if rig, err = k.d.Store.Rig(ctx, login.Rig); err == nil {
			err = rig.Admit(&login)
		}
		if err == nil {
			return stratum.Grant{Name: rig.Name, Owner: rig, StartDifficulty: startDifficulty(rig.RatedHps)}, nil
		}
		if !errors.Is(err, lease.ErrNotFound) {
			return stratum.Grant{}, err
		}
	}
	if k.d.rigs.unknown {
		return stratum.Grant{Name: lease.UnknownRig}, nil
	}
	return stratum.Grant{}, errors.Join(errNoRig, err)
}

// startDifficulty is that of a share every five seconds; nil if the rate is
// not known.
func startDifficulty(hps uint64) *miner.Difficulty {
	if hps == 0 {
		return nil
	}
	d := miner.TargetForWork(lease.ProofWork(miner.Hashes(hps), 5000)).Difficulty()
	return &d
}

// Home implements stratum.Desk.
func (k desk) Home() *stratum.Lane {
	r := &k.d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.grades[r.home]
}

// Place implements stratum.Desk. A rig of the provider's works for the house
// until it has shown what it makes, a tenant's own for its tenant at once.
func (k desk) Place(s *stratum.Seat) *stratum.Lane {
	info := s.Info()
	demands, hosts := k.d.feed.demands(), k.d.feed.hosts()
	r := &k.d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.seats[s]
	if m == nil {
		m = &mount{seat: s, grade: r.home}
		for _, w := range info.Workers {
			if rig, ok := w.Owner.(lease.Rig); ok {
				m.rig = rig
				break
			}
		}
		r.seats[s] = m
	}
	m.lease, m.since = "", k.d.Now()
	if m.rig.Tenant != "" {
		rig, _ := m.supply(&info, hosts)
		for _, p := range allocate(m.since, []supply{rig}, demands) {
			if lane := r.lanes[p.to]; lane != nil {
				m.lease = p.to
				return lane
			}
		}
		return nil
	}
	rate := info.RateHps
	if !steady(&info) {
		rate = m.rig.RatedHps
	}
	lane, g := r.houseLane(m, rate, k.d.HouseProofMs)
	m.grade = g
	return lane
}

// Shares that are late for another reason than a new block. Devices that wait
// for work go on with what they have, and are not to be sent away for it.
var (
	errEnded = &stratum.Error{Code: stratum.CodeJobNotFound, Message: "Job not found: its lease has no work"}
	errWaits = &stratum.Error{Code: stratum.CodeJobNotFound, Message: "Job not found: no lease of the rig's owner needs it"}
)

// Accepted implements stratum.Desk. The share counts for the lease of its job.
// It becomes a receipt when it meets the target of receipts too.
func (k desk) Accepted(a *stratum.Accepted) error {
	w := a.Owner.(*work)
	var s *found
	if a.Hash.Meets(w.search()) || a.Hash.Meets(w.network) {
		s = foundBy(w, a)
	}
	f := k.d.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	account := f.account(w.job.Lease, f.now())
	err := account.refuses(a)
	if err == nil {
		err = f.strange(w.job.Lease, account, a)
	}
	if err == nil {
		credit := a.Issue.Target.Work()
		if rig, ok := a.Grant.Owner.(lease.Rig); ok && rig.Tenant != "" {
			// What a tenant's own machine makes beyond the contract is proven,
			// and no reason to deliver less later.
			if due := account.deficit(f.now()); credit.Cmp(due) > 0 {
				credit = due
			}
		}
		account.give(credit)
	}
	if s != nil {
		s.blockOnly = err != nil
		f.keep(*s)
	}
	return err
}

// lateTime is how long after the end of a lease the shares of its jobs count:
// rigs finish what they have in hand.
const lateTime = 10 * time.Second

// refuses says why a share of the account's job does not count for it.
func (a *account) refuses(s *stratum.Accepted) error {
	if rig, ok := s.Grant.Owner.(lease.Rig); ok && rig.Tenant != "" && rig.Tenant != a.tenant {
		return errWaits
	}
	if a.work == nil && s.At.Sub(a.ended) > lateTime {
		return errEnded
	}
	return nil
}

// Refused implements stratum.Desk. A late share that solves a block is tried
// all the same.
func (k desk) Refused(r *stratum.Refused) {
	v := lease.Verdict{Lease: lease.House, Source: r.Worker, Reason: r.Err.Reason()}
	if v.Source == "" {
		v.Source = lease.UnknownRig
	}
	w, known := r.Owner.(*work)
	var late *found
	if known && r.Late != nil && r.Late.Hash.Meets(w.network) {
		late = foundBy(w, r.Late)
		late.stale, late.blockOnly = true, true
	}
	f := k.d.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	// What comes after a lease has ended is no blot on it, nor what was never
	// for it.
	if known && r.Err != errHosted && f.account(w.job.Lease, f.now()).work != nil {
		v.Lease = w.job.Lease
	}
	f.verdicts[v]++
	if late != nil {
		f.keep(*late)
	}
}

// Left implements stratum.Desk.
func (k desk) Left(s *stratum.Seat) {
	r := &k.d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seats, s)
}

// foundBy is a rig's share for the committer, who judges it anew by what is
// looked for, or by the target of blocks if it meets only that.
func foundBy(w *work, a *stratum.Accepted) *found {
	target := w.search()
	if !a.Hash.Meets(target) {
		target = w.network
	}
	issue := w.template.Issue(w.job.Tag, target, a.Issue.Extranonce1)
	ref := &stratum.Ref{Issue: issue, Extranonce2: a.Share.Extranonce2}
	return &found{
		work: w, ref: ref, source: a.Worker, rig: true, header: a.Header, at: a.At,
		// The server does not know when a lease's own pool's chain went on.
		stale: w.ownPool() && w.tip.outlived.Load(),
	}
}
