package auditor

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// layout is what a job says of its coinbase: all bytes but those of the tag and
// of the extranonces.
type layout struct {
	leaf       int64
	coinbase   []byte
	tag, gap   span
	poolFormat bool
}

// span is a range of bytes that are not fixed.
type span struct{ from, to int }

func (s span) has(i int) bool { return i >= s.from && i < s.to }

// work is all that two jobs must have in common to describe one header, but for
// the coinbase's bytes.
type workKey [sha256.Size]byte

// Bounds of what is remembered of jobs. A template older than that was
// outlived by many blocks: whose work on it would be counted must explain why
// its previous block was not the tip.
const (
	maxLayouts     = 1 << 16
	maxLayoutBytes = 128 << 20
)

// jobs remembers the layouts of the last jobs.
type jobs struct {
	leaves  []int64 // of all jobs, ascending
	layouts map[workKey][]layout
	order   []workKey // of the layouts, the oldest first
	bytes   int
}

func newJobs() jobs { return jobs{layouts: map[workKey][]layout{}} }

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
	return taken{translog.KindJob, err, func(i int64) { a.addJob(i, t) }}
}

func (a *Auditor) addJob(i int64, t *receipt.Template) {
	a.jobs.leaves = append(a.jobs.leaves, i)
	if !a.terms[t.Terms] {
		a.found(Jobs, i, "the terms %x of the job are not in the log before it", t.Terms)
	}
	key, l := layoutOf(i, t)
	for _, other := range a.jobs.layouts[key] {
		switch {
		case l.same(&other):
			return
		case l.meets(&other) && (l.tag != other.tag || l.poolFormat != other.poolFormat):
			a.found(Jobs, i, "one coinbase is described in two ways: leaf %d has the tag in bytes %d to %d, this one in bytes %d to %d: its hashes could be sold twice",
				other.leaf, other.tag.from, other.tag.to-1, l.tag.from, l.tag.to-1)
		}
	}
	a.jobs.add(key, l)
}

// add remembers a layout and forgets the oldest beyond the bounds.
func (j *jobs) add(key workKey, l layout) {
	j.layouts[key] = append(j.layouts[key], l)
	j.order = append(j.order, key)
	j.bytes += len(l.coinbase)
	for len(j.order) > maxLayouts || j.bytes > maxLayoutBytes {
		oldest := j.order[0]
		j.order = j.order[1:]
		all := j.layouts[oldest]
		j.bytes -= len(all[0].coinbase)
		if j.layouts[oldest] = all[1:]; len(all) == 1 {
			delete(j.layouts, oldest)
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
	l := layout{leaf: i, poolFormat: t.IsPool()}
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
	return l.tag == o.tag && l.gap == o.gap && l.poolFormat == o.poolFormat && bytes.Equal(l.coinbase, o.coinbase)
}

// meets tells whether there is a coinbase that both describe; both are of one
// length.
func (l *layout) meets(o *layout) bool {
	for i, b := range l.coinbase {
		if b != o.coinbase[i] && !l.tag.has(i) && !l.gap.has(i) && !o.tag.has(i) && !o.gap.has(i) {
			return false
		}
	}
	return true
}
