package auditor

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// layout is what a pool's job says of its coinbase: all bytes but those of the
// tag and of the extranonces. Of the house's blocks there is nothing to compare:
// where a coinbase is one of these, its bytes decide.
type layout struct {
	leaf     int64
	coinbase []byte
	tag, gap span
}

// span is a range of bytes that are not fixed.
type span struct{ from, to int }

// workKey is all that two jobs must have in common to describe one header, but
// for the coinbase's bytes.
type workKey [sha256.Size]byte

// Bounds of what is remembered of jobs. Who works at a thousand connections of
// pools fills the first in two hours, in which the block that jobs are built on
// changes; whoever goes beyond the second has that many at one pool.
const (
	maxLayouts     = 1 << 18
	maxLayoutBytes = 256 << 20
	maxAlike       = 1 << 13 // of one workKey
)

// jobs remembers the layouts of the last jobs.
type jobs struct {
	leaves  []int64 // of all jobs, ascending
	layouts map[workKey][]layout
	order   []remembered // layouts, the oldest first
	bytes   int
	most    int                  // layouts
	alike   int                  // of one key
	forgot  map[miner.Hash]int64 // the last leaf whose layout is not remembered, by the block it is built on
}

// remembered is where a layout is, and the block that the job is built on.
type remembered struct {
	key  workKey
	prev miner.Hash
}

func newJobs() jobs {
	return jobs{layouts: map[workKey][]layout{}, forgot: map[miner.Hash]int64{}, most: maxLayouts, alike: maxAlike}
}

// has tells whether a leaf is a job's.
func (j *jobs) has(index int64) bool {
	_, ok := slices.BinarySearch(j.leaves, index)
	return ok
}

// readJob reads a leaf of kind job with its template.
func (a *Auditor) readJob(body []byte) taken {
	d, _, err := leaf.Read[leaf.Job](body, translog.KindJob)
	if err != nil {
		return taken{kind: translog.KindJob, err: err}
	}
	t, err := receipt.DecodeTemplate(d.Template)
	return taken{translog.KindJob, err, func(i int64) { a.addJob(i, d.CreatedMs, t) }}
}

// aheadMs is by how much a map may be of a later moment than a job that follows
// it. That of a job follows from the block that it is built on, within as much.
const aheadMs = 2 * lease.MsPerHour

func (a *Auditor) addJob(i, createdMs int64, t *receipt.Template) {
	a.jobs.leaves = append(a.jobs.leaves, i)
	// Or tags could be another's before the last work with them is over.
	if createdMs < a.mapMs-aheadMs {
		a.found(Tags, i, "the last tag map is ahead of its time: it says %d ms, but a job was made at %d ms after it", a.mapMs, createdMs)
	}
	if !a.terms[t.Terms] {
		a.found(Jobs, i, "the terms %x of the job are not in the log before it", t.Terms)
	}
	if t.IsPool() {
		a.addLayout(i, t)
	}
}

// addLayout looks for another way to describe coinbases that a pool's job
// describes.
func (a *Auditor) addLayout(i int64, t *receipt.Template) {
	key, l := layoutOf(i, t)
	prev := miner.Hash(t.Prev)
	// Or a log could put jobs of no use between two that describe one coinbase.
	if leaf, ok := a.jobs.forgot[prev]; ok {
		a.found(Jobs, i, "built on the same block as that of leaf %d, with so many jobs between that nobody can tell whether they describe one coinbase", leaf)
	}
	alike := a.jobs.layouts[key]
	for k := range alike {
		other := &alike[k]
		switch {
		case l.same(other):
			return
		case l.tag != other.tag && l.meets(other):
			a.found(Jobs, i, "one coinbase is described in two ways: leaf %d has the tag in bytes %d to %d, this one in bytes %d to %d: its hashes could be sold twice",
				other.leaf, other.tag.from, other.tag.to-1, l.tag.from, l.tag.to-1)
		}
	}
	if len(alike) == a.jobs.alike {
		a.found(Jobs, i, "more than %d jobs differ in nothing but their coinbases: too many to compare", a.jobs.alike)
		return
	}
	a.jobs.add(remembered{key, prev}, l)
}

// add remembers a layout and forgets the oldest beyond the bounds.
func (j *jobs) add(r remembered, l layout) {
	j.layouts[r.key] = append(j.layouts[r.key], l)
	j.order = append(j.order, r)
	j.bytes += len(l.coinbase)
	for len(j.order) > j.most || j.bytes > maxLayoutBytes {
		oldest := j.order[0]
		j.order = j.order[1:]
		all := j.layouts[oldest.key]
		j.bytes -= len(all[0].coinbase)
		j.forgot[oldest.prev] = all[0].leaf
		if j.layouts[oldest.key] = all[1:]; len(all) == 1 {
			delete(j.layouts, oldest.key)
		}
	}
}

// layoutOf makes a job of a template with two tags: where they differ is the
// tag's place.
func layoutOf(i int64, t *receipt.Template) (workKey, layout) {
	var none, ones lease.Tag
	for k := range ones {
		ones[k] = 0xff
	}
	with, other := t.Issue(none, miner.Target{}, nil), t.Issue(ones, miner.Target{}, nil)
	l := layout{leaf: i}
	l.tag.from = len(with.Coinb1)
	for k := range with.Coinb1 {
		if with.Coinb1[k] != other.Coinb1[k] {
			l.tag.from, l.tag.to = min(l.tag.from, k), k+1
		}
	}
	l.gap = span{len(with.Coinb1), len(with.Coinb1) + t.Extranonce1Size + t.Extranonce2Size}
	l.coinbase = slices.Concat(with.Coinb1, make([]byte, l.gap.to-l.gap.from), with.Coinb2)
	h := sha256.New()
	h.Write(with.PrevHash[:])
	for _, b := range with.Branches {
		h.Write(b[:])
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(l.coinbase))))
	return workKey(h.Sum(nil)), l
}

// same tells whether two layouts say the same.
func (l *layout) same(o *layout) bool {
	return l.tag == o.tag && l.gap == o.gap && bytes.Equal(l.coinbase, o.coinbase)
}

// meets tells whether there is a coinbase that both describe; both are of one
// length.
func (l *layout) meets(o *layout) bool {
	size := len(l.coinbase)
	open := [...]span{l.tag, l.gap, o.tag, o.gap, {size, size}}
	slices.SortFunc(open[:], func(a, b span) int { return cmp.Compare(a.from, b.from) })
	at := 0
	for _, s := range open {
		if at < s.from && !bytes.Equal(l.coinbase[at:s.from], o.coinbase[at:s.from]) {
			return false
		}
		at = max(at, s.to)
	}
	return true
}
