package receipt

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
)

func direct(t lease.Terms) lease.Terms {
	t.Direct = &lease.Direct{MaxOutputs: lease.MaxDirectOutputs}
	return t
}

func TestHonestSchemes(t *testing.T) {
	for name, tt := range map[string]struct {
		terms               lease.Terms
		pending, available  int64
		direct              int64
		earned, paidTo, say string
	}{
		"tides":         {terms: schemeTerms(lease.SchemeTides), pending: 3_000_000_000, available: 3_000_000_000},
		"tides, direct": {terms: direct(schemeTerms(lease.SchemeTides)), pending: 3_000_000_000, direct: 3_000_000_000, paidTo: "001401"},
		"solo":          {terms: schemeTerms(lease.SchemeSolo), pending: 4_900_000_000, available: 4_900_000_000},
		"solo, direct":  {terms: direct(schemeTerms(lease.SchemeSolo)), pending: 4_900_000_000, direct: 4_900_000_000, paidTo: "001401"},
		"pplns":         {terms: schemeTerms(lease.SchemePPLNS), pending: 3_000_000_000, available: 3_000_000_000},
		"pplns, direct": {terms: direct(schemeTerms(lease.SchemePPLNS)), pending: 3_000_000_000, direct: 3_000_000_000, paidTo: "001401"},
		"pps":           {terms: schemeTerms(lease.SchemePPS), available: 40*8*4_900_000_000 - 5, earned: "2352000000000"},
		"fpps":          {terms: schemeTerms(lease.SchemeFPPS), available: 40*8*4_900_068_600 - 5, earned: "2352032928000"},
	} {
		t.Run(name, func(t *testing.T) {
			b := schemeBundle(t, tt.terms, nil)
			r := Verify(encode(t, b), Options{Key: public(provider), TenantKey: public(tenant)})
			if !r.OK() {
				t.Fatalf("failed %v: %+v", failed(r), r.Checks)
			}
			if s := b.Statement.Balances; s.Pending != tt.pending || s.Available != tt.available {
				t.Errorf("balances %+v", s)
			}
			if len(b.Statement.Rewards) > 0 && b.Statement.Rewards[0].Direct != tt.direct {
				t.Errorf("reward %+v", b.Statement.Rewards[0])
			}
			if r.EarnedSat != tt.earned || !strings.HasPrefix(strings.Join(r.PaidTo, " "), tt.paidTo) || len(r.PaidTo) > 1 {
				t.Errorf("earned %q, paid to %q", r.EarnedSat, r.PaidTo)
			}
			if len(r.Unchecked) != 5+len(r.PaidTo) {
				t.Errorf("unchecked %q", r.Unchecked)
			}
		})
	}
}

