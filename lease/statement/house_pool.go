package statement

import (
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/receipt"
)

// incomes reads what the lease was given of the payments of the house's pool,
// and whether it worked for that at all.
func (b *builder) incomes() error {
	if b.lease.Pool != nil {
		return nil
	}
	all, err := billing.Incomes{Store: b.Store}.List(b.ctx, b.lease.ID)
	if err != nil {
		return fmt.Errorf("payments of the house's pool: %w", err)
	}
	for i := range all {
		in := &all[i]
		b.paid = append(b.paid, receipt.Income{
			Ref: in.Ref, FromMs: in.FromMs, ToMs: in.ToMs, Sat: in.Sat, Work: in.Work,
			OwnWork: in.OwnWork, GrossSat: in.GrossSat, FeeSat: in.FeeSat,
		})
	}
	for _, err := range b.Store.HourEarnings(b.ctx, b.lease.ID, 0, math.MaxInt64/lease.MsPerHour) {
		if err != nil {
			return fmt.Errorf("work for pools: %w", err)
		}
		b.pooled = true
		break
	}
	return nil
}

// ofIncome counts the next receipt of the bundle for the payment that its hour
// belongs to. Receipts come in the order of their commits.
func (b *builder) ofIncome(commitMs int64) {
	n := int64(len(b.bundle.Receipts))
	for i := range b.paid {
		switch in := &b.paid[i]; {
		case commitMs < in.FromMs:
			return
		case commitMs < in.ToMs:
			if in.Receipts == 0 {
				in.First = n
			}
			in.Receipts++
			return
		}
	}
}

// housePool says what went to the house's pool, if anything did.
func (b *builder) housePool() {
	if b.lease.Pool != nil {
		return
	}
	var urls []string
	for i := range b.bundle.Templates {
		if p := b.bundle.Templates[i].Pool; p != nil {
			urls = append(urls, p.Address)
		}
	}
	if urls == nil {
		return
	}
	slices.Sort(urls)
	u := &b.upstream
	b.bundle.Statement.HousePool = &receipt.HousePool{
		URLs: slices.Compact(urls), Sent: u.Sent, Accepted: u.Accepted, Rejected: u.Rejected, Stale: u.Stale,
		SentWork: lease.Quantity(u.SentWork), AcceptedWork: lease.Quantity(u.AcceptedWork),
		Incomes: append([]receipt.Income{}, b.paid...),
	}
}

// housePool tells where the work went, and what was paid for it.
func (p *page) housePool(s *receipt.Statement) {
	h := s.HousePool
	if h == nil {
		return
	}
	for i, url := range h.URLs {
		heading := ""
		if i == 0 {
			heading = "HOUSE POOL"
		}
		p.line(heading, "%s", clean(url))
	}
	p.line("", "it took %s of %s shares, %s rejected, %s stale: the provider's word", count(h.Accepted), count(h.Sent), count(h.Rejected), count(h.Stale))
	if s.Earned != nil {
		p.line("", "shares earn by what the pool's jobs say; what the pool pays is the house's")
		return
	}
	p.line("", "what it pays is shared by the work proven in the time it is for, less the fee")
	list := h.Incomes
	p.line("INCOME", "parts of %d payments", len(list))
	if len(list) > maxRewardLines {
		list = list[len(list)-maxRewardLines:]
		p.line("", "the newest %d; all are in the bundle:", maxRewardLines)
	}
	for i := range list {
		in := &list[i]
		p.line("", "%s to %s  %s sat: %s of %s sat, less %s", hour(in.FromMs), hour(in.ToMs), group(in.NetSat()),
			percent(in.OwnWork.Work(), in.Work.Work()), group(in.Sat), group(in.FeeSat))
		p.line("", "  paid as %s", clean(in.Ref))
	}
}

// hour writes a full hour.
func hour(ms int64) string { return day(ms)[:len("2006-01-02 15:04")] }
