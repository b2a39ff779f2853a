package multiproof

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// leavesOf are the hashes of n leaves.
func leavesOf(n int) []tlog.Hash {
	leaves := make([]tlog.Hash, n)
	for i := range leaves {
		leaves[i] = tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	return leaves
}

// mth is MTH of RFC 6962, section 2.1, and proof what the package says of one.
func mth(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(mth(leaves[:k]), mth(leaves[k:]))
}

func proof(leaves []tlog.Hash, wanted func(i int) bool, from int) (list []tlog.Hash) {
	if !slices.ContainsFunc(indexes(from, len(leaves)), wanted) {
		return []tlog.Hash{mth(leaves)}
	}
	if len(leaves) == 1 {
		return nil
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return append(proof(leaves[:k], wanted, from), proof(leaves[k:], wanted, from+k)...)
}

func indexes(from, n int) (list []int) {
	for i := range n {
		list = append(list, from+i)
	}
	return list
}

func pick(leaves []tlog.Hash, wanted []int64) (picked []tlog.Hash) {
	for _, i := range wanted {
		picked = append(picked, leaves[i])
	}
	return picked
}

func drawWanted(t *rapid.T, n int) []int64 {
	wanted := rapid.SliceOfNDistinct(rapid.Int64Range(0, int64(n-1)), 1, min(n, 40), rapid.ID).Draw(t, "wanted")
	slices.Sort(wanted)
	return wanted
}

// What is proven holds, by the list that the package comment describes.
func TestProve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		leaves, wanted := leavesOf(n), drawWanted(t, n)
		tree := NewTree(leaves)
		if tree.Root() != mth(leaves) {
			t.Fatalf("root %v, want %v", tree.Root(), mth(leaves))
		}
		list, err := tree.Prove(wanted)
		if err != nil {
			t.Fatal(err)
		}
		if want := proof(leaves, func(i int) bool { return slices.Contains(wanted, int64(i)) }, 0); !slices.Equal(list, want) {
			t.Fatalf("%d hashes, want %d: %v", len(list), len(want), list)
		}
		if root, err := Check(int64(n), wanted, pick(leaves, wanted), list); err != nil || root != tree.Root() {
			t.Fatalf("%v, %v, want %v", root, err, tree.Root())
		}
	})
}

// The proof of one leaf has the hashes of the audit path of RFC 6962, which
// begins at the leaf.
func TestProveOne(t *testing.T) {
	for n := int64(1); n < 70; n++ {
		leaves := leavesOf(int(n))
		tree := NewTree(leaves)
		for i := range n {
			path, err := tlog.ProveRecord(n, i, tree)
			if err != nil {
				t.Fatal(err)
			}
			list, err := tree.Prove([]int64{i})
			if err != nil {
				t.Fatal(err)
			}
			key := func(x, y tlog.Hash) int { return slices.Compare(x[:], y[:]) }
			slices.SortFunc(path, key)
			slices.SortFunc(list, key)
			if !slices.Equal(path, list) {
				t.Fatalf("leaf %d of %d: %v, the audit path is %v", i, n, list, path)
			}
		}
		all := First(int(n))
		if list, err := tree.Prove(all); err != nil || len(list) != 0 {
			t.Errorf("all %d leaves: %v, %v", n, list, err)
		}
	}
}

// Whatever is changed of a proof, or of what it is about, it is refused or
// gives another root.
func TestChangedProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "n")
		leaves, wanted := leavesOf(n), drawWanted(t, n)
		tree, size := NewTree(leaves), int64(n)
		list, err := tree.Prove(wanted)
		if err != nil {
			t.Fatal(err)
		}
		picked := pick(leaves, wanted)
		flip := func(hashes []tlog.Hash) {
			i, bit := rapid.IntRange(0, len(hashes)-1).Draw(t, "hash"), rapid.IntRange(0, 255).Draw(t, "bit")
			hashes[i][bit/8] ^= 1 << (bit % 8)
		}
		malformed := true
		switch change := rapid.IntRange(0, 7).Draw(t, "change"); {
		case change == 0 && len(list) > 0:
			flip(list)
			malformed = false
		case change == 1 && len(list) > 0:
			i := rapid.IntRange(0, len(list)-1).Draw(t, "less")
			list = slices.Delete(list, i, i+1)
		case change == 2:
			list = slices.Insert(list, rapid.IntRange(0, len(list)).Draw(t, "more"), tlog.Hash{1})
		case change == 3:
			i := rapid.IntRange(0, len(wanted)-1).Draw(t, "without")
			wanted = slices.Delete(slices.Clone(wanted), i, i+1)
		case change == 4 && len(wanted) > 1:
			wanted[0], wanted[1] = wanted[1], wanted[0]
		case change == 5:
			wanted[len(wanted)-1] = size
		case change == 6:
			wanted = append(wanted, wanted[len(wanted)-1])
			picked = append(picked, picked[len(picked)-1])
		default:
			flip(picked)
			malformed = false
		}
		root, err := Check(size, wanted, picked, list)
		if malformed && !errors.Is(err, ErrProof) || err == nil && root == tree.Root() {
			t.Fatalf("%v, %v", root, err)
		}
	})
}

func TestProveErrors(t *testing.T) {
	tree := NewTree(leavesOf(5))
	for _, wanted := range [][]int64{nil, {-1}, {5}, {1, 1}, {2, 1}} {
		if _, err := tree.Prove(wanted); !errors.Is(err, ErrProof) {
			t.Errorf("%v: %v", wanted, err)
		}
		if _, err := Check(5, wanted, make([]tlog.Hash, len(wanted)), nil); !errors.Is(err, ErrProof) {
			t.Errorf("%v: %v", wanted, err)
		}
	}
	if _, err := Prove(6, []int64{0}, tree); err == nil {
		t.Error("a leaf that the tree has not is proven")
	}
	short := tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) { return make([]tlog.Hash, len(i)-1), nil })
	if _, err := Prove(6, []int64{0}, short); err == nil {
		t.Error("hashes that were not read prove something")
	}
	bad := errors.New("bad")
	if _, err := Prove(6, []int64{0}, tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, bad })); !errors.Is(err, bad) {
		t.Error(err)
	}
}

// FuzzCheck: no size, indexes or list of hashes make Check panic or run long,
// and what it takes, it takes in one form.
func FuzzCheck(f *testing.F) {
	f.Add(int64(7), []byte{1, 3}, make([]byte, 3*32))
	f.Add(int64(1)<<62, []byte{0}, make([]byte, 62*32))
	f.Add(int64(-1), []byte{0}, []byte{})
	f.Fuzz(func(t *testing.T, n int64, at, hashes []byte) {
		var (
			wanted []int64
			leaves []tlog.Hash
			list   []tlog.Hash
		)
		for i, b := range at[:min(len(at), 100)] {
			wanted = append(wanted, int64(b)<<(i%56))
			leaves = append(leaves, tlog.Hash{b})
		}
		for ; len(hashes) >= 32; hashes = hashes[32:] {
			list = append(list, tlog.Hash(hashes))
		}
		if _, err := Check(n, wanted, leaves, list); err != nil {
			return
		}
		if _, err := Check(n, wanted, leaves, append(list, tlog.Hash{})); err == nil {
			t.Fatalf("%d hashes prove as much as %d", len(list)+1, len(list))
		}
	})
}
