package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// chainScan is what a coin node shows of a period, and some time before and
// behind it.
type chainScan struct {
	v             *verifier
	known         map[miner.Hash]lease.BlockState // blocks that leaves tell of, by the last one
	headers       int64                           // so many in the bundle
	found         int64                           // blocks with the tag and a leaf
	low           int64                           // height of the first block
	times         []uint32                        // of the blocks from there on
	first, last   miner.Header                    // of them
	hidden        []hiddenBlock                   // blocks with the tag and without a leaf
	fromMs, toMs  int64                           // what is before or behind these by the chain's clock is another period's
	boundedBefore bool                            // there were too many blocks to go through before the period
	boundedBehind bool
}

// hiddenBlock is a block with the tag that no leaf tells of.
type hiddenBlock struct {
	height int64
	hash   miner.Hash
}

// beyondBlocks is how many blocks before, and behind, the headers of a bundle are
// looked at, besides as many as a period as long may have at targetBlockMs each.
const (
	beyondBlocks  = 1000
	targetBlockMs = 600_000
)

// scanChain compares every header with the chain, and looks at every coinbase of
// the period and of around it. The bundle's headers do not say where that ends:
// the provider chooses them.
func (v *verifier) scanChain() (*chainScan, error) {
	c := &chainScan{
		v: v, known: make(map[miner.Hash]lease.BlockState),
		fromMs: v.s.Period.FromMs - clockSlackSec*1000, toMs: v.s.Period.ToMs - clockSlackSec*1000,
	}
	for _, l := range v.ofKind(translog.KindBlock) {
		b, _, err := leaf.Read[leaf.Block](l.body, translog.KindBlock)
		if err != nil {
			return c, fmt.Errorf("leaf %d: %w", l.index, err)
		}
		if b.Lease == v.s.Lease && b.Tag == v.s.Tag {
			c.known[miner.Hash(b.Hash)] = b.State
		}
	}
	var err error
	if c.low, err = v.eachHeader(c.compare); err != nil {
		return c, err
	}
	c.headers = int64(len(c.times))
	if err := c.down(); err != nil {
		return c, err
	}
	if err := c.up(); err != nil {
		return c, err
	}
	return c, c.judge()
}

// compare takes up a block whose header is in the bundle.
func (c *chainScan) compare(height int64, h *miner.Header) error {
	header, coinbase, err := c.v.Chain.Block(c.v.ctx, height)
	switch {
	case errors.Is(err, lease.ErrNotFound):
		return errors.New("your coin node's chain ends before it: the headers here are not the chain's, or the node is behind")
	case err != nil:
		return fmt.Errorf("asking the coin node: %w", err)
	case header != *h:
		return fmt.Errorf("it is %v on the chain, and %v in the bundle", header.Hash(), h.Hash())
	}
	if len(c.times) == 0 {
		c.first = header
	}
	c.last, c.times = header, append(c.times, header.Time())
	return c.take(height, header.Hash(), coinbase)
}

// take looks at the coinbase of a block.
func (c *chainScan) take(height int64, hash miner.Hash, coinbase []byte) error {
	if !c.v.tagged(coinbase) {
		return nil
	}
	switch c.known[hash] {
	case lease.Rejected:
		return errRefused
	case "":
		c.hidden = append(c.hidden, hiddenBlock{height, hash})
	default:
		c.found++
	}
	return nil
}

// bound is how many blocks are looked at in one direction.
func (c *chainScan) bound() int {
	p := &c.v.s.Period
	return beyondBlocks + int((p.ToMs-p.FromMs)/targetBlockMs)
}

// down walks from the first header to blocks of long before the period.
func (c *chainScan) down() error {
	var times []uint32 // from the first header on, downwards
	// The window of medianOf blocks from the lowest one on.
	window := slices.Clone(c.times[:min(medianOf, len(c.times))])
	for c.low > 0 && (len(window) < medianOf || medianMs(window) >= c.fromMs) {
		if len(times) == c.bound() {
			c.boundedBefore = true
			break
		}
		header, coinbase, err := c.v.Chain.Block(c.v.ctx, c.low-1)
		switch {
		case err != nil:
			return fmt.Errorf("asking the coin node for the block of height %d: %w", c.low-1, err)
		case header.Hash() != c.first.Prev():
			return fmt.Errorf("the block of height %d is not the one before that of height %d: your coin node's chain changed while it was asked; try again", c.low-1, c.low)
		}
		c.low--
		if err := c.take(c.low, header.Hash(), coinbase); err != nil {
			return fmt.Errorf("block of height %d: %w", c.low, err)
		}
		c.first, times = header, append(times, header.Time())
		window = slices.Insert(window, 0, header.Time())[:min(medianOf, len(window)+1)]
	}
	slices.Reverse(times)
	c.times = append(times, c.times...)
	return nil
}

