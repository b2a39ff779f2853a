package bundle

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// contractLeaf is the public part of one of the lease's leaves.
type contractLeaf struct {
	index int64
	leaf.Lease
}

// contractLeaves lists the lease's leaves.
func (v *verifier) contractLeaves() ([]contractLeaf, error) {
	var all []contractLeaf
	for _, l := range v.ofKind(translog.KindLease) {
		d, _, err := leaf.Read[leaf.Lease](l.body, translog.KindLease)
		if err != nil {
			return nil, fmt.Errorf("leaf %d: %w", l.index, err)
		}
		if d.Lease == v.s.Lease {
			all = append(all, contractLeaf{l.index, d})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no leaf here is of lease %s", v.s.Lease)
	}
	return all, nil
}

// checkTags checks that the tag is the lease's alone, wherever its work went.
func (v *verifier) checkTags() {
	maps, entries, err := v.proveTags()
	if err == nil && maps == 0 {
		v.report("tags", nil, "no receipt is in the bundle that would have to have the tag %x", v.s.Tag)
		return
	}
	v.report("tags", err, "tag %x is the lease's alone, by %d entries of %d tag maps and what stands beside them", v.s.Tag, entries, maps)
	v.word("that no other tag map was in force between those that are shown: whoever follows the log sees them all")
}

func (v *verifier) proveTags() (maps, entries int, err error) {
	contracts, err := v.contractLeaves()
	if err != nil {
		return 0, 0, err
	}
	proofs := v.tagProofs
	first := int64(-1) // map
	for _, l := range v.ofKind(translog.KindTagMap) {
		d, _, err := leaf.Read[leaf.TagMap](l.body, translog.KindTagMap)
		if err != nil {
			return 0, 0, fmt.Errorf("leaf %d: %w", l.index, err)
		}
		n := len(proofs)
		if i := slices.IndexFunc(proofs, func(t Tag) bool { return t.Leaf != l.index }); i >= 0 {
			n = i
		}
		if err := v.proveMap(l.index, &d, contracts, proofs[:n]); err != nil {
			return 0, 0, fmt.Errorf("tag map of leaf %d: %w", l.index, err)
		}
		if n > 0 && first < 0 {
			first = l.index
		}
		maps, entries, proofs = maps+1, entries+n, proofs[n:]
	}
	if len(proofs) > 0 {
		return 0, 0, fmt.Errorf("a proof is about leaf %d, which is no tag map of this bundle, or not in order", proofs[0].Leaf)
	}
	for i := range v.jobs {
		j := &v.jobs[i]
		if j.toMs == 0 {
			continue
		}
		if first < 0 || first > j.index {
			return 0, 0, fmt.Errorf("no tag map before the job of leaf %d has the lease: its tag was nobody's yet", j.index)
		}
		if want := destination(j.pool); !slices.Contains(inForce(contracts, j.index).Destinations, want) {
			return 0, 0, fmt.Errorf("the job of leaf %d is for the %s, where the lease has no tag", j.index, want)
		}
	}
	return maps, entries, nil
}

// destination names where work on a job goes.
func destination(pool bool) string {
	if pool {
		return leaf.DestinationPool
	}
	return leaf.DestinationHouse
}

// inForce is the last of the lease's leaves, which are by index, before an index.
func inForce(contracts []contractLeaf, index int64) *leaf.Lease {
	n, _ := slices.BinarySearchFunc(contracts, index, func(c contractLeaf, index int64) int { return cmp.Compare(c.index, index) })
	if n == 0 {
		return new(leaf.Lease)
	}
	return &contracts[n-1].Lease
}

// proveMap checks the lease's entries in the map of a leaf: those that its own
// leaf before the map calls for, each with what stands beside it.
func (v *verifier) proveMap(index int64, d *leaf.TagMap, contracts []contractLeaf, proofs []Tag) error {
	l := inForce(contracts, index)
	var want []translog.TagEntry
	if l.Lease != "" && (l.StopMs == 0 || l.StopMs+leaf.TagLingerMs > d.AtMs) {
		want = l.TagEntries()
	}
	slices.SortFunc(want, func(a, b translog.TagEntry) int { return bytes.Compare(a.Destination[:], b.Destination[:]) })
	if len(proofs) != len(want) {
		return fmt.Errorf("%d proofs for %d destinations of the lease", len(proofs), len(want))
	}
	for i := range want {
		have := &proofs[i].Proof.Entry.Entry
		switch {
		case have.Lease != v.s.Lease:
			return fmt.Errorf("the entry is that of lease %.70q", have.Lease)
		case have.Destination != want[i].Destination:
			return errors.New("the entry is of another destination, or not in order")
		case !bytes.Equal(have.Tag, want[i].Tag) || receipt.B16(l.Tag) != v.s.Tag:
			return fmt.Errorf("the entry has the tag %x, the contract %x", []byte(have.Tag), []byte(want[i].Tag))
		}
		if err := proofs[i].Proof.Check(d.TagRoot); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder checks that leaves follow each other as what they are about does.
func (v *verifier) checkOrder() error {
	h := &v.hashed
	if m := h.missing; m != nil {
		if v.jobAt(m.job) >= 0 {
			return fmt.Errorf("the batch of leaf %d has a receipt on the job of leaf %d, which came after it, or too long before: a job must be in the log before the work is done", m.batch, m.job)
		}
		return fmt.Errorf("the batch of leaf %d has a receipt on the job of leaf %d, which is not here: a job must be in the log before the work is done", m.batch, m.job)
	}
	contracts, err := v.contractLeaves()
	if err != nil {
		return err
	}
	for i := range v.jobs {
		if j := &v.jobs[i]; j.toMs != 0 {
			if j.index < contracts[0].index {
				return fmt.Errorf("the job of leaf %d is before the contract of leaf %d: its target was not fixed yet", j.index, contracts[0].index)
			}
			break
		}
	}
	own := v.statementLeaf()
	if n := len(v.batches); n > 0 && own >= 0 && own < v.batches[n-1].index {
		return fmt.Errorf("the statement of leaf %d is before the batch of leaf %d", own, v.batches[n-1].index)
	}
	return nil
}
