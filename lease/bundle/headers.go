package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// medianOf is over how many blocks the network takes the median of times.
const medianOf = 11

// mainBits is the largest target of the main chain. Headers of easier ones are
// made in no time.
const mainBits miner.Bits = 0x1d00ffff

// headerChain is what was read of the chain.
type headerChain struct {
	n       int64
	from    int64 // height of the first
	last    miner.Hash
	work    miner.Work
	easiest miner.Target
	recent  []int64               // times of the last medianOf
	forks   map[miner.Hash][]fork // by what they were built on
	waiting []waitingTip
}

// fork is a block that left the chain.
type fork struct {
	miner.Header
	hash miner.Hash
}

// waitingTip is a tip whose end is not yet known.
type waitingTip struct {
	tip    int32
	height int64 // of the header that outlived it
}

// checkHeaders reports that jobs were built on the chain's tips of their time,
// and that the times of receipts fit.
func (v *verifier) checkHeaders() {
	if v.d.files[fileHeaders] == nil {
		v.skip("headers", "that jobs were built on the chain's tips of their time: there are no block headers in the bundle, for the node saw no chain")
	} else {
		c, err := v.readHeaders()
		if err == nil {
			err = v.checkTips()
		}
		if tip := v.openTip(); err == nil && tip != nil {
			what := fmt.Sprintf("that the block %v of height %d, of the time %d, was still the tip hours later: there is no header behind it", tip.hash, tip.height, tip.time)
			if c.easiest.Cmp(mainTarget()) <= 0 {
				err = fmt.Errorf("nothing shows %s", what)
			} else {
				v.skip("headers", what)
			}
		}
		v.report("headers", err, "%d in a row from height %d on, with %v hashes of work; each job was built on the tip of its time", c.n, c.from, c.work)
		if c.easiest.Cmp(mainTarget()) > 0 && v.Chain == nil {
			v.skip("headers", fmt.Sprintf("that these headers are the coin's: with a target as easy as %v anybody makes such a chain in no time", c.easiest))
		} else if v.Chain == nil {
			v.skip("headers", fmt.Sprintf("that these headers are the coin's: compare the last one, %v at height %d, with what others show, or give a coin node", c.last, c.from+c.n-1))
		}
	}
	v.report("times", v.checkTimes(), "every receipt's is after the median of the blocks before it, and not after its window")
}

func mainTarget() miner.Target {
	t, _ := mainBits.Target() // which is one
	return t
}

// readHeaders reads the chain and finds the tips in it.
func (v *verifier) readHeaders() (*headerChain, error) {
	c := &headerChain{forks: make(map[miner.Hash][]fork)}
	if err := v.readForks(c); err != nil {
		return c, err
	}
	var err error
	c.from, err = v.eachHeader(func(height int64, h *miner.Header) error { return v.takeHeader(c, height, h) })
	return c, err
}

// eachHeader calls do with each header of the file and its height, and returns
// the first one's.
func (v *verifier) eachHeader(do func(height int64, h *miner.Header) error) (from int64, err error) {
	f := v.d.files[fileHeaders]
	e := v.c.open(f)
	buffer := make([]byte, 256*miner.HeaderSize)
	if _, err := io.ReadFull(e, buffer[:8]); err != nil {
		return 0, headersEnd(f, err)
	}
	if from = int64(binary.BigEndian.Uint64(buffer)); from < 0 || from > maxIndex {
		return 0, fmt.Errorf("%w: file %q begins at height %d", ErrForm, f.name, uint64(from))
	}
	for height := from; ; {
		n, err := io.ReadFull(e, buffer)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return from, err
		}
		if n%miner.HeaderSize != 0 || n == 0 && height == from {
			return from, headersEnd(f, io.ErrUnexpectedEOF)
		}
		for b := buffer[:n]; len(b) > 0; b = b[miner.HeaderSize:] {
			h := miner.Header(b)
			if err := do(height, &h); err != nil {
				return from, fmt.Errorf("header of height %d: %w", height, err)
			}
			height++
		}
		if err != nil {
			return from, nil
		}
	}
}

func headersEnd(f *packedFile, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: file %q ends within a header", ErrForm, f.name)
	}
	return err
}

// readForks reads the blocks that left the chain.
func (v *verifier) readForks(c *headerChain) error {
	f := v.d.files[fileForks]
	b, err := v.c.all(f)
	if err != nil {
		return err
	}
	if len(b)%miner.HeaderSize != 0 {
		return headersEnd(f, io.EOF)
	}
	for ; len(b) > 0; b = b[miner.HeaderSize:] {
		k := fork{Header: miner.Header(b)}
		k.hash = k.Hash()
		if err := meetsBits(&k.Header, k.hash); err != nil {
			return fmt.Errorf("header of a block %v that left the chain: %w", k.hash, err)
		}
		c.forks[k.Prev()] = append(c.forks[k.Prev()], k)
	}
	return nil
}

// meetsBits checks a header's work.
func meetsBits(h *miner.Header, hash miner.Hash) error {
	target, err := h.Bits().Target()
	if err != nil {
		return err
	}
	if !hash.Meets(target) {
		return fmt.Errorf("its hash %v has not the work that its bits %08x ask for", hash, uint32(h.Bits()))
	}
	return nil
}

