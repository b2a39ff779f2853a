package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
)

type receiptsConfig struct {
	ThinAfter string `toml:"thin_after" doc:"After how long, such as 90d, receipts are thinned: of each batch one in 32 is left, picked by the hashes, and a proof that nobody else picked. Bundles of that time are verified by these. \"0\" is never."`
	DropAfter string `toml:"drop_after" doc:"After how long, such as 1100d, no receipts are kept at all. What they came to stays in the log, and statements of that time are the same, but no bundle of it can be verified any more: give tenants theirs before. \"0\" is never."`
}

func defaultReceipts() receiptsConfig { return receiptsConfig{ThinAfter: "0", DropAfter: "0"} }

// ages are the two as durations; 0 is never.
func (c *receiptsConfig) ages() (thin, drop time.Duration, err error) {
	if thin, err = parseAge("receipts.thin_after", c.ThinAfter); err != nil {
		return 0, 0, err
	}
	if drop, err = parseAge("receipts.drop_after", c.DropAfter); err != nil {
		return 0, 0, err
	}
	if drop != 0 && drop <= thin {
		return 0, 0, fmt.Errorf("receipts.drop_after is %s, no longer than receipts.thin_after, which is %s", c.DropAfter, c.ThinAfter)
	}
	return thin, drop, nil
}

func parseAge(name, text string) (time.Duration, error) {
	if text == "0" {
		return 0, nil
	}
	d, err := parseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", name, err)
	case d < seal.MinKeep:
		return 0, fmt.Errorf("%s is %s: want at least %s, or \"0\", which is never", name, text, ageText(seal.MinKeep))
	}
	return d, nil
}

// ageText writes whole days as the configuration does.
func ageText(d time.Duration) string { return fmt.Sprintf("%.0fd", d.Hours()/24) }

// validate checks the values, against the terms of the same file too.
func (c *receiptsConfig) validate(terms *termsConfig) error {
	t, err := terms.terms("-", []byte{0})
	if err != nil {
		return err
	}
	return c.checkTerms("[terms]", &t)
}

// checkTerms wants receipts to be kept as long as blocks under the terms are
// shared by them.
func (c *receiptsConfig) checkTerms(whose string, t *lease.Terms) error {
	thin, drop, err := c.ages()
	if err != nil {
		return err
	}
	for _, x := range []struct {
		name, text string
		age        time.Duration
	}{{"receipts.thin_after", c.ThinAfter, thin}, {"receipts.drop_after", c.DropAfter, drop}} {
		if x.age == 0 {
			continue
		}
		need, err := seal.Keep(t)
		if err != nil {
			return fmt.Errorf("%s is %s, but %s: %w: want \"0\", which is never", x.name, x.text, whose, err)
		}
		if x.age < need {
			return fmt.Errorf("%s is %s, but under %s receipts must stay whole for %s: want at least that, or \"0\", which is never", x.name, x.text, whose, ageText(need))
		}
	}
	return nil
}

// retention returns the moments before which receipts are thinned and dropped,
// in Unix milliseconds; 0 is none. They count back from the last heartbeat: a
// node that stood still for long goes on with all that it had. It is an error
// when terms of leases that are not over need what would go.
func (p *provider) retention(ctx context.Context, c *receiptsConfig) (thinMs, dropMs int64, err error) {
	thin, drop, err := c.ages()
	if err != nil || thin == 0 && drop == 0 {
		return 0, 0, err
	}
	heartbeat, err := p.store.Heartbeat(ctx)
	if err != nil {
		return 0, 0, err
	}
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return 0, 0, err
	}
	checked := make(map[lease.TermsHash]bool)
	for i := range leases {
		l := &leases[i]
		if stop := l.StopMs(); checked[l.Terms] || stop != 0 && stop < heartbeat-seal.MinKeep.Milliseconds() {
			continue
		}
		checked[l.Terms] = true
		t, err := p.store.Terms(ctx, l.Terms)
		if err != nil {
			return 0, 0, err
		}
		if err := c.checkTerms("the terms of lease "+l.ID, &t); err != nil {
			return 0, 0, usage("%w", err)
		}
	}
	before := func(age time.Duration) int64 {
		if age == 0 {
			return 0
		}
		return max(heartbeat-age.Milliseconds(), 0)
	}
	return before(thin), before(drop), nil
}
