package statement

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/receipt"
)

// pool writes where the work went and what the pool said, beside what the
// receipts prove.
func (p *page) pool(s *receipt.Statement) {
	r := s.Pool
	for i, url := range r.URLs {
		heading, role := "", "backup "
		if i == 0 {
			heading, role = "POOL", ""
		}
		p.line(heading, "%s%s", role, clean(url))
	}
	p.line("", "user %s; rewards come from the pool and never pass the provider", clean(r.User))
	for _, a := range r.Former {
		p.line("", "until %s: %s at %s", stamp(a.UntilMs), clean(a.User), clean(strings.Join(a.URLs, ", ")))
	}
	p.line("REPORTED", "what the pool answered, as the provider reports it:")
	p.line("", "sent %s  accepted %s  rejected %s  stale %s  unanswered %s", count(r.Sent), count(r.Accepted),
		count(r.Rejected), count(r.Stale), count(r.Lost()))
	accepted, proven := r.AcceptedWork.Work(), s.ProvenWork.Work()
	p.line("", "accepted work %s hashes, %s of the proven %s", groupDigits(accepted.String()),
		percent(accepted, proven), groupDigits(proven.String()))
	if z := s.Derived.PoolZMilli; z != nil {
		p.line("", "z = %s: %s", milli(*z), judgement(*z))
	}
}

// judgement says in words how odd a deviation is.
func judgement(zMilli int64) string {
	const inside, odd = 1960, 4000
	switch size := max(zMilli, -zMilli); {
	case size <= inside:
		return "within the 95 % interval"
	case size < odd:
		return "outside the 95 % interval, as one time in twenty"
	case zMilli < 0:
		return "less than chance explains; see what was refused or not answered"
	}
	return "more than chance explains"
}

// milli writes thousandths as a decimal number.
func milli(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%03d", sign, n/1000, n%1000)
}

func count(n uint64) string { return groupDigits(fmt.Sprint(n)) }