// takeHeader takes up the next header of the chain.
func (v *verifier) takeHeader(c *headerChain, height int64, h *miner.Header) error {
	hash := h.Hash()
	if c.n > 0 && h.Prev() != c.last {
		return fmt.Errorf("it is not built on the one before it, %v: there is a gap", c.last)
	}
	target, err := h.Bits().Target()
	// The first block of a chain is what its coin says it is, and nobody's work.
	if genesis := height == 0 && h.Prev() == (miner.Hash{}); err == nil && !genesis {
		err = meetsBits(h, hash)
	}
	if err != nil {
		return err
	}
	if target.Cmp(c.easiest) > 0 {
		c.easiest = target
	}
	c.work = c.work.Add(target.Work())
	time := int64(h.Time())
	c.waiting = slices.DeleteFunc(c.waiting, func(w waitingTip) bool {
		if w.height == height {
			v.tips[w.tip].next, v.tips[w.tip].nextIs = time, h.Bits()
		}
		return w.height <= height
	})
	if len(c.recent) == medianOf {
		c.recent = append(c.recent[:0], c.recent[1:]...)
	}
	c.recent = append(c.recent, time)
	if i, ok := v.tipOf[hash]; ok {
		v.tips[i] = tip{hash: hash, found: true, height: height, time: time, bits: h.Bits(), median: c.median(c.recent, height)}
		c.waiting = append(c.waiting, waitingTip{i, height + 1})
	}
	for _, k := range c.forks[hash] {
		if i, ok := v.tipOf[k.hash]; ok {
			recent := append(slices.Clone(c.recent[max(0, len(c.recent)-medianOf+1):]), int64(k.Time()))
			v.tips[i] = tip{hash: k.hash, found: true, fork: true, height: height + 1, time: int64(k.Time()), bits: k.Bits(), median: c.median(recent, height+1)}
			c.waiting = append(c.waiting, waitingTip{i, height + 2})
		}
	}
	c.last, c.n = hash, c.n+1
	return nil
}

// median is that of the last times up to a height; 0 when there are too few.
func (c *headerChain) median(times []int64, height int64) int64 {
	if len(times) < medianOf && height >= int64(len(times)) {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// checkTips checks that every job with receipts was built on a tip, and that it
// was the tip when the job was made and when the receipts came in.
func (v *verifier) checkTips() error {
	for i := range v.jobs {
		j := &v.jobs[i]
		if j.toMs == 0 || j.tip < 0 {
			continue
		}
		t := &v.tips[j.tip]
		var err error
		switch {
		case !t.found:
			err = fmt.Errorf("it is built on the block %v, which is neither in the chain here nor left it", t.hash)
		case j.height != 0 && j.height != t.height+1:
			err = fmt.Errorf("it says it is for height %d, but is built on the block of height %d", j.height, t.height)
		case t.time > j.toMs/1000+clockSlackSec:
			err = fmt.Errorf("its receipts came in until %d, when the block it is built on, of the time %d, was not there yet", j.toMs/1000, t.time)
		case t.next != 0 && t.next < j.fromMs/1000-clockSlackSec:
			err = fmt.Errorf("its receipts came in from %d on, when the block it is built on was no tip any more since %d: it may have been worked on long before", j.fromMs/1000, t.next)
		case t.time > j.createdMs/1000+clockSlackSec || t.next != 0 && t.next < j.createdMs/1000-clockSlackSec:
			err = fmt.Errorf("it is said to be made at %d, when the block it is built on, of the time %d, was not the tip", j.createdMs/1000, t.time)
		case j.createdMs/1000 > j.toMs/1000+clockSlackSec:
			err = fmt.Errorf("it is said to be made at %d, after its receipts, which came in until %d", j.createdMs/1000, j.toMs/1000)
		case t.next != 0 && !t.fork && j.bits != t.nextIs && j.bits != t.bits:
			err = fmt.Errorf("it has the bits %08x, but the block at its height %08x", uint32(j.bits), uint32(t.nextIs))
		}
		if err != nil {
			return fmt.Errorf("job of leaf %d: %w", j.index, err)
		}
	}
	return nil
}

// openTipSec is for how long a block may have been the tip when no header behind
// it shows until when it was, in seconds: on a main chain no block takes so long.
const openTipSec = 6 * 3600

// openTip is a block that receipts came in on long after its time, and that no
// header shows to have been the tip then; nil: there is none. Whoever builds on
// an old block could leave out the headers behind it.
func (v *verifier) openTip() *tip {
	for i := range v.jobs {
		if j := &v.jobs[i]; j.toMs != 0 && j.tip >= 0 {
			if t := &v.tips[j.tip]; t.found && t.next == 0 && t.time < j.toMs/1000-openTipSec {
				return t
			}
		}
	}
	return nil
}

// checkTimes checks the times that receipts have in their headers.
func (v *verifier) checkTimes() error {
	if v.hashed.times != nil {
		return v.hashed.times
	}
	for i := range v.jobs {
		j := &v.jobs[i]
		if j.toMs == 0 || j.tip < 0 {
			continue
		}
		if t := &v.tips[j.tip]; t.found && t.median > 0 && int64(j.minTime) <= t.median {
			return fmt.Errorf("job of leaf %d: a receipt has the time %d, which is not after the median of the %d blocks before it, %d", j.index, j.minTime, medianOf, t.median)
		}
	}
	return nil
}
