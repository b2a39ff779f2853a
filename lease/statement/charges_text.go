package statement

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// charges writes what the lease cost, how it stands by its SLA, and what became
// of what was prepaid.
func (p *page) charges(s *receipt.Statement) {
	c := s.Charges
	if c == nil {
		return
	}
	if c.ThroughMs <= s.Period.FromMs {
		p.line("CHARGES", "none yet: hours are settled when they are over")
		p.prepaid(c)
		return
	}
	p.line("CHARGES", "until %s UTC; hours are settled when they are over", day(c.ThroughMs))
	if s.Model == lease.Leased {
		p.line("", "work %s hashes, proven and contracted by the day", groupDigits(c.Billable.Work().String()))
	}
	p.line("", "due %s sat by the terms' prices  charged %s sat", group(c.Due), group(c.Charged))
	if c.Charged < c.Due {
		p.line("", "the rest found nothing prepaid: you do not owe it")
	}
	p.line("SLA", "hours up %d  down %d  excluded %d", c.Up, c.Down, c.Excluded)
	p.line("", "credited %s sat; a credit comes by itself when a month or the lease ends", group(c.Credited+c.PaidBack))
	p.prepaid(c)
}

func (p *page) prepaid(c *receipt.Charges) {
	p.line("PREPAID", "paid in %s  credited %s  charged %s  refunded %s sat", group(c.Prepaid), group(c.Credited), group(c.Charged), group(c.Refunded))
	if c.PaidBack > 0 {
		p.line("", "credited when the lease was over, for payout: %s sat", group(c.PaidBack))
	}
	if c.ExitFee > 0 {
		p.line("", "for leaving early %s sat", group(c.ExitFee))
	}
	if c.Corrected != 0 {
		p.line("", "corrections %s sat", group(c.Corrected))
	}
	p.line("", "left %s sat", group(c.Left))
}
