package bundle

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// moneyCases are leases of all kinds.
func moneyCases() map[string]moneyOptions {
	return map[string]moneyOptions{
		"tides":     {scheme: lease.SchemeTides, model: lease.Leased},
		"pplns":     {scheme: lease.SchemePPLNS, model: lease.Leased},
		"solo":      {scheme: lease.SchemeSolo, model: lease.Leased},
		"pps":       {scheme: lease.SchemePPS, model: lease.Leased},
		"fpps":      {scheme: lease.SchemeFPPS, model: lease.Leased},
		"direct":    {scheme: lease.SchemeTides, model: lease.Leased, direct: true},
		"free":      {scheme: lease.SchemeTides, model: lease.Leased, free: true},
		"exit":      {scheme: lease.SchemeTides, model: lease.Leased, exit: true},
		"hosted":    {scheme: lease.SchemeTides, model: lease.Hosted},
		"virtual":   {scheme: lease.SchemeTides, model: lease.VirtualHosted},
		"own pool":  {scheme: lease.SchemeTides, model: lease.Leased, pool: "own"},
		"house":     {scheme: lease.SchemeTides, model: lease.Leased, pool: "house"},
		"house pps": {scheme: lease.SchemePPS, model: lease.Leased, pool: "house"},
		"thinned":   {scheme: lease.SchemePPS, model: lease.Leased, thin: true},
	}
}

func TestMoneyHonest(t *testing.T) {
	for name, o := range moneyCases() {
		t.Run(name, func(t *testing.T) {
			w := moneyBundle(t, o)
			r := verify(t, pack(t, w.moneyProve()), known(w.world))
			for _, c := range r.Checks {
				if !c.OK && c.Name != "witness" {
					t.Errorf("%s: %s", c.Name, c.Detail)
				}
			}
			if testing.Verbose() {
				for _, c := range r.Checks {
					t.Log(c.Name, c.Detail)
				}
				t.Logf("%q", r.Unchecked)
			}
		})
	}
}
