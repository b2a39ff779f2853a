package statement

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/seal"
)

// agreement reads who agreed on what.
func (b *builder) agreement() (err error) {
	if b.lease, err = b.Store.Lease(b.ctx, b.req.Lease); err != nil {
		return err
	}
	if b.terms, err = b.Store.Terms(b.ctx, b.lease.Terms); err != nil {
		return fmt.Errorf("terms %s: %w", b.lease.Terms, err)
	}
	return b.readLines()
}

// period fixes what time it is about, when all receipts of it are sealed, and
// reads what was metered in it, all of one moment.
func (b *builder) period() error {
	heartbeat, err := b.Store.Heartbeat(b.ctx)
	switch {
	case err != nil:
		return err
	case heartbeat == 0:
		return fmt.Errorf("%w: the node has never run", ErrNothing)
	case heartbeat <= b.lease.StartMs:
		return fmt.Errorf("%w: the lease starts at %s, and the node last ran at %s", ErrNothing, stamp(b.lease.StartMs), stamp(heartbeat))
	case heartbeat < b.req.FromMs:
		return fmt.Errorf("%w: the period begins at %s, and the node last ran at %s", ErrNothing, stamp(b.req.FromMs), stamp(heartbeat))
	case b.req.ToMs != 0 && b.req.ToMs <= b.lease.StartMs:
		return fmt.Errorf("%w: the period ends at %s, and the lease starts at %s", ErrNothing, stamp(b.req.ToMs), stamp(b.lease.StartMs))
	}
	if b.settled, err = b.Store.SettledHour(b.ctx); err != nil {
		return err
	}
	b.from = max(b.req.FromMs, hourOf(b.lease.StartMs)*lease.MsPerHour)
	// Hours before the heartbeat's have all that they get. To that one more may
	// come at any moment: it must be read between two heartbeats.
	running := hourOf(heartbeat)
	past, err := b.readMeters(hourOf(b.from), running)
	if err != nil {
		return err
	}
	for range maxTries {
		if heartbeat, err = b.Store.Heartbeat(b.ctx); err != nil {
			return err
		}
		if b.to, b.open, err = b.end(heartbeat, past); err != nil {
			return err
		}
		if b.to <= b.from {
			return fmt.Errorf("%w: the lease was to start at %s, and was closed at %s", ErrNothing, stamp(b.lease.StartMs), stamp(b.lease.ClosedMs))
		}
		last, err := b.readMeters(max(running, hourOf(b.from)), hourAfter(b.to))
		if err != nil {
			return err
		}
		again, err := b.Store.Heartbeat(b.ctx)
		if err != nil {
			return err
		}
		if again == heartbeat || !b.open {
			b.cut()
			return b.sum(past, last)
		}
	}
	return errChanged
}

// metered is what was metered in some hours.
type metered struct {
	meters    []lease.HourMeter
	upstreams []lease.HourUpstream
}

// readMeters reads what was metered in the hours from ≤ hour < to.
func (b *builder) readMeters(from, to int64) (*metered, error) {
	m := new(metered)
	if from >= to {
		return m, nil
	}
	for h, err := range b.Store.HourMeters(b.ctx, b.lease.ID, from, to) {
		if err != nil {
			return nil, fmt.Errorf("metered hours: %w", err)
		}
		m.meters = append(m.meters, h)
	}
	for u, err := range b.Store.HourUpstreams(b.ctx, b.lease.ID, from, to) {
		if err != nil {
			return nil, fmt.Errorf("answers of the pool: %w", err)
		}
		m.upstreams = append(m.upstreams, u)
	}
	return m, nil
}

// end is when the period ends, after sealing what is not sealed of it, and
// whether that is only because the node has not run for longer.
func (b *builder) end(heartbeat int64, past *metered) (toMs int64, open bool, err error) {
	whole := b.req.ToMs == 0
	if !whole && b.req.ToMs <= heartbeat+1 {
		toMs = b.req.ToMs
	} else if over, ok := b.over(past); whole && ok {
		toMs = over
	} else {
		toMs, open = heartbeat+1, true
	}
	sealed, err := b.Store.SealedMs(b.ctx)
	if err == nil && sealed < toMs {
		var done seal.Result
		done, err = seal.Seal(b.ctx, b.Store, toMs)
		sealed = done.ToMs
	}
	if err != nil {
		return 0, false, err
	}
	if open {
		// What was sealed beyond the heartbeat has nothing in it.
		toMs = max(toMs, sealed)
	}
	return toMs, open, nil
}

