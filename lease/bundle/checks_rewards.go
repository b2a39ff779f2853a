package bundle

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// checkRewards rebuilds the blocks of the reward lines, and compares what the
// split says, which was frozen in the job, with what was booked.
func (f *facts) checkRewards(templates map[int64]*receipt.Template) error {
	if err := f.wrong["rewards"]; err != nil {
		return err
	}
	rewards := f.s.Rewards
	if f.s.Pool != nil && len(rewards) != 0 {
		return fmt.Errorf("%d blocks, but the work went to a pool, which pays the tenant itself", len(rewards))
	}
	booked, order := f.blockLines()
	latest := make(map[receipt.U256]*blockAt, len(f.blocks))
	for i := range f.blocks {
		latest[f.blocks[i].Hash] = &f.blocks[i]
	}
	seen := make(map[receipt.U256]bool, len(rewards))
	fits := make(map[int64]error) // whether jobs' splits are theirs
	for i := range rewards {
		r := &rewards[i]
		if seen[r.Block] {
			return fmt.Errorf("block %s is listed twice", miner.Hash(r.Block))
		}
		seen[r.Block] = true
		if t := templates[r.Job]; t != nil {
			if _, ok := fits[r.Job]; !ok {
				fits[r.Job] = f.checkSplit(t)
			}
		}
		if err := f.checkReward(r, fits[r.Job], latest[r.Block], templates[r.Job], booked[miner.Hash(r.Block).String()]); err != nil {
			return fmt.Errorf("block %s: %w", miner.Hash(r.Block), err)
		}
	}
	for i, ref := range order {
		if i >= len(rewards) || miner.Hash(rewards[i].Block).String() != ref {
			return fmt.Errorf("block %s is in the books, and not at its place among the rewards", ref)
		}
	}
	return nil
}

// blockLines are the lines about blocks, by block, and these in their order.
func (f *facts) blockLines() (lines map[string][]*Line, order []string) {
	lines = make(map[string][]*Line)
	for i := range f.s.Books.Lines {
		l := &f.s.Books.Lines[i]
		switch l.Kind {
		case ledger.KindFound, ledger.KindMatured, ledger.KindUnmatured, ledger.KindOrphaned, ledger.KindLoss:
			if lines[l.Ref] == nil {
				order = append(order, l.Ref)
			}
			lines[l.Ref] = append(lines[l.Ref], l)
		}
	}
	return lines, order
}

// checkReward checks one block, by its latest leaf and its job.
func (f *facts) checkReward(r *Reward, split error, b *blockAt, t *receipt.Template, lines []*Line) error {
	switch {
	case b == nil || b.index != r.Leaf:
		return fmt.Errorf("leaf %d is not in the bundle, or is not the latest of the block", r.Leaf)
	case t == nil:
		return fmt.Errorf("the job of leaf %d is missing or not well-formed", r.Job)
	case t.IsPool():
		return fmt.Errorf("leaf %d is the job of a pool, which is not the house's to share", r.Job)
	}
	err := errors.Join(same("state", b.State, r.State), same("height", b.Height, r.Height), same("leaf of its job", b.Job, r.Job), same("height by its job", t.Height, r.Height))
	if err != nil {
		return err
	}
	if err := rebuild(&b.Block, t); err != nil {
		return err
	}
	if split != nil {
		return split
	}
	parts := f.splits[t.Split]
	switch {
	case r.Sat <= 0 || r.Sat != parts.Share(f.s.Lease):
		return fmt.Errorf("%d sat, the split frozen before says %d", r.Sat, parts.Share(f.s.Lease))
	case r.Direct != t.DirectShare(f.s.Lease, parts):
		return fmt.Errorf("%d sat of it paid by the coinbase itself, but that pays %d", r.Direct, t.DirectShare(f.s.Lease, parts))
	case len(lines) == 0:
		return errors.New("nothing is booked for it in the period")
	}
	return f.checkBooked(r, b, lines)
}

// checkSplit checks that the split that a job names is there and its own.
func (f *facts) checkSplit(t *receipt.Template) error {
	split, ok := f.splits[t.Split]
	if !ok {
		return fmt.Errorf("the split %x, which its job names, is not in the bundle", t.Split)
	}
	return t.CheckSplit(split)
}

// rebuild checks that a block is one, on its job.
func rebuild(b *leaf.Block, t *receipt.Template) error {
	network, err := miner.Bits(t.Bits).Target()
	if err != nil {
		return err
	}
	if len(b.Extranonce) != t.Extranonce1Size+t.Extranonce2Size {
		return fmt.Errorf("extranonce of %d bytes, want %d", len(b.Extranonce), t.Extranonce1Size+t.Extranonce2Size)
	}
	issue := t.Issue(lease.Tag(b.Tag), network, b.Extranonce[:t.Extranonce1Size])
	_, hash, err := issue.Check(work.Share{
		Extranonce2: b.Extranonce[t.Extranonce1Size:], Time: b.Time, Nonce: uint32(b.Nonce), VersionBits: uint32(b.VersionBits), HasVersion: true,
	})
	if err != nil {
		return fmt.Errorf("no block of the network: %w", err)
	}
	if receipt.U256(hash) != b.Hash {
		return fmt.Errorf("the header hashes to %s", hash)
	}
	return nil
}

