package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/stratum/solo"
)

// feeBlocks is of how many blocks FPPS takes the mean of the fees.
const feeBlocks = 144

// ErrNoFees is wrapped when terms pay shares with a part of the fees, and the
// coin node does not tell what fees there were.
var ErrNoFees = errors.New("the coin node does not tell what fees blocks had")

// CheckTerms refuses terms that the provider could not keep with this node: of
// those that pay shares whether blocks are found or not, the reserve must be
// enough for the present reward of a block. Errors wrap a reward.ReserveError
// or ErrNoFees, or are of a node that does not answer.
func CheckTerms(ctx context.Context, node solo.Node, t *lease.Terms) error {
	if t.Scheme != lease.SchemePPS && t.Scheme != lease.SchemeFPPS {
		return nil
	}
	template, err := node.Template(ctx)
	if err != nil {
		return fmt.Errorf("the present reward of a block: %w", err)
	}
	sat := template.CoinbaseValue
	if t.Scheme == lease.SchemeFPPS {
		source, err := feeSource(node)
		if err != nil {
			return err
		}
		mean, _, _, err := source.RecentFees(ctx, feeBlocks)
		if err != nil {
			return fmt.Errorf("recent fees: %w", err)
		}
		if sat, err = fullReward(ctx, source, template.Height, mean); err != nil {
			return err
		}
	}
	if t.Reserve == nil {
		return fmt.Errorf("scheme %s without a reserve", t.Scheme)
	}
	if err := reward.CheckReserve(t.Reserve.Sat, sat, t.FeePPM, t.Reserve.RuinPPM); err != nil {
		return fmt.Errorf("scheme %s: %w", t.Scheme, err)
	}
	return nil
}

// checkTerms is CheckTerms for the house's terms. What older leases were
// promised stays promised: of their terms the operator is told.
// At a pool of the house's what a block is worth is known once that sends jobs.
func (d *Dispatcher) checkTerms(ctx context.Context) error {
	if d.HousePool != nil {
		return nil
	}
	if err := CheckTerms(ctx, d.Node, &d.terms); err != nil {
		return fmt.Errorf("terms of the house: %w", err)
	}
	leases, err := d.Store.Leases(ctx)
	if err != nil {
		return fmt.Errorf("leases: %w", err)
	}
	now := d.Now().UnixMilli()
	told := map[lease.TermsHash]bool{d.Terms: true}
	for i := range leases {
		l := &leases[i]
		if stop := l.StopMs(); stop != 0 && stop <= now || l.Pool != nil || told[l.Terms] {
			continue
		}
		told[l.Terms] = true
		terms, err := d.termsOf(ctx, l.Terms)
		if err != nil {
			return fmt.Errorf("lease %s: %w", l.ID, err)
		}
		if err := CheckTerms(ctx, d.Node, terms); err != nil {
			d.Log.Warn("terms that leases were made under are hard to keep now", "terms", l.Terms, "lease", l.ID, "err", err)
		}
	}
	return nil
}

func feeSource(node solo.Node) (solo.FeeSource, error) {
	source, ok := node.(solo.FeeSource)
	if !ok {
		return nil, fmt.Errorf("scheme %s: %w: use %s, which pays by each block's own reward", lease.SchemeFPPS, ErrNoFees, lease.SchemePPS)
	}
	return source, nil
}

// fullReward is what FPPS pays for a block's worth of work.
func fullReward(ctx context.Context, source solo.FeeSource, height, meanFeeSat int64) (int64, error) {
	subsidy, err := source.Subsidy(ctx, height)
	if err != nil {
		return 0, fmt.Errorf("subsidy: %w", err)
	}
	return reward.FPPSReward(subsidy, meanFeeSat)
}

// fullEarns is what shares earn under FPPS. Under j.mu.
func (d *Dispatcher) fullEarns(ctx context.Context, height, nowMs int64) (*receipt.Earns, error) {
	source, err := feeSource(d.Node)
	if err != nil {
		return nil, err
	}
	// The next day's is fixed in this day's last hour. A node that did not run
	// then fixes it before it hands out the day's first job.
	const lastHour = msPerDay - lease.MsPerHour
	day := nowMs / msPerDay
	if nowMs%msPerDay >= lastHour {
		if _, err := d.meanFee(ctx, source, day+1, nowMs); err != nil {
			d.Log.Warn("tomorrow's mean of the fees is not fixed yet, trying again", "err", err)
		}
	}
	mean, err := d.meanFee(ctx, source, day, nowMs)
	if err != nil {
		return nil, err
	}
	sat, err := fullReward(ctx, source, height, mean)
	if err != nil {
		return nil, err
	}
	return &receipt.Earns{Sat: sat, FeesSat: mean}, nil
}

// meanFee is the mean of the fees, in satoshi, that FPPS pays on a day, counted
// from 1970 UTC: the first that was fixed for it, as an event that everybody
// can see, whichever process did. Under j.mu.
func (d *Dispatcher) meanFee(ctx context.Context, source solo.FeeSource, day, nowMs int64) (int64, error) {
	j := &d.jobs
	if sat, ok := j.fees[day]; ok {
		return sat, nil
	}
	sat, ok, err := d.fixedFee(ctx, day)
	if err != nil {
		return 0, err
	}
	if !ok {
		mean, from, to, err := source.RecentFees(ctx, feeBlocks)
		if err != nil {
			return 0, fmt.Errorf("recent fees: %w", err)
		}
		e, err := lease.NewEvent(lease.EventFeeMean, nowMs, fmt.Sprintf("%s:%d", lease.EventFeeMean, day),
			lease.FeeMean{Day: day, Sat: mean, FromHeight: from, ToHeight: to})
		if err != nil {
			return 0, err
		}
		if err := d.Store.PutEvents(ctx, e); err != nil {
			return 0, fmt.Errorf("mean of the fees: %w", err)
		}
		if sat, ok, err = d.fixedFee(ctx, day); err != nil {
			return 0, err
		}
		if !ok {
			return 0, fmt.Errorf("the mean of the fees of day %d is not in the store", day)
		}
	}
	if j.fees == nil || len(j.fees) > 100 {
		j.fees = make(map[int64]int64)
	}
	j.fees[day] = sat
	return sat, nil
}

// fixedFee finds what was fixed for a day.
func (d *Dispatcher) fixedFee(ctx context.Context, day int64) (sat int64, ok bool, err error) {
	// It was fixed on the day before at the earliest.
	filter := lease.EventFilter{FromMs: (day-1)*msPerDay - 1, Kinds: []lease.EventKind{lease.EventFeeMean}}
	for e, err := range d.Store.Events(ctx, filter) {
		if err != nil {
			return 0, false, fmt.Errorf("mean of the fees: %w", err)
		}
		var body lease.FeeMean
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return 0, false, fmt.Errorf("event %d: %w", e.Seq, err)
		}
		if body.Day == day {
			return body.Sat, true, nil
		}
	}
	return 0, false, nil
}
