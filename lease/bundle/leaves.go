package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"

	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// readLeaf is a leaf as it was read.
type readLeaf struct {
	index int64
	hash  tlog.Hash
	kind  translog.Kind
	err   error // not a leaf

	body []byte // of one that is kept

	createdMs int64 // of a job, like the next two
	template  *receipt.Template
	unsound   error // its template is not well-formed

	batch leaf.Batch
}

// leafChunk is lines that one worker reads.
type leafChunk struct {
	first  int // number of the first line
	text   []byte
	ends   []int
	leaves []readLeaf
}

// chunkBytes is how much text a worker gets at once.
const chunkBytes = 1 << 17

// maxLeafLine bounds a line with a leaf.
const maxLeafLine = translog.MaxLeaf + 20

// loadLeaves reads the leaves, and with each batch its receipts, which are
// hashed at once: so the templates of jobs need not be kept.
func (v *verifier) loadLeaves() error {
	f := v.d.files[fileLeaves]
	lines := &lineReader{c: &contents{r: v.c.r}} // beside those of receipts
	lines.open(f, maxLeafLine)
	v.hashed.start(v)
	last := int64(-1)
	err := ordered(v.ctx, workers(),
		func() (*leafChunk, error) { return readChunk(lines) },
		func(_ int, c *leafChunk) { c.decode() },
		func(c *leafChunk) error {
			for i := range c.leaves {
				l := &c.leaves[i]
				err := l.err
				if err == nil {
					err = ascending(&last, l.index)
				}
				if err == nil {
					err = v.takeLeaf(l)
				}
				if err != nil {
					return fmt.Errorf("%w: file %q, line %d: %w", ErrForm, f.name, c.first+i, err)
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	return v.hashed.finish()
}

// readChunk reads lines until there are enough of them; nil at the end.
func readChunk(lines *lineReader) (*leafChunk, error) {
	c := &leafChunk{first: lines.n + 1}
	for len(c.text) < chunkBytes {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		c.text = append(c.text, line...)
		c.ends = append(c.ends, len(c.text))
	}
	if len(c.ends) == 0 {
		return nil, nil
	}
	return c, nil
}

// decode reads the lines of the chunk.
func (c *leafChunk) decode() {
	c.leaves = make([]readLeaf, len(c.ends))
	start := 0
	for i, end := range c.ends {
		c.leaves[i].decode(c.text[start:end])
		start = end
	}
	c.text = nil
}

// jobPrefix is how the leaf of a job begins; its only other keys are the time and
// the template.
const (
	jobPrefix   = `{"format":"` + translog.LeafFormat + `","kind":"job","public":{"created_ms":`
	jobTemplate = `,"template":`
	jobSuffix   = `}}`
)

// decode reads one line.
func (l *readLeaf) decode(line []byte) {
	var body []byte
	if l.index, body, l.err = cutIndex(line); l.err != nil {
		return
	}
	if len(body) > translog.MaxLeaf {
		l.err = fmt.Errorf("leaf of %d bytes, at most %d", len(body), translog.MaxLeaf)
		return
	}
	l.hash = tlog.RecordHash(body)
	if rest, ok := bytes.CutPrefix(body, []byte(jobPrefix)); ok {
		l.err = l.decodeJob(rest)
		return
	}
	any, err := translog.DecodeLeaf(body)
	if err != nil {
		l.err = err
		return
	}
	switch l.kind = any.Kind; l.kind {
	case translog.KindJob:
		l.err = errors.New("the leaf of a job has other keys than created_ms and template")
	case translog.KindBatch:
		l.batch, _, l.err = leaf.Read[leaf.Batch](body, translog.KindBatch)
	default:
		l.body = bytes.Clone(body)
	}
}

// decodeJob reads what follows jobPrefix. It is what leaf.Read does, without
// writing each document three times: most leaves are jobs.
func (l *readLeaf) decodeJob(rest []byte) error {
	l.kind = translog.KindJob
	digits, document, ok := bytes.Cut(rest, []byte(jobTemplate))
	document, end := bytes.CutSuffix(document, []byte(jobSuffix))
	ms, err := strconv.ParseInt(string(digits[:min(len(digits), 20)]), 10, 64)
	if !ok || !end || err != nil || ms < 0 || ms > maxIndex || strconv.FormatInt(ms, 10) != string(digits) {
		return errors.New("the leaf of a job is not the canonical JSON of what it says")
	}
	l.createdMs = ms
	if l.template, err = receipt.DecodeTemplate(document); err != nil {
		l.unsound, l.template = err, nil
		// What is no JSON at all is the file's fault, not the job's.
		if _, _, err := leaf.Read[leaf.Job](append([]byte(jobPrefix), rest...), translog.KindJob); err != nil {
			return err
		}
	}
	return nil
}

// takeLeaf takes up the next leaf.
func (v *verifier) takeLeaf(l *readLeaf) error {
	if int64(len(v.indexes)) >= v.MaxBytes>>leavesShift {
		return fmt.Errorf("more than %d leaves: ask for a shorter period, or allow more", v.MaxBytes>>leavesShift)
	}
	v.indexes, v.hashes = append(v.indexes, l.index), append(v.hashes, l.hash)
	switch l.kind {
	case translog.KindJob:
		return v.takeJob(l)
	case translog.KindBatch:
		return v.takeBatch(l)
	}
	if v.hashed.room -= int64(len(l.body)) + 64; v.hashed.room < 0 {
		return fmt.Errorf("more than %d bytes of leaves that are no jobs and batches: ask for a shorter period, or allow more", v.MaxBytes>>keptShift)
	}
	v.kept = append(v.kept, keptLeaf{index: l.index, body: l.body, kind: l.kind})
	return nil
}

func (v *verifier) takeJob(l *readLeaf) error {
	if int64(len(v.jobs)) >= v.MaxBytes>>jobsShift {
		return fmt.Errorf("more than %d jobs: ask for a shorter period, or allow more", v.MaxBytes>>jobsShift)
	}
	j := jobLeaf{index: l.index, createdMs: l.createdMs, tip: -1, unsound: l.template == nil}
	if t := l.template; t != nil {
		j.height, j.bits, j.pool, j.tip = t.Height, miner.Bits(t.Bits), t.IsPool(), v.tipFor(miner.Hash(t.Prev))
		v.hashed.add(l.index, int32(len(v.jobs)), t)
	}
	v.jobs = append(v.jobs, j)
	if _, ok := v.hashed.rewards[l.index]; ok {
		if v.hashed.room -= int64(len(l.body)) + 4096; v.hashed.room < 0 {
			return fmt.Errorf("more jobs of blocks than there is memory for: ask for a shorter period, or allow more")
		}
		v.templates[l.index] = l.template
	}
	v.eachTemplate(&v.jobs[len(v.jobs)-1], l.template, l.unsound)
	return nil
}

// tipFor is the place in verifier.tips of a block that a job was built on.
func (v *verifier) tipFor(hash miner.Hash) int32 {
	i, ok := v.tipOf[hash]
	if !ok {
		i = int32(len(v.tips))
		v.tips, v.tipOf[hash] = append(v.tips, tip{hash: hash}), i
	}
	return i
}

func (v *verifier) takeBatch(l *readLeaf) error {
	b := &l.batch
	if b.Lease != v.s.Lease {
		return fmt.Errorf("leaf %d is a batch of receipts of lease %.70q, not of %q", l.index, b.Lease, v.s.Lease)
	}
	if err := v.hashed.batch(len(v.batches), l.index, b); err != nil {
		return err
	}
	return nil
}

// sums compares the sums of a batch with the contract's target: every receipt
// has its work.
func (v *verifier) sums(b *leaf.Batch) error {
	ev := v.evidence(b.N)
	sq := new(big.Int)
	if ev.SumSq != nil {
		sq = ev.SumSq
	}
	switch {
	case b.Sum.Work() != ev.Sum:
		return fmt.Errorf("it says %s hashes of work, but %d receipts at the contract's target prove %s", b.Sum.Work(), b.N, ev.Sum)
	case b.SumSq != sq.String():
		return fmt.Errorf("it says %.80s as the sum of squares, but %d receipts at the contract's target have %s", b.SumSq, b.N, sq)
	}
	return nil
}