// up walks from the last header to blocks of long after the period, or to the
// chain's end.
func (c *chainScan) up() error {
	behind := c.v.s.Period.ToMs + clockSlackSec*1000
	for n := 0; ; n++ {
		if k := len(c.times); k >= medianOf && medianMs(c.times[k-medianOf:]) > behind {
			return nil
		}
		if n == c.bound() {
			c.boundedBehind = true
			return nil
		}
		height := c.low + int64(len(c.times))
		header, coinbase, err := c.v.Chain.Block(c.v.ctx, height)
		switch {
		case errors.Is(err, lease.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("asking the coin node for the block of height %d: %w", height, err)
		case header.Prev() != c.last.Hash():
			return fmt.Errorf("the block of height %d is not built on that of height %d: your coin node's chain changed while it was asked; try again", height, height-1)
		}
		if err := c.take(height, header.Hash(), coinbase); err != nil {
			return fmt.Errorf("block of height %d: %w", height, err)
		}
		c.last, c.times = header, append(c.times, header.Time())
	}
}

// judge tells of which period blocks without a leaf are. Their own times say
// nothing, for who finds a block sets them, but the next blocks' do.
func (c *chainScan) judge() error {
	v, s := c.v, c.v.s
	slices.SortFunc(c.hidden, func(a, b hiddenBlock) int { return cmp.Compare(a.height, b.height) })
	firstTip, lastTip := v.tipsWorkedOn()
	ended := s.StopMs != 0 && s.StopMs <= s.Period.ToMs // no period behind it has work of the lease
	later, example := 0, int64(0)
	for _, h := range c.hidden {
		after := c.after(h.height)
		within := h.height > firstTip && h.height <= lastTip
		switch {
		case !within && !v.gather().fromStart() && after.known && after.ms < c.fromMs:
			// The bundle of the period before has to tell of it.
		case h.height <= lastTip, ended, after.known && after.ms < c.toMs:
			return fmt.Errorf("a hidden block: the coinbase of %v, of height %d, has the lease's tag, and no leaf here tells of it", h.hash, h.height)
		default:
			if later++; later == 1 {
				example = h.height
			}
		}
	}
	if later > 0 {
		v.word(fmt.Sprintf("that the log tells of the block of height %d, which has the lease's tag (one of %d of around the period's end or later that no leaf here is of): the bundle of the next period has to", example, later))
	}
	if c.boundedBefore {
		v.skip("chain", fmt.Sprintf("that no block of the lease's of before height %d was left out: there are too many to ask for", c.low))
	}
	if c.boundedBehind {
		v.skip("chain", fmt.Sprintf("that no block of the lease's of height %d and above was left out: there are too many to ask for", c.low+int64(len(c.times))))
	}
	return nil
}

// chainTime is a time by the chain's clock.
type chainTime struct {
	ms    int64
	known bool // the chain had come as far
}

// after is a time by when the block of a height had been found: the median time of
// the medianOf blocks that came after it. Most of them would have to be of miners
// with a wrong clock, or of the provider, for it to be another one.
func (c *chainScan) after(height int64) chainTime {
	i := int(height - c.low + 1)
	if i+medianOf > len(c.times) {
		return chainTime{}
	}
	return chainTime{medianMs(c.times[i : i+medianOf]), true}
}

// medianMs is the median of times.
func medianMs(times []uint32) int64 {
	sorted := slices.Sorted(slices.Values(times))
	return int64(sorted[len(sorted)/2]) * 1000
}

// tipsWorkedOn are the heights of the first and the last block of the chain that
// jobs with receipts were built on: what came after the one, up to the other, was
// found in the period. They are -1 where there is none.
func (v *verifier) tipsWorkedOn() (first, last int64) {
	first, last = -1, -1
	for i := range v.jobs {
		j := &v.jobs[i]
		if j.toMs == 0 || j.tip < 0 {
			continue
		}
		if t := &v.tips[j.tip]; t.found && !t.fork {
			last = max(last, t.height)
			if first < 0 || t.height < first {
				first = t.height
			}
		}
	}
	return first, last
}
