package leaf

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// txPrefix keeps the name of a transaction from being taken for another hash.
const txPrefix = "hashlease transaction v1\n"

// maxPostings is how many postings a leaf has at most, so that there is room for
// its private part.
const maxPostings = 4096

// Tx names the transaction without telling its key: SHA-256 of a prefix, the salt
// and the key.
func (d *TransactionPrivate) Tx() receipt.B32 {
	h := sha256.New()
	h.Write([]byte(txPrefix))
	h.Write(d.Salt[:])
	h.Write([]byte(d.Key))
	return receipt.B32(h.Sum(nil))
}

// Booked is the leaf of what a transaction books for a lease.
type Booked struct {
	Lease string // "": for none
	translog.Entry
}

// NewTransaction makes the leaves of a transaction: one for each lease that it
// touches, and one for its postings of no lease, by lease; a transaction without
// postings has one. number gives the next number of a lease's, salt a new salt.
func NewTransaction(t *lease.Transaction, number func(lease string) (int64, error), salt func() translog.Salt) ([]Booked, error) {
	order := make([]int, len(t.Postings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.Postings[a].Lease, t.Postings[b].Lease) })
	common := TransactionPrivate{Key: t.Key, Salt: receipt.B16(salt()), AtMs: t.AtMs, Ref: t.Ref}
	var parts []TransactionPrivate
	for _, i := range order {
		p := &t.Postings[i]
		if n := len(parts); n == 0 || parts[n-1].Lease != p.Lease || len(parts[n-1].Postings) == maxPostings {
			parts = append(parts, common)
			parts[n].Lease = p.Lease
		}
		last := &parts[len(parts)-1]
		last.Postings = append(last.Postings, Posting{p.Account, p.Sat})
	}
	if len(parts) == 0 {
		common.Postings = []Posting{}
		parts = append(parts, common)
	}
	leaves, tx := make([]Booked, len(parts)), common.Tx()
	for i := range parts {
		d := &parts[i]
		var err error
		if d.Number, err = number(d.Lease); err != nil {
			return nil, err
		}
		doc := Transaction{Kind: t.Kind, Tx: tx, Part: i, Parts: len(parts)}
		leaves[i].Lease = d.Lease
		if leaves[i].Entry, err = both(translog.KindTransaction, &doc, d, salt()); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

// maxWorkBytes is how many bytes of work a placement leaf holds at most; the
// figures of one lease take no more than workBytes beside its name.
const (
	maxWorkBytes = 60_000
	workBytes    = 160
)

// NewPlacement makes the leaves of what a source did in an hour, of leases in
// order, each once: several where one has no room.
func NewPlacement(source string, hour int64, work []Work) ([]translog.Entry, error) {
	var parts [][]Work
	first, size := 0, 0
	for i := range work {
		n := workBytes + len(work[i].Lease)
		if size += n; size > maxWorkBytes {
			parts = append(parts, work[first:i])
			first, size = i, n
		}
	}
	if first < len(work) {
		parts = append(parts, work[first:])
	}
	entries := make([]translog.Entry, len(parts))
	for i, part := range parts {
		var err error
		entries[i], err = public(translog.KindPlacement, &Placement{Source: source, Hour: hour, Part: i, Parts: len(parts), Work: part})
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func quantityOf(hps uint64) lease.Quantity { return lease.Quantity(miner.Hashes(hps)) }
