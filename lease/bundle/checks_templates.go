package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

const (
	million  = 1_000_000
	msPerDay = 24 * lease.MsPerHour
)

// byShare reports whether the terms pay shares by themselves.
func byShare(t *lease.Terms) bool { return t.Scheme == lease.SchemePPS || t.Scheme == lease.SchemeFPPS }

// addJob takes in a job's leaf; t is nil for an unsound one. What is wrong with
// it is told by the checks later.
func (f *facts) addJob(j *jobLeaf, t *receipt.Template, unsound error) {
	var facts jobFacts
	if t == nil {
		f.fail("templates", j.index, unsound)
		f.jobs = append(f.jobs, facts)
		return
	}
	facts.foreign = t.Terms != f.s.Terms
	if t.IsPool() {
		facts.pool = f.poolPlace(t)
	}
	terms := f.terms
	if facts.foreign {
		terms = f.others[t.Terms]
	}
	if terms == nil {
		f.fail("templates", j.index, errors.New("its terms are not in the log before it"))
	} else {
		f.fail("outputs", j.index, f.jobOutputs(t, terms))
		f.fail("fee", j.index, jobFee(t, terms))
		f.fail("scheme", j.index, f.jobScheme(t, terms, j.createdMs))
	}
	if facts.foreign && terms != nil {
		f.otherFee = max(f.otherFee, terms.FeePPM)
	} else if terms != nil {
		facts.earns = f.jobEarns(t)
	}
	f.jobs = append(f.jobs, facts)
}

// poolPlace is 1 + the place of what is kept of a pool's job.
func (f *facts) poolPlace(t *receipt.Template) int32 {
	size, places := t.TagRoom()
	key := poolKey{t.Pool.Address, miner.Target(t.Pool.Target).Work()}
	n, ok := f.poolOf[key]
	if !ok {
		f.pools = append(f.pools, poolFacts{address: key.address, work: key.work, tagSize: size})
		n = int32(len(f.pools))
		f.poolOf[key] = n
	}
	p := &f.pools[n-1]
	p.tagSize, p.places = min(p.tagSize, size), max(p.places, places)
	return n
}

// jobOutputs looks for outputs that pay somebody else than the house and,
// where the terms say so, the leases of the split. A pool's job may pay anybody
// but the house: that would be the house's own block under another name, whose
// reward is not shared. The house's own pool may well pay the house.
func (f *facts) jobOutputs(t *receipt.Template, terms *lease.Terms) error {
	house := terms.HouseScript
	if t.IsPool() {
		script, err := hex.DecodeString(house)
		if err != nil || f.s.Pool == nil {
			return err
		}
		if at, err := t.OutputTo(script); err != nil || at >= 0 {
			return errors.Join(err, fmt.Errorf("it is said to be a pool's job, but output %d pays the script of the house", at))
		}
		return nil
	}
	c, err := t.Coinbase()
	if err != nil {
		return err
	}
	paying := 0
	for i, o := range c.Outputs {
		if o.Value == 0 {
			continue
		}
		// That these are the document's is Validate's matter.
		direct := paying < len(t.Direct)
		paying++
		if isHouse := hex.EncodeToString(o.Script) == house; isHouse == direct {
			if direct {
				return fmt.Errorf("output %d is said to pay leases, but its script is the house's", i)
			}
			return fmt.Errorf("output %d pays %d satoshi to %.80x, the terms say %.80s", i, o.Value, o.Script, house)
		}
	}
	most := 0
	if d := terms.Direct; d != nil {
		most = int(d.MaxOutputs)
	}
	switch {
	case len(t.Direct) > 0 && most == 0:
		return fmt.Errorf("%d outputs pay leases directly, but the terms say that the house does", len(t.Direct))
	case len(t.Direct) > 0 && paying > most:
		return fmt.Errorf("%d outputs, at most %d by the terms", paying, most)
	}
	return nil
}

// jobFee compares the fee with that of the terms. Where shares are paid by
// themselves, it is taken of them.
func jobFee(t *receipt.Template, terms *lease.Terms) error {
	if t.IsPool() {
		return nil
	}
	fee := reward.Fee(t.Reward, terms.FeePPM)
	if byShare(terms) {
		fee = 0
	}
	if t.Fee != fee {
		return fmt.Errorf("fee of %d sat of %d, the terms allow %d", t.Fee, t.Reward, fee)
	}
	return nil
}