// blockState is what a block's line makes of it.
func blockState(kind string) lease.BlockState {
	switch kind {
	case ledger.KindFound:
		return lease.Adopted
	case ledger.KindMatured:
		return lease.Mature
	}
	return lease.Orphaned
}

// checkBooked checks the lines about a block: what the split gives is pending
// once it is found, and available or paid by the coinbase once it is mature; when
// it leaves the chain just that is taken back. What the lease had of it by then
// stays the lease's, at the provider's loss, and is not given once more should it
// return.
func (f *facts) checkBooked(r *Reward, b *blockAt, lines []*Line) error {
	last := lines[len(lines)-1]
	if state := blockState(last.Kind); state != r.State {
		return fmt.Errorf("%s, but its last line makes it %s", r.State, state)
	}
	if want := ledger.Key(last.Kind, miner.Hash(r.Block), b.Appearances); last.Key != want {
		return fmt.Errorf("its last line is %s, by its leaf it is %s", last.Key, want)
	}
	n := 0
	lost, back := int64(0), int64(-1) // kept of earlier appearances; of that, in this one; -1: not known
	known := f.s.Books.FirstLine == 0 // all of its lines
	for _, l := range lines {
		number, ok := appearance(l, r)
		if !ok || number > b.Appearances {
			return fmt.Errorf("%s is no line about its appearances, of which there are %d", l.Key, b.Appearances)
		}
		if number != n {
			n, back = number, -1
			if known || n == 1 {
				back = min(lost, r.Sat)
			}
		}
		if back < 0 {
			back = f.recovered(l)
		}
		if l.Kind == ledger.KindLoss {
			sat := l.owed(ledger.Available(f.s.Tenant))
			if sat < 1 || sat > r.Sat-back || r.Direct != 0 || !slices.Equal(l.Postings, f.lossOf(sat)) {
				return fmt.Errorf("%s books %v, which is no loss of it", l.Key, l.Postings)
			}
			lost += sat
			continue
		}
		if want := f.postings(l.Kind, r, back); !slices.Equal(l.Postings, want) {
			return fmt.Errorf("%s books %v, by the split it is %v", l.Key, l.Postings, want)
		}
	}
	return nil
}

// appearance reads the number of the appearance from the key of a line.
func appearance(l *Line, r *Reward) (n int, ok bool) {
	hash := miner.Hash(r.Block)
	prefix := l.Kind + ":" + hash.String() + ":"
	if len(l.Key) <= len(prefix) || len(l.Key) > len(prefix)+6 {
		return 0, false
	}
	for _, c := range l.Key[len(prefix):] {
		n = 10*n + int(c-'0')
	}
	return n, n > 0 && l.Key == ledger.Key(l.Kind, hash, n)
}

// recovered is how much of a line is of what the lease kept before.
func (f *facts) recovered(l *Line) (sat int64) {
	for _, p := range l.Postings {
		if p.Account == ledger.RecoveryPending {
			sat = max(p.Sat, -p.Sat)
		}
	}
	return sat
}

func (f *facts) lossOf(sat int64) []Posting {
	return []Posting{{ledger.OrphanLoss, sat}, {ledger.Available(f.s.Tenant), -sat}}
}

// postings are those of a line about a block of which so many satoshi were kept
// before.
func (f *facts) postings(kind string, r *Reward, back int64) []Posting {
	pending, available := ledger.Pending(f.s.Tenant), ledger.Available(f.s.Tenant)
	var all []Posting
	post := func(account string, sat int64) {
		if sat != 0 {
			all = append(all, Posting{account, sat})
		}
	}
	switch kind {
	case ledger.KindFound, ledger.KindOrphaned:
		post(ledger.RecoveryPending, -back)
		post(pending, back-r.Sat)
	case ledger.KindMatured, ledger.KindUnmatured:
		post(ledger.RecoveryPending, back)
		post(ledger.OrphanLoss, -back)
		post(pending, r.Sat-back)
		if r.Direct == 0 {
			post(available, back-r.Sat)
		}
	}
	if kind == ledger.KindOrphaned || kind == ledger.KindUnmatured {
		for i := range all {
			all[i].Sat = -all[i].Sat
		}
	}
	return all
}

// directScripts are those that coinbases of the period's blocks paid the lease
// to, in hexadecimal, each once.
func (f *facts) directScripts(templates map[int64]*receipt.Template) (scripts []string) {
	seen := make(map[int64]bool)
	for i := range f.s.Rewards {
		job := f.s.Rewards[i].Job
		t := templates[job]
		if t == nil || seen[job] {
			continue
		}
		seen[job] = true
		for _, d := range t.Direct {
			if script := hex.EncodeToString(d.Script); slices.Contains(d.Leases, f.s.Lease) && !slices.Contains(scripts, script) {
				scripts = append(scripts, script)
			}
		}
	}
	slices.SortFunc(scripts, cmp.Compare[string])
	return scripts
}
