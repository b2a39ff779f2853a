package bundle

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// report notes one check; the detail is for the case that it held.
func (v *verifier) report(name string, err error, detail string, args ...any) {
	c := Check{Name: name, OK: err == nil}
	if err == nil {
		c.Detail = fmt.Sprintf(detail, args...)
	} else {
		c.Detail = strings.ReplaceAll(err.Error(), "\n", "; ") // of errors.Join
	}
	v.r.Checks = append(v.r.Checks, c)
}

// skip notes that a check was not made because the caller gave nothing to check
// against. With Strict that is a failure.
func (v *verifier) skip(name, what string) {
	if v.Strict {
		v.report(name, fmt.Errorf("not checked: %s", what), "")
		return
	}
	v.r.Unchecked = append(v.r.Unchecked, what)
}

// word notes what nobody can tell from a bundle. It is no failure.
func (v *verifier) word(what string) { v.r.Word = append(v.r.Word, what) }

// pin compares a key that the statement names with the one the caller knows.
func (v *verifier) pin(name, what string, want ed25519.PublicKey, have receipt.B32) {
	switch {
	case want == nil:
		v.skip(name, fmt.Sprintf("that the %s %x is the right one: give it to check, for anybody can make a bundle of a key of theirs", what, have))
	case string(want) != string(have[:]):
		v.report(name, fmt.Errorf("other key: the statement names the %s %x, you expect %x", what, have, []byte(want)), "")
	default:
		v.report(name, nil, "the %s is the one you gave", what)
	}
}

// jobAt is the place of a job's leaf in verifier.jobs, -1 if the bundle does not
// have it.
func (v *verifier) jobAt(index int64) int32 {
	i, ok := slices.BinarySearchFunc(v.jobs, index, func(j jobLeaf, index int64) int {
		switch {
		case j.index < index:
			return -1
		case j.index > index:
			return 1
		}
		return 0
	})
	if !ok {
		return -1
	}
	return int32(i)
}

// leafAt finds a leaf that is looked at again; nil: the bundle does not have it.
func (v *verifier) leafAt(index int64) *keptLeaf {
	for lo, hi := 0, len(v.kept); lo < hi; {
		switch mid := (lo + hi) / 2; {
		case v.kept[mid].index == index:
			return &v.kept[mid]
		case v.kept[mid].index < index:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}

// ofKind lists the kept leaves of a kind, by index.
func (v *verifier) ofKind(kind translog.Kind) []*keptLeaf {
	var all []*keptLeaf
	for i := range v.kept {
		if v.kept[i].kind == kind {
			all = append(all, &v.kept[i])
		}
	}
	return all
}

// evidence is so many receipts of the contract's target.
func (v *verifier) evidence(n int64) (ev lease.Evidence) {
	if n > 0 {
		ev.AddN(v.work, uint64(n))
	}
	return ev
}