// over is the end of the last hour of a lease that is over and settled, with all
// that came in or was booked after its stop.
func (b *builder) over(past *metered) (toMs int64, ok bool) {
	last, ok := b.lease.LastHour()
	if !ok {
		return 0, false
	}
	last++
	for i := range past.meters {
		last = max(last, past.meters[i].Hour+1)
	}
	for i := range past.upstreams {
		last = max(last, past.upstreams[i].Hour+1)
	}
	for i := range b.lines {
		last = max(last, hourAfter(b.lines[i].AtMs))
	}
	return last * lease.MsPerHour, last-1 <= b.settled
}

// sum takes in what was metered in the period's hours, and how far they are
// settled.
func (b *builder) sum(all ...*metered) error {
	b.hours = [2]int64{hourOf(b.from), hourAfter(b.to)}
	for _, m := range all {
		for i := range m.meters {
			if m.meters[i].Hour < b.hours[1] {
				b.meters = append(b.meters, m.meters[i])
			}
		}
		for i := range m.upstreams {
			if m.upstreams[i].Hour < b.hours[1] {
				b.counts.Add(m.upstreams[i].Upstream)
			}
		}
	}
	running, err := b.Store.RunningMs(b.ctx, b.from, b.to)
	if err != nil {
		return err
	}
	b.st.Period = bundle.Period{FromMs: b.from, ToMs: b.to, RunningMs: running}
	// Later ones are none of this period's.
	if end := min(b.settled+1, hourOf(b.to)) * lease.MsPerHour; b.settled > 0 && end > b.from {
		b.st.Period.SettledMs = end
	}
	b.st.State = bundle.Preliminary
	if b.st.Period.SettledMs == b.to {
		b.st.State = bundle.Final
	}
	return nil
}

// delivery sums up what was metered, and the batches of the receipts.
func (b *builder) delivery() error {
	d := bundle.Delivery{Verdicts: make(map[string]uint64)}
	for i := range b.meters {
		m := &b.meters[i]
		d.CountedHashes = lease.Quantity(d.CountedHashes.Work().Add(m.Counted))
		for reason, n := range m.Verdicts {
			d.Verdicts[reason] += n
			if reason == lease.Stale {
				d.Stale += n
			} else {
				d.Rejected += n
			}
		}
	}
	var of lease.Evidence
	for i := range b.meters {
		of.Merge(b.meters[i].Evidence)
	}
	for s, err := range b.Store.SealedBatches(b.ctx, b.lease.ID, b.from, b.to) {
		if err != nil {
			return fmt.Errorf("batches: %w", err)
		}
		if d.Batches == 0 {
			d.FirstBatch, d.FirstLeaf = s.Number, s.Leaf
		}
		if s.Number != d.FirstBatch+d.Batches || s.ToMs > b.to {
			return fmt.Errorf("batch %d of %s to %s: %w: it should be number %d, and end by %s",
				s.Number, stamp(s.FromMs), stamp(s.ToMs), ErrMismatch, d.FirstBatch+d.Batches, stamp(b.to))
		}
		d.LastLeaf = s.Leaf
		d.Batches++
		d.Receipts += s.N
		d.ProvenWork = lease.Quantity(d.ProvenWork.Work().Add(s.Evidence.Sum))
	}
	if uint64(d.Receipts) != of.N || d.ProvenWork.Work() != of.Sum {
		if b.open {
			return errChanged
		}
		return fmt.Errorf("%w: sealed are %d receipts of %v hashes, metered %d of %v", ErrMismatch, d.Receipts, d.ProvenWork.Work(), of.N, of.Sum)
	}
	b.st.Delivery = d
	return nil
}
