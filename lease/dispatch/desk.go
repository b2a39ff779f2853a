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

// Login implements stratum.Desk.
func (k desk) Login(ctx context.Context, l stratum.Login) (stratum.Grant, error) {
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

// Place implements stratum.Desk: the house, until the rig has shown what it
// makes.
func (k desk) Place(s *stratum.Seat) *stratum.Lane {
	info := s.Info()
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
	rate := info.RateHps
	if info.Accepted < steadyShares {
		rate = m.rig.RatedHps
	}
	m.lease, m.since = "", k.d.Now()
	lane, g := r.houseLane(m, rate, k.d.HouseProofMs)
	m.grade = g
	return lane
}

// Accepted implements stratum.Desk. The share counts for the lease of its job.
// It becomes a receipt when it meets the target of receipts too.
func (k desk) Accepted(a *stratum.Accepted) error {
	w := a.Owner.(*work)
	f := k.d.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if account := f.all[w.job.Lease]; account != nil {
		credit := a.Issue.Target.Work()
		hashes := credit.Lo
		if credit.Hi > 0 {
			hashes = 1 << 62
		}
		account.give(hashes, f.now())
	}
	if receipt := a.Hash.Meets(w.job.Target); receipt || a.Hash.Meets(w.network) {
		f.offer(w, a, a.At, !receipt, false)
	}
	return nil
}

// Refused implements stratum.Desk. A late share that solves a block is tried
// all the same.
func (k desk) Refused(r *stratum.Refused) {
	f := k.d.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	v := lease.Verdict{Lease: lease.House, Source: r.Worker, Reason: r.Err.Reason()}
	if w, ok := r.Owner.(*work); ok {
		v.Lease = w.job.Lease
		if r.Late != nil && r.Late.Hash.Meets(w.network) {
			f.offer(w, r.Late, r.Late.At, true, true)
		}
	}
	if v.Source == "" {
		v.Source = lease.UnknownRig
	}
	f.verdicts[v]++
}

// Left implements stratum.Desk.
func (k desk) Left(s *stratum.Seat) {
	r := &k.d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seats, s)
}

// offer hands a rig's share to the committer, judged anew by the target of
// receipts, or of blocks if it is for that only. Under f.mu.
func (f *feed) offer(w *work, a *stratum.Accepted, at time.Time, blockOnly, stale bool) {
	if len(f.found) >= maxFound {
		f.lost++
		return
	}
	target := w.job.Target
	if blockOnly {
		target = w.network
	}
	issue := w.template.Issue(w.job.Tag, target, a.Issue.Extranonce1)
	ref := &stratum.Ref{Issue: issue, Extranonce2: a.Share.Extranonce2}
	f.keep(found{work: w, ref: ref, source: a.Worker, header: a.Header, blockOnly: blockOnly, stale: stale, at: at})
}
