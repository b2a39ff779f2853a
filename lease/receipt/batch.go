package receipt

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/miner"
)

// ErrTwice is wrapped when two receipts of a batch have one header.
var ErrTwice = errors.New("a header counts twice")

// Seal sorts receipts by their hashes, as numbers, and builds their tree: the
// one at i is records[order[i]]. It fails with ErrTwice when two have the same
// hash.
func Seal(records []Record, hashes []miner.Hash) (order []int, tree *multiproof.Tree, err error) {
	order = make([]int, len(records))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return hashes[x].Cmp(hashes[y]) })
	leaves, room := make([]tlog.Hash, len(records)), make([]byte, 0, MaxRecordSize)
	for i, at := range order {
		if i > 0 && hashes[at] == hashes[order[i-1]] {
			return nil, nil, fmt.Errorf("%w: %v", ErrTwice, hashes[at])
		}
		leaves[i] = tlog.RecordHash(records[at].Append(room))
	}
	return order, multiproof.NewTree(leaves), nil
}

// ThinTarget is what the receipts that thinning keeps meet: the target divided
// by lease.ThinFactor, rounded down.
func ThinTarget(t miner.Target) miner.Target {
	return miner.TargetFromBig(new(big.Int).Quo(t.Big(), big.NewInt(lease.ThinFactor)))
}

// Thin is how many of the sorted hashes of a batch meet the ThinTarget, and how
// many thinning keeps: these and the next one, which proves that they are all.
// Prove(multiproof.First(kept)) of their tree proves that they are the first.
func Thin(hashes []miner.Hash, target miner.Target) (thin, kept int) {
	smaller := ThinTarget(target)
	for thin < len(hashes) && hashes[thin].Meets(smaller) {
		thin++
	}
	return thin, min(thin+1, len(hashes))
}

// CheckBatch checks receipts that are said to be all n of a batch, or those
// that thinning keeps of it, sorted by their hashes, and returns the root of
// its tree, which must be that of the log. Receipts that meet the ThinTarget are
// then all there, and thin of them. Errors wrap ErrTwice or multiproof.ErrProof.
func CheckBatch(n int64, records [][]byte, hashes []miner.Hash, target miner.Target, proof []tlog.Hash) (root tlog.Hash, thin int, err error) {
	leaves := make([]tlog.Hash, len(records))
	for i := range records {
		leaves[i] = tlog.RecordHash(records[i])
		if i > 0 && hashes[i-1].Cmp(hashes[i]) >= 0 {
			if hashes[i-1] == hashes[i] {
				return root, 0, fmt.Errorf("%w: %v", ErrTwice, hashes[i])
			}
			return root, 0, fmt.Errorf("%w: receipt %d is not in order", multiproof.ErrProof, i)
		}
	}
	thin, kept := Thin(hashes, target)
	if k := int64(len(records)); k < n && (kept < len(records) || thin == kept) {
		return root, 0, fmt.Errorf("%w: of %d receipts %d are left, %d of which meet the smaller target: want these and the next one", multiproof.ErrProof, n, k, thin)
	}
	root, err = multiproof.Check(n, multiproof.First(len(records)), leaves, proof)
	return root, thin, err
}
