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

// retargetEvery is after how many blocks the main chain's bits change.
const retargetEvery = 2016

// headerChain is what was read of the chain.
type headerChain struct {
	n       int64
	from    int64 // height of the first
	last    miner.Hash
	work    miner.Work
	easiest miner.Target
	limit   miner.Target          // the easiest by the bits, that of a first block without work too
	bits    miner.Bits            // of the last
	resets  bool                  // bits changed where the main chain's never do
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
			err = v.checkTips(c)
		}
		if tip := v.openTip(); err == nil && tip != nil {
			what := fmt.Sprintf("that the block %v of height %d, of the time %d, was still the tip hours later: there is no header behind it", tip.hash, tip.height, tip.time)
			if c.easiest.Cmp(mainTarget()) <= 0 || v.Strict {
				err = fmt.Errorf("nothing shows %s", what)
			} else {
				v.skip("headers", what)
			}
		}
		v.report("headers", err, "%d in a row from height %d on, with %v hashes of work; each job was built on the tip of its time", c.n, c.from, c.work)
		if c.easiest.Cmp(mainTarget()) > 0 && v.Chain == nil {
			v.skip("coin", fmt.Sprintf("that these headers are the coin's: with a target as easy as %v anybody makes such a chain in no time", c.easiest))
		} else if v.Chain == nil {
			v.skip("coin", fmt.Sprintf("that these headers are the coin's: compare the last one, %v at height %d, with what others show, or give a coin node", c.last, c.from+c.n-1))
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
	if err != nil {
		return c, err
	}
	// Whoever asked for less work could make such a block at any time.
	for _, on := range c.forks {
		for i := range on {
			if target, err := on[i].Bits().Target(); err != nil || target.Cmp(c.easiest) > 0 {
				return c, fmt.Errorf("block %v that left the chain has the bits %08x, easier than those of any block in it", on[i].hash, uint32(on[i].Bits()))
			}
		}
	}
	return c, nil
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
	seen := make(map[miner.Hash]bool, len(b)/miner.HeaderSize)
	for ; len(b) > 0; b = b[miner.HeaderSize:] {
		k := fork{Header: miner.Header(b)}
		if k.hash = k.Hash(); seen[k.hash] {
			// Twice on each other, they would be gone through in two to the power of
			// their number of ways.
			return fmt.Errorf("%w: file %q has the block %v twice", ErrForm, f.name, k.hash)
		}
		seen[k.hash] = true
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
	if err == nil {
		if target.Cmp(c.limit) > 0 {
			c.limit = target
		}
		err = meetsBits(h, hash)
	}
	if genesis := height == 0 && h.Prev() == (miner.Hash{}); err != nil && genesis {
		// The first block of a chain is what its coin says it is, and may be
		// nobody's work: it counts for no more than one hash.
		target, err = miner.TargetForWork(miner.Hashes(1)), nil
	}
	if err != nil {
		return err
	}
	if target.Cmp(c.easiest) > 0 {
		c.easiest = target
	}
	c.work = c.work.Add(target.Work())
	c.resets = c.resets || c.n > 0 && height%retargetEvery != 0 && h.Bits() != c.bits
	c.bits = h.Bits()
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
	v.takeForks(c, hash, height, c.recent)
	c.last, c.n = hash, c.n+1
	return nil
}

// takeForks takes up the blocks that are built on one of a height, left the chain
// or were never in it, and those that are built on these.
func (v *verifier) takeForks(c *headerChain, on miner.Hash, height int64, recent []int64) {
	for _, k := range c.forks[on] {
		times := append(slices.Clone(recent[max(0, len(recent)-medianOf+1):]), int64(k.Time()))
		if i, ok := v.tipOf[k.hash]; ok {
			v.tips[i] = tip{hash: k.hash, found: true, fork: true, height: height + 1, time: int64(k.Time()), bits: k.Bits(), median: c.median(times, height+1)}
			c.waiting = append(c.waiting, waitingTip{i, height + 2})
		}
		v.takeForks(c, k.hash, height+1, times)
	}
}

// median is that of the last times up to a height; 0 when there are too few.
func (c *headerChain) median(times []int64, height int64) int64 {
	if len(times) < medianOf && height >= int64(len(times)) {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
