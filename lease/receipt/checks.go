package receipt

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// checkTemplates checks every template by itself, and that it is needed.
func (v *verifier) checkTemplates() (first error) {
	used := make([]bool, len(v.b.Templates))
	for _, j := range v.b.Jobs {
		if j.Template >= 0 && j.Template < len(used) {
			used[j.Template] = true
			if t := &v.b.Templates[j.Template]; first == nil && t.Terms != v.s.Terms {
				first = fmt.Errorf("templates[%d] follows terms %x, not the lease's %x", j.Template, t.Terms, v.s.Terms)
			}
		}
	}
	foreign := 0
	for _, b := range v.b.Blocks {
		if b.Template >= 0 && b.Template < len(used) && !used[b.Template] {
			used[b.Template] = true
			if v.b.Templates[b.Template].Terms != v.s.Terms {
				foreign++
			}
		}
	}
	if foreign > 0 {
		v.r.Unchecked = append(v.r.Unchecked,
			fmt.Sprintf("outputs, fee and scheme of %d templates on which blocks were found under the terms of other leases", foreign))
	}
	v.usable = make([]bool, len(used))
	for i := range v.b.Templates {
		err := v.b.Templates[i].Validate()
		if v.usable[i] = err == nil; err != nil {
			first = cmp.Or(first, fmt.Errorf("templates[%d]: %w", i, err))
		}
		if !used[i] {
			first = cmp.Or(first, fmt.Errorf("templates[%d] belongs to no job or block", i))
		}
	}
	return first
}

// checkJobs finds the jobs that receipts may be judged by.
func (v *verifier) checkJobs() (first error) {
	v.sound = make([]bool, len(v.b.Jobs))
	target := miner.TargetForWork(v.s.expectedWork())
	used := make([]bool, len(v.b.Jobs))
	for _, r := range v.b.Receipts {
		if int64(r.Job) < int64(len(used)) {
			used[r.Job] = true
		}
	}
	for i, j := range v.b.Jobs {
		var err error
		switch {
		case j.Template < 0 || j.Template >= len(v.b.Templates):
			err = fmt.Errorf("template %d of %d", j.Template, len(v.b.Templates))
		case !v.usable[j.Template]:
			err = fmt.Errorf("template %d is not well-formed", j.Template)
		case v.wrongKind(&v.b.Templates[j.Template]) != nil:
			err = v.wrongKind(&v.b.Templates[j.Template])
		case j.Lease != v.s.Lease:
			err = fmt.Errorf("work of lease %.70q, not %q", j.Lease, v.s.Lease)
		case j.Tag != v.s.Tag:
			err = fmt.Errorf("tag %x is not the lease's", j.Tag)
		case miner.Target(j.Target) != target:
			err = fmt.Errorf("target %s is not the contract's, %s: it must be fixed before the hashes", miner.Target(j.Target), target)
		case j.CreatedMs < 0 || j.CreatedMs > v.s.Period.ToMs+clockSlackSec*1000:
			err = fmt.Errorf("made at %d ms, the period ends at %d", j.CreatedMs, v.s.Period.ToMs)
		default:
			v.sound[i] = true
		}
		if err == nil && !used[i] {
			err = errors.New("no receipt names it")
		}
		if err != nil && first == nil {
			first = fmt.Errorf("jobs[%d]: %w", i, err)
		}
	}
	return first
}

// checkRewards rebuilds the blocks of the reward lines.
func (v *verifier) checkRewards() error {
	rewards := v.s.Rewards
	if v.s.Pool != nil && (len(rewards) != 0 || len(v.b.Blocks) != 0) {
		return fmt.Errorf("%d reward lines and %d blocks, but the work went to a pool, which pays the tenant itself", len(rewards), len(v.b.Blocks))
	}
	if rewards == nil || len(rewards) != len(v.b.Blocks) {
		return fmt.Errorf("%d reward lines for %d blocks", len(rewards), len(v.b.Blocks))
	}
	var seen stratum.Seen
	for i := range rewards {
		if err := v.checkReward(&rewards[i], &v.b.Blocks[i]); err != nil {
			return fmt.Errorf("blocks[%d]: %w", i, err)
		}
		if !seen.Add(miner.Hash(rewards[i].Block)) {
			return fmt.Errorf("blocks[%d]: %s is listed twice", i, miner.Hash(rewards[i].Block))
		}
	}
	return nil
}

