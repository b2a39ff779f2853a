package auditor

import (
	"crypto/sha256"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
)

// contract is what the leaves of a lease say.
type contract struct {
	first, last leaf.Lease
	at          int64 // index of the first
	mapped      bool  // its tags were in a map
}

// owned is a tag at a destination, or its first bytes.
type owned struct {
	destination [32]byte
	tag         [lease.TagSize]byte
	size        int
}

func (a *Auditor) addTerms(_ int64, d *leaf.Terms) { a.terms[sha256.Sum256(d.Terms)] = true }

func (a *Auditor) addLease(i int64, d *leaf.Lease) {
	if !a.terms[d.Terms] {
		a.found(Contracts, i, "the terms %x of lease %s are not in the log before it", d.Terms, d.Lease)
	}
	c := a.leases[d.Lease]
	if c == nil {
		c = &contract{first: *d, at: i}
		a.leases[d.Lease] = c
	}
	for _, same := range []struct {
		what string
		ok   bool
	}{
		{"tag", d.Tag == c.first.Tag}, {"contracted rate", d.ContractedHps == c.first.ContractedHps},
		{"time of a proof", d.ProofMs == c.first.ProofMs}, {"beginning", d.StartMs == c.first.StartMs},
		{"model", d.Model == c.first.Model}, {"terms", d.Terms == c.first.Terms},
	} {
		if !same.ok {
			a.found(Contracts, i, "the %s of lease %s was another in leaf %d", same.what, d.Lease, c.at)
		}
	}
	c.last = *d
	c.mapped = c.mapped && len(d.Destinations) <= len(a.tags[d.Lease].Destinations)
	a.tags.Add(*d)
	a.own(i, d, c.at == i)
}

// own notes whose the tags of a lease are, and that nobody has them by now when
// it begins. What it gets later was another's before, maybe long after its own
// beginning: whether that is over is for the map to say, which must follow.
func (a *Auditor) own(i int64, d *leaf.Lease, begins bool) {
	for _, e := range d.TagEntries() {
		key := owned{destination: e.Destination, size: len(e.Tag)}
		copy(key.tag[:], e.Tag)
		if id, ok := a.owners[key]; ok && id != d.Lease && begins {
			if o := a.tags[id]; a.stillOwns(&o, &key) && overlap(&o, d) {
				a.found(Tags, i, "tag is used twice: lease %s and lease %s have the tag %x at one destination", id, d.Lease, e.Tag)
			}
		}
		a.owners[key] = d.Lease
	}
}

// stillOwns tells whether the lease's last leaf has the tag there.
func (a *Auditor) stillOwns(d *leaf.Lease, key *owned) bool {
	for _, e := range d.TagEntries() {
		if e.Destination == key.destination && len(e.Tag) == key.size && string(e.Tag) == string(key.tag[:key.size]) {
			return true
		}
	}
	return false
}

// overlap tells whether the work of two leases may come in at one time.
func overlap(a, b *leaf.Lease) bool {
	before := func(a, b *leaf.Lease) bool { return a.StopMs != 0 && a.StopMs+leaf.TagLingerMs <= b.StartMs }
	return !before(a, b) && !before(b, a)
}

func (a *Auditor) addTagMap(i int64, d *leaf.TagMap) {
	a.mapMs = d.AtMs
	m, err := a.tags.Map(d.AtMs)
	if err != nil {
		a.found(Tags, i, "%v", err)
		return
	}
	if root := m.Root(); root != d.TagRoot {
		a.found(Tags, i, "the map has %d entries and the root %v, the leases before it give %d and %v", d.Entries, d.Root, root.Entries, root.Root)
		return
	}
	for _, e := range m.Entries() {
		a.leases[e.Lease].mapped = true
	}
}