// jobScheme checks that a job has the form that the terms' scheme asks for, and
// that what shares earn follows from the job.
func (f *facts) jobScheme(t *receipt.Template, terms *lease.Terms, createdMs int64) error {
	if t.IsPool() {
		return nil
	}
	switch {
	case t.Carry != 0 && terms.Scheme != lease.SchemePPLNS:
		return fmt.Errorf("%d sat are carried, but not by %s", t.Carry, terms.Scheme)
	case byShare(terms) != (t.Earns != nil):
		return fmt.Errorf("scheme %s, but what shares earn is said or missing", terms.Scheme)
	}
	switch terms.Scheme {
	case lease.SchemeSolo:
		if t.Terms != f.s.Terms {
			return errors.New("a block is its finder's, who is under other terms, but the lease is said to have a part")
		}
		finder, err := receipt.One(f.s.Lease, t.Reward-t.Fee).Hash()
		if err == nil && t.Split != finder {
			err = fmt.Errorf("a block is its finder's, but the split %x of lease %s's job does not give it all", t.Split, f.s.Lease)
		}
		return err
	case lease.SchemePPS:
		if t.Earns.Sat != t.Reward || t.Earns.FeesSat != 0 {
			return fmt.Errorf("shares are paid by %d sat a block, its reward is %d", t.Earns.Sat, t.Reward)
		}
	case lease.SchemeFPPS:
		subsidy := t.Earns.Sat - t.Earns.FeesSat
		if subsidy > t.Reward || !isSubsidy(t, subsidy, terms.Coin) {
			return fmt.Errorf("shares are paid by %d sat a block with fees of %d: %d are not the subsidy at height %d, of a reward of %d", t.Earns.Sat, t.Earns.FeesSat, subsidy, t.Height, t.Reward)
		}
		// The mean of the fees is fixed for a day.
		day := createdMs / msPerDay
		if have, ok := f.fees[day]; ok && have != t.Earns.FeesSat {
			return fmt.Errorf("fees of %d sat are paid, and %d on another job of the same day", t.Earns.FeesSat, have)
		}
		f.fees[day] = t.Earns.FeesSat
	}
	return nil
}

// jobEarns is what the job's shares earn under terms that pay them by themselves:
// what it says, or what a pool's job is worth.
func (f *facts) jobEarns(t *receipt.Template) lease.Earns {
	if !byShare(f.terms) || f.s.Pool != nil {
		return lease.Earns{}
	}
	if t.IsPool() {
		v, err := t.Value()
		if err != nil {
			return lease.Earns{}
		}
		return v
	}
	target, err := miner.Bits(t.Bits).Target()
	if err != nil || t.Earns == nil {
		return lease.Earns{}
	}
	return lease.Earns{Network: target.Work(), Sat: t.Earns.Sat}
}

// checkTemplates checks what kind of jobs there are, and whose terms they follow.
func (f *facts) checkTemplates(jobs []jobLeaf) error {
	if err := f.wrong["templates"]; err != nil {
		return err
	}
	known := f.newJobKinds()
	for i := range f.jobs {
		j, of := &f.jobs[i], &jobs[i]
		// Blocks that the lease has a part of may be found under other terms.
		worked := of.toMs != 0
		switch {
		case j.foreign && worked:
			return fmt.Errorf("leaf %d: a job of other terms than the lease's, with receipts of it", of.index)
		case j.foreign && !known.rewarded[of.index]:
			return fmt.Errorf("leaf %d: a job of other terms than the lease's, on which nothing of it was done or found", of.index)
		case of.createdMs > f.s.Period.ToMs+clockSlackSec*1000 && worked:
			return fmt.Errorf("leaf %d: a job made at %d ms, the period ends at %d", of.index, of.createdMs, f.s.Period.ToMs)
		case !worked:
			continue
		}
		if err := f.wrongKind(j, known); err != nil {
			return fmt.Errorf("leaf %d: %w", of.index, err)
		}
	}
	return nil
}

// jobKinds is what there is of jobs by the statement and the contract. It is made
// once, for there may be many jobs, and much that they are compared with.
type jobKinds struct {
	rewarded map[int64]bool  // leaves of jobs that the statement has a block of
	names    map[string]bool // addresses of the lease's own pools, now or before
	atPool   bool            // the contract had the destination of pools
}

func (f *facts) newJobKinds() *jobKinds {
	k := &jobKinds{rewarded: make(map[int64]bool, len(f.s.Rewards)), names: make(map[string]bool)}
	for i := range f.s.Rewards {
		k.rewarded[f.s.Rewards[i].Job] = true
	}
	if p := f.s.Pool; p != nil {
		for _, url := range p.URLs {
			k.names[url] = true
		}
		for i := range p.Former {
			for _, url := range p.Former[i].URLs {
				k.names[url] = true
			}
		}
	}
	k.atPool = slices.ContainsFunc(f.contracts, func(c contractAt) bool { return slices.Contains(c.Destinations, leaf.DestinationPool) })
	return k
}

// wrongKind tells why a job is not of the kind that the lease works on.
func (f *facts) wrongKind(j *jobFacts, known *jobKinds) error {
	address := ""
	if j.pool != 0 {
		address = f.pools[j.pool-1].address
	}
	switch {
	case f.s.Pool != nil && j.pool == 0:
		return errors.New("work on a block of the house, but the lease's is for a pool")
	case f.s.Pool != nil && !known.names[address]:
		return fmt.Errorf("work for pool %.80q, which is none of the lease's", address)
	case f.s.Pool == nil && j.pool != 0 && f.s.HousePool == nil:
		return fmt.Errorf("work for pool %.80q, but the lease's is for the house's own blocks", address)
	case f.s.Pool == nil && j.pool != 0 && !known.atPool:
		return fmt.Errorf("work for pool %.80q, but the contract says that the tag is not shown at pools", address)
	}
	return nil
}

// foreign counts the jobs of other leases' terms on which blocks were found.
func (f *facts) foreign() (n int) {
	for i := range f.jobs {
		if f.jobs[i].foreign {
			n++
		}
	}
	return n
}

// tagRoom is the least number of bytes that a pool's job has for the tag, and the
// largest number of places where they could stand.
func (f *facts) tagRoom() (size, places int) {
	for i := range f.pools {
		if p := &f.pools[i]; size == 0 || p.tagSize < size {
			size = p.tagSize
		}
		places = max(places, f.pools[i].places)
	}
	return size, places
}