// TestCheatingSchemes lets the provider make and sign documents that say
// another thing than terms and coinbases.
func TestCheatingSchemes(t *testing.T) {
	tides, solo, pplns := schemeTerms(lease.SchemeTides), schemeTerms(lease.SchemeSolo), schemeTerms(lease.SchemePPLNS)
	pps, fpps := schemeTerms(lease.SchemePPS), schemeTerms(lease.SchemeFPPS)
	few := direct(tides)
	few.Direct = &lease.Direct{MaxOutputs: 2}
	const broken = "templates jobs receipts figures"
	mine, other := payeeScript(1), payeeScript(2)
	for _, tt := range []struct {
		name   string
		terms  lease.Terms
		change func(*TemplateInput)      // of the documents, which commit to it
		lie    func(*testing.T, *Bundle) // after them
		keep   bool                      // keep the statement's figures
		want   string
	}{
		{name: "direct output to somebody else", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, []Direct{{Script: payeeScript(6), Sat: in.Direct[0].Sat}, in.Direct[1]}, houseScript)
		}},
		{name: "direct output smaller", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, []Direct{{Script: mine, Sat: in.Direct[0].Sat - 1}, in.Direct[1]}, houseScript)
		}},
		{name: "direct output below the part", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Direct[0].Sat--
			in.Job = payJob(*in, in.Direct, houseScript)
		}},
		{name: "a part paid twice", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			again := in.Direct[1]
			again.Script = payeeScript(7)
			in.Direct = append(in.Direct, again)
			in.Job = payJob(*in, in.Direct, houseScript)
		}},
		{name: "direct output missing", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, in.Direct[:1], houseScript)
		}},
		{name: "no direct output at all", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, nil, houseScript)
		}},
		{name: "direct outputs in another order", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, []Direct{in.Direct[1], in.Direct[0]}, houseScript)
		}},
		{name: "one output more", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, append(slices.Clone(in.Direct), Direct{Script: payeeScript(6), Sat: 7}), houseScript)
		}},
		{name: "a direct script paid again", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = payJob(*in, in.Direct, mine)
		}},
		{name: "nothing for the house, but for somebody", terms: direct(tides), want: "outputs", change: func(in *TemplateInput) {
			in.Job = payJob(*in, in.Direct, payeeScript(6))
		}},
		{name: "outputs below the reward", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Job = outputsJob(*in, stratum.Output{Value: in.Direct[0].Sat, Script: mine}, stratum.Output{Value: in.Direct[1].Sat, Script: other},
				stratum.Output{Value: in.Reward - 4_000_000_001, Script: houseScript})
		}},
		{name: "direct though the terms say nothing of it", terms: tides, want: "outputs", change: func(in *TemplateInput) {
			in.Direct = []Direct{{Script: mine, Sat: in.Split[0].Sat, Leases: []string{testLease}}}
			in.Job = payJob(*in, in.Direct, houseScript)
		}},
		{name: "more outputs than the terms allow", terms: few, want: "outputs"},
		{name: "a part paid to the house's script as if it were the lease's", terms: direct(tides), want: "outputs", change: func(in *TemplateInput) {
			in.Direct = in.Direct[:1]
			in.Direct[0].Script = houseScript
			in.Job = payJob(*in, in.Direct, other)
		}},
		{name: "direct sum of no parts", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Direct[0].Sat++
			in.Job = payJob(*in, in.Direct, houseScript)
		}},
		{name: "direct part of the house", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Direct[1] = Direct{Script: payeeScript(6), Sat: in.Split[3].Sat, Leases: []string{lease.House}}
			in.Job = payJob(*in, in.Direct, houseScript)
		}},
		{name: "one part paid twice", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Direct[1] = Direct{Script: other, Sat: in.Direct[0].Sat, Leases: in.Direct[0].Leases}
			in.Job = payJob(*in, in.Direct[:1], houseScript)
		}},
		{name: "direct output of a lease without a part", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			in.Direct[1].Leases = []string{"L-0009"}
		}},
		{name: "smallest first", terms: direct(tides), want: broken, change: func(in *TemplateInput) {
			slices.Reverse(in.Direct)
			in.Job = payJob(*in, in.Direct, houseScript)
		}},
		{name: "split changed after the work", terms: tides, want: broken, lie: func(_ *testing.T, b *Bundle) {
			for i := range b.Templates {
				b.Templates[i].Split[0].Sat -= 5
				b.Templates[i].Split[1].Sat += 5
			}
		}},
		{name: "split changed after the work, committed to anew", terms: tides, want: "receipts figures counted rewards derived", lie: func(t *testing.T, b *Bundle) {
			for i := range b.Templates {
				b.Templates[i].Split[0].Sat -= 5
				b.Templates[i].Split[1].Sat += 5
				recommit(t, &b.Templates[i])
			}
		}},
		{name: "the same coinbase in the old format", terms: tides, want: broken, lie: func(_ *testing.T, b *Bundle) {
			for i := range b.Templates {
				b.Templates[i].Format = TemplateFormat1
			}
		}},
		{name: "old format under new terms", terms: tides, want: "scheme", lie: func(t *testing.T, b *Bundle) {
			for i := range b.Templates {
				b.Templates[i] = testTemplate(t, byte(20+i), &b.Terms)
			}
			remine(t, b)
		}},
		{name: "solo block shared", terms: solo, want: "scheme", change: func(in *TemplateInput) {
			in.Split[0].Sat -= 9
			in.Split = append(in.Split, lease.Part{Lease: otherLease, Sat: 9})
		}},
		{name: "solo block of another", terms: solo, want: "scheme", change: func(in *TemplateInput) { in.Split[0].Lease = otherLease }},
		{name: "carry without a window", terms: tides, want: "scheme", change: func(in *TemplateInput) { in.Split[0].Sat--; in.Carry++ }},
		{name: "carry too large", terms: pplns, want: broken, change: func(in *TemplateInput) { in.Carry++ }},
		{name: "pps that shares blocks", terms: pps, want: broken, change: func(in *TemplateInput) {
			in.Split = []lease.Part{{Lease: testLease, Sat: 1}, {Lease: lease.House, Sat: in.Reward - 1}}
		}},
		{name: "pps with a fee twice", terms: pps, want: broken, change: func(in *TemplateInput) {
			in.Fee, in.Split = 100_000_000, []lease.Part{{Lease: lease.House, Sat: in.Reward - 100_000_000}}
		}},
		{name: "pps that says nothing of the value", terms: pps, want: "scheme earned", change: func(in *TemplateInput) { in.Earns = nil }},
		{name: "pps of less than the reward", terms: pps, want: "scheme earned", change: func(in *TemplateInput) { in.Earns.Sat-- }},
		{name: "tides with a value of shares", terms: tides, want: "fee scheme", change: func(in *TemplateInput) {
			in.Fee, in.Split = 0, []lease.Part{{Lease: lease.House, Sat: in.Reward}}
			in.Earns = &Earns{Sat: in.Reward}
		}},
		{name: "fpps of no subsidy", terms: fpps, want: "scheme", change: func(in *TemplateInput) { in.Earns.FeesSat++ }},
		{name: "fpps of half the subsidy", terms: fpps, want: "scheme earned", change: func(in *TemplateInput) { in.Earns.Sat -= 2_500_000_000 }},
		{name: "fpps with two means a day", terms: fpps, want: "scheme earned", change: func(in *TemplateInput) {
			if in.Height == 21 { // another mean of the same day
				in.Earns = &Earns{Sat: in.Earns.Sat - 1, FeesSat: in.Earns.FeesSat - 1}
			}
		}},
		{name: "earned less than the shares", terms: pps, keep: true, want: "earned", lie: func(_ *testing.T, b *Bundle) { b.Statement.Earned.Sat -= 2 }},
		{name: "earned more than the shares", terms: pps, keep: true, want: "earned", lie: func(_ *testing.T, b *Bundle) { b.Statement.Earned.Sat++ }},
		{name: "earned by more receipts than there are", terms: pps, keep: true, want: "earned", lie: func(_ *testing.T, b *Bundle) { b.Statement.Earned.Receipts = 61 }},
		{name: "earned not said", terms: fpps, keep: true, want: "earned", lie: func(_ *testing.T, b *Bundle) { b.Statement.Earned = nil }},
		{name: "earned where blocks are shared", terms: tides, keep: true, want: "earned", lie: func(_ *testing.T, b *Bundle) { b.Statement.Earned = &Earned{} }},
		{name: "available what the coinbase paid", terms: direct(tides), keep: true, want: "balances", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Balances.Available += b.Statement.Rewards[0].Sat
		}},
		{name: "direct payment denied", terms: direct(tides), keep: true, want: "rewards", lie: func(_ *testing.T, b *Bundle) {
			for i := range b.Statement.Rewards {
				b.Statement.Rewards[i].Direct = 0
			}
			b.Statement.Balances.Available += b.Statement.Rewards[0].Sat
		}},
		{name: "direct payment claimed", terms: tides, keep: true, want: "rewards", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Rewards[0].Direct = b.Statement.Rewards[0].Sat
			b.Statement.Balances.Available -= b.Statement.Rewards[0].Sat
		}},
		{name: "kept more than the reward", terms: tides, keep: true, want: "rewards balances", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Rewards[2].Kept = b.Statement.Rewards[2].Sat + 1
			b.Statement.Balances.Available += b.Statement.Rewards[2].Kept
		}},
		{name: "kept, and not available", terms: tides, keep: true, want: "balances", lie: func(_ *testing.T, b *Bundle) { b.Statement.Rewards[2].Kept = 5 }},
		{name: "other entries beyond reason", terms: tides, keep: true, want: "balances", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Balances.Other = lease.MaxSat + 1
			b.Statement.Balances.Available += lease.MaxSat + 1
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := schemeBundle(t, tt.terms, tt.change)
			if tt.lie != nil {
				tt.lie(t, b)
			}
			if tt.keep {
				seal(t, b)
			} else {
				sign(t, b)
			}
			r := Verify(encode(t, b), Options{Key: public(provider), TenantKey: public(tenant)})
			got := strings.Join(failed(r), " ")
			if got != tt.want && (tt.want != broken || !strings.HasPrefix(got, broken)) {
				t.Errorf("failed [%s], want [%s]", got, tt.want)
				for _, c := range r.Checks {
					if !c.OK {
						t.Log(c.Name, c.Detail)
					}
				}
			}
		})
	}
}