func (v *verifier) checkReward(r *Reward, b *Block) error {
	if b.Template < 0 || b.Template >= len(v.usable) || !v.usable[b.Template] {
		return fmt.Errorf("template %d is missing or not well-formed", b.Template)
	}
	t := &v.b.Templates[b.Template]
	if t.Pool != nil {
		return fmt.Errorf("template %d is the job of a pool, which is not the house's to share", b.Template)
	}
	network, err := miner.Bits(t.Bits).Target()
	if err != nil {
		return err
	}
	if len(b.Extranonce) != t.Extranonce1Size+t.Extranonce2Size {
		return fmt.Errorf("extranonce of %d bytes, want %d", len(b.Extranonce), t.Extranonce1Size+t.Extranonce2Size)
	}
	issue := t.Issue(lease.Tag(b.Tag), network, b.Extranonce[:t.Extranonce1Size])
	_, hash, err := issue.Check(share(b.Extranonce, t.Extranonce1Size, b.Time, uint32(b.Nonce), uint32(b.VersionBits)))
	switch {
	case err != nil:
		return fmt.Errorf("no block of the network: %w", err)
	case U256(hash) != b.Hash || r.Block != b.Hash:
		return fmt.Errorf("the header hashes to %s, stated are %s and %s", hash, miner.Hash(b.Hash), miner.Hash(r.Block))
	case b.Height != t.Height || r.Height != t.Height || r.Template != b.Template:
		return fmt.Errorf("height %d or template %d is not that of the reward line, %d and %d", b.Height, b.Template, r.Height, r.Template)
	case r.State != lease.Adopted && r.State != lease.Mature && r.State != lease.Orphaned:
		return fmt.Errorf("state %.30q pays no reward", r.State)
	case r.Sat <= 0 || r.Sat != t.Share(v.s.Lease):
		return fmt.Errorf("reward of %d sat, the split frozen before says %d", r.Sat, t.Share(v.s.Lease))
	case r.Direct != t.DirectShare(v.s.Lease):
		return fmt.Errorf("%d sat of it paid by the coinbase itself, but that pays %d", r.Direct, t.DirectShare(v.s.Lease))
	case r.Kept < 0 || r.Kept > r.Sat-r.Direct:
		return fmt.Errorf("%d sat kept of an earlier appearance, of %d", r.Kept, r.Sat-r.Direct)
	}
	return nil
}

// checkBalances compares the balances with the sums of the rewards. What was
// paid of a block before it left the chain, and borne by the house, is not
// taken back, and not given again when the block returns.
func (v *verifier) checkBalances() error {
	left := v.s.Balances
	if o := left.Other; o > lease.MaxSat || o < -lease.MaxSat || left.Pending < 0 {
		return fmt.Errorf("pending %d, available %d and other %d sat are not possible", left.Pending, left.Available, o)
	}
	left.Available -= left.Other
	left.Other = 0
	if p := v.s.HousePool; p != nil {
		for i := range p.Incomes {
			sat := p.Incomes[i].NetSat()
			if sat < 0 || sat > left.Available {
				return fmt.Errorf("available %d sat are less than the parts of the pool's payments", v.s.Balances.Available)
			}
			left.Available -= sat
		}
	}
	for i := range v.s.Rewards {
		r := &v.s.Rewards[i]
		if r.Sat < 0 || r.Sat > lease.MaxSat || r.Direct < 0 || r.Direct > r.Sat || r.Kept < 0 || r.Kept > r.Sat {
			return fmt.Errorf("a reward of %d sat, %d direct and %d kept, is not possible", r.Sat, r.Direct, r.Kept)
		}
		pending, available := r.Books()
		left.Pending -= pending
		left.Available -= available
		if left.Pending < 0 || left.Available < 0 {
			return fmt.Errorf("pending %d and available %d sat are less than the rewards", v.s.Balances.Pending, v.s.Balances.Available)
		}
	}
	if left != (Balances{}) {
		return fmt.Errorf("pending %d and available %d sat, of which %d do not come from blocks: the rewards differ by %d and %d",
			v.s.Balances.Pending, v.s.Balances.Available, v.s.Balances.Other, left.Pending, left.Available)
	}
	return nil
}

