package payout

import (
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// moved describes a payout in a state.
func moved(p *lease.Payout, state lease.PayoutState) lease.PayoutMoved {
	return lease.PayoutMoved{ID: p.ID, State: state, Txid: p.Txid, FeeSat: p.FeeSat, Sat: p.Sat(), Replaces: p.Replaces}
}

// events tells of a payout, and where it concerns them of what each tenant gets
// of it. minSat is from when on each was to be paid; nil: that is not at issue.
func events(p *lease.Payout, m lease.PayoutMoved, atMs int64, tenants bool, minSat map[string]int64) ([]lease.Event, error) {
	key := fmt.Sprintf("payout:%d:%s", m.ID, m.State)
	e, err := lease.NewEvent(lease.EventPayout, atMs, key, m)
	if err != nil {
		return nil, err
	}
	all := []lease.Event{e}
	if !tenants {
		return all, nil
	}
	for _, item := range p.Items {
		m.Sat, m.FeeSat, m.Address, m.MinSat = item.Sat, 0, item.Address, minSat[item.Tenant]
		if e, err = lease.NewEvent(lease.EventPayout, atMs, key+":"+item.Tenant, m); err != nil {
			return nil, err
		}
		e.Tenant = item.Tenant
		all = append(all, e)
	}
	return all, nil
}

// shortEvent tells, once a day, that the wallet has too little.
func shortEvent(s *Short, atMs int64) (lease.Event, error) {
	day := time.UnixMilli(atMs).UTC().Format("2006-01-02")
	return lease.NewEvent(lease.EventPayout, atMs, "payout-short:"+day, lease.PayoutMoved{Sat: s.NeedSat, HaveSat: s.HaveSat, Reason: s.Why})
}
