package bundle

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// checkTips checks that every job with receipts was built on a tip, and that it
// was the tip when the job was made and when the receipts came in.
func (v *verifier) checkTips(c *headerChain) error {
	for i := range v.jobs {
		j := &v.jobs[i]
		if j.toMs == 0 || j.tip < 0 {
			continue
		}
		t := &v.tips[j.tip]
		// Of the first and of the last window with receipts on the job. Each lies in
		// one grid of lease.BatchMs.
		firstTo, lastFrom := (j.fromMs/lease.BatchMs+1)*lease.BatchMs/1000, (j.toMs-1)/lease.BatchMs*lease.BatchMs/1000
		var err error
		switch {
		case !t.found:
			err = fmt.Errorf("it is built on the block %v, which is neither in the chain here nor left it", t.hash)
		case j.height != 0 && j.height != t.height+1:
			err = fmt.Errorf("it says it is for height %d, but is built on the block of height %d", j.height, t.height)
		case t.time > firstTo+clockSlackSec:
			err = fmt.Errorf("receipts came in by %d, when the block it is built on, of the time %d, was not there yet", firstTo, t.time)
		case t.next != 0 && t.next < lastFrom-clockSlackSec:
			err = fmt.Errorf("receipts came in as late as from %d on, when the block it is built on was no tip any more since %d: it may have been worked on at any time", lastFrom, t.next)
		case t.time > j.createdMs/1000+clockSlackSec || t.next != 0 && t.next < j.createdMs/1000-clockSlackSec:
			err = fmt.Errorf("it is said to be made at %d, when the block it is built on, of the time %d, was not the tip", j.createdMs/1000, t.time)
		case j.createdMs/1000 > firstTo+clockSlackSec:
			err = fmt.Errorf("it is said to be made at %d, after receipts, which came in by %d", j.createdMs/1000, firstTo)
		case t.next != 0 && !t.fork && j.bits != t.nextIs && j.bits != t.bits && !c.mayReset(j.bits, t.nextIs):
			err = fmt.Errorf("it has the bits %08x, but the block at its height %08x", uint32(j.bits), uint32(t.nextIs))
		}
		if err != nil {
			return fmt.Errorf("job of leaf %d: %w", j.index, err)
		}
	}
	return nil
}

// mayReset tells whether jobs of one tip may have the one or the other bits. On
// test coins, whose blocks may be of the easiest target once none was found for a
// while, that is one of the two; which one, the time decides.
func (c *headerChain) mayReset(a, b miner.Bits) bool {
	x, errA := a.Target()
	y, errB := b.Target()
	if errA != nil || errB != nil || !c.resets {
		return false
	}
	if x.Cmp(y) < 0 {
		x = y
	}
	return x == c.limit
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
