package translog

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// CheckLeaf checks that the log of the checkpoint has the leaf at the index. It
// fails with ErrProof.
func (c *Checkpoint) CheckLeaf(index int64, body []byte, proof tlog.RecordProof) error {
	if index < 0 || index >= c.N {
		return fmt.Errorf("leaf %d of log %s: %w: the checkpoint has %d leaves", index, c.Origin, ErrProof, c.N)
	}
	if err := tlog.CheckRecord(proof, c.N, c.Hash, index, tlog.RecordHash(body)); err != nil {
		return fmt.Errorf("leaf %d of log %s: %w: it is not what the checkpoint of %d leaves has there", index, c.Origin, ErrProof, c.N)
	}
	return nil
}

// CheckGrowth checks that a later checkpoint begins with the leaves of an
// earlier one, by a consistency proof. What needs no proof is evidence:
// ErrSplitView for two roots of one size, ErrReplayed for a later that is the
// smaller one. A proof that does not hold is ErrProof.
func CheckGrowth(earlier, later *Signed, proof tlog.TreeProof) error {
	if done, err := compare(earlier, later); done {
		if err == nil && len(proof) != 0 {
			return fmt.Errorf("log %s: %w: none is needed from %d to %d leaves, %d hashes given", later.Origin, ErrProof, earlier.N, later.N, len(proof))
		}
		return err
	}
	if err := tlog.CheckTree(proof, later.N, later.Hash, earlier.N, earlier.Hash); err != nil {
		return fmt.Errorf("log %s: %w: that its %d leaves begin with the %d signed for before", later.Origin, ErrProof, later.N, earlier.N)
	}
	return nil
}

// CheckPrefix checks the same by the tree itself: r must have the hashes of the
// later checkpoint's tree, authenticated (tlog.TileHashReader does). Then a
// difference is evidence of ErrRewritten.
func CheckPrefix(earlier, later *Signed, r tlog.HashReader) error {
	if done, err := compare(earlier, later); done {
		return err
	}
	root, err := tlog.TreeHash(earlier.N, r)
	if err != nil {
		return fmt.Errorf("log %s: tree of %d leaves: %w", later.Origin, earlier.N, err)
	}
	if root != earlier.Hash {
		return evidence(earlier, later, fmt.Errorf("%w: of the %d that had the root %v, %d leaves later have %v", ErrRewritten, earlier.N, earlier.Hash, later.N, root))
	}
	return nil
}

// compare decides what can be decided without a proof.
func compare(earlier, later *Signed) (done bool, err error) {
	switch {
	case earlier.Origin != later.Origin:
		return true, fmt.Errorf("checkpoint of %.60q: %w: want %s", later.Origin, ErrOrigin, earlier.Origin)
	case earlier.N == later.N && earlier.Hash != later.Hash:
		return true, evidence(earlier, later, fmt.Errorf("%w: %d leaves have the root %v and the root %v", ErrSplitView, later.N, earlier.Hash, later.Hash))
	case later.N < earlier.N:
		return true, evidence(earlier, later, fmt.Errorf("%w: %d leaves after %d", ErrReplayed, later.N, earlier.N))
	}
	return earlier.N == 0 || earlier.N == later.N, nil
}

func evidence(earlier, later *Signed, err error) error {
	return &Evidence{Err: err, Origin: later.Origin, Seen: earlier.Note, Offered: later.Note}
}

// searchMoved is how many leaves around a difference are searched for the one
// that stood there before.
const searchMoved = 256

// Difference names the first of n leaves in which two trees differ, by their
// hashes, and what happened to it: ErrReordered when the leaf that stood there
// stands elsewhere near by, ErrRewritten otherwise, nil when there is no
// difference.
func Difference(n int64, was, is tlog.HashReader) error {
	rootWas, err := tlog.TreeHash(n, was)
	if err != nil {
		return err
	}
	rootIs, err := tlog.TreeHash(n, is)
	if err != nil || rootWas == rootIs {
		return err
	}
	i, err := firstDifference(n, was, is)
	if err != nil {
		return err
	}
	before, err := was.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
	if err != nil {
		return err
	}
	var near []int64
	for j := i + 1; j < min(n, i+searchMoved); j++ {
		near = append(near, tlog.StoredHashIndex(0, j))
	}
	now, err := is.ReadHashes(near)
	if err != nil {
		return err
	}
	return nameDifference(i, before[0], now)
}

// firstDifference goes down the complete subtrees of n leaves, from the left.
func firstDifference(n int64, was, is tlog.HashReader) (int64, error) {
	differ := func(level int, i int64) (bool, error) {
		index := []int64{tlog.StoredHashIndex(level, i)}
		a, err := was.ReadHashes(index)
		if err != nil {
			return false, err
		}
		b, err := is.ReadHashes(index)
		return err == nil && a[0] != b[0], err
	}
	var start int64
	for level := 62; level >= 0; level-- {
		if n>>level&1 == 0 {
			continue
		}
		i := start >> level
		found, err := differ(level, i)
		if err != nil {
			return 0, err
		}
		for ; found && level > 0; level-- {
			left, err := differ(level-1, 2*i)
			if err != nil {
				return 0, err
			}
			if i *= 2; !left {
				i++
			}
		}
		if found {
			return i, nil
		}
		start += 1 << level
	}
	return 0, fmt.Errorf("%w: the roots differ and no leaf does", ErrCorrupt)
}