// A block that was paid, left the chain and came back: what the tenant kept
// is not owed to it a second time.
func TestKeptRewards(t *testing.T) {
	b := schemeBundle(t, schemeTerms(lease.SchemeTides), nil)
	s := &b.Statement
	s.Rewards[1].Kept, s.Rewards[2].Kept = 1_000_000_000, 500
	s.Balances.Pending -= 1_000_000_000
	s.Balances.Available += 1_000_000_500
	seal(t, b)
	if r := Verify(encode(t, b), Options{}); !r.OK() {
		t.Errorf("failed %v: %+v", failed(r), r.Checks)
	}
}

// TestGoldenSchemeBundle pins the format, as TestGoldenBundle does.
func TestGoldenSchemeBundle(t *testing.T) {
	const golden = "testdata/direct_bundle.json"
	b := schemeBundle(t, direct(schemeTerms(lease.SchemePPLNS)), nil)
	b.Receipts = slices.DeleteFunc(b.Receipts, func(r Receipt) bool { return r.Nonce > 100 })
	b.Statement.CountedHashes = lease.Quantity{}
	sign(t, b)
	data := encode(t, b)
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) {
		t.Errorf("have:\n%s\nwant:\n%s", data, want)
	}
	if r := Verify(want, Options{Key: public(provider), TenantKey: public(tenant), Strict: true}); !r.OK() {
		t.Errorf("failed %v", failed(r))
	}
}