// checkFigures compares the statement's sums with the receipts that hold.
func (v *verifier) checkFigures() error {
	s := v.s
	if s.Verdicts == nil {
		return errors.New("the verdicts are missing")
	}
	var rejected, stale uint64
	for reason, n := range s.Verdicts {
		if reason == lease.Stale {
			stale = n
		} else {
			rejected += n
		}
	}
	return errors.Join(
		same("number of receipts", v.r.Receipts, s.Receipts),
		same("proven work", v.r.ProvenWork, s.ProvenWork),
		same("number of stale shares by the verdicts", stale, s.Stale),
		same("number of rejected shares by the verdicts", rejected, s.Rejected),
	)
}

// Deviations of the counted hashes from the proven work, in thousandths of
// its standard deviation. An honest count passes noted once in 16 000 looks,
// and failed never.
const (
	notedMilli  = 4000
	failedMilli = 6000
)

// checkCounted compares the engine's count with the work of the receipts and
// of the stale shares, which were hashed as well. Sources without a counter
// prove work that nobody counted, so only too little proof is a failure, and
// one per cent may be lost where jobs change and nodes stop.
func (v *verifier) checkCounted() {
	s, ev := v.s, v.ev
	mean := s.expectedWork()
	if ev.N > 0 {
		mean = divide(ev.Sum, ev.N)
	}
	ev.AddN(mean, s.Stale)
	counted := s.CountedHashes.Work()
	z := ev.ZMilli(counted, s.expectedWork())
	supported := ev.ZMilli(counted.Sub(divide(counted, 100)), s.expectedWork())
	if supported <= -failedMilli {
		v.report("counted", fmt.Errorf("%s hashes counted, but proven only %s with %d stale shares: %d.%03d standard deviations short",
			counted, v.r.ProvenWork.Work(), s.Stale, -z/1000, -z%1000), "")
		return
	}
	note := "as chance would have it"
	if z <= -notedMilli {
		note = "NOTE: short, look again next time"
	} else if z >= notedMilli {
		note = "more proven than counted, as with rigs that have no counter"
	}
	v.report("counted", nil, "%s hashes counted, %s proven, z = %d/1000: %s", counted, v.r.ProvenWork.Work(), z, note)
}

// checkDerived compares the unsigned figures with those computed here.
func (v *verifier) checkDerived() error {
	if v.s.Derived == nil {
		return errors.New("the statement has no derived figures")
	}
	d := &v.derived
	if v.s.Derived.DeliveredHps == d.DeliveredHps && v.s.Derived.IntervalHps == d.IntervalHps && !v.s.Derived.equal(d) {
		return errors.New("the statement's pool_z_milli does not follow from its figures")
	}
	if !v.s.Derived.equal(d) {
		return fmt.Errorf("the statement says %s H/s within %s to %s, the receipts %s within %s to %s",
			v.s.Derived.DeliveredHps.Work(), v.s.Derived.IntervalHps[0].Work(), v.s.Derived.IntervalHps[1].Work(),
			d.DeliveredHps.Work(), d.IntervalHps[0].Work(), d.IntervalHps[1].Work())
	}
	return nil
}
