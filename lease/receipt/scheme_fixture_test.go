package receipt

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// smallLease has too little for an output of its own.
const smallLease = "L-0003"

// payeeScript is a tenant's script.
func payeeScript(n byte) Hex { return append(Hex{0, 20}, slices.Repeat(Hex{n}, 20)...) }

// schemeTerms are terms of the present format.
func schemeTerms(scheme string) lease.Terms {
	t := lease.Terms{
		Format: lease.TermsFormat, Text: "Fair.", Coin: "test", HouseScript: hex.EncodeToString(houseScript),
		FeePPM: 20_000, Scheme: scheme, Tides: lease.DefaultTides,
	}
	switch scheme {
	case lease.SchemePPLNS:
		t.PPLNS = &lease.PPLNS{XPPM: 2_000_000, CarryTo: lease.CarryHouse}
	case lease.SchemePPS, lease.SchemeFPPS:
		t.Reserve = &lease.Reserve{Sat: 1_000_000_000_000, RuinPPM: 1000}
	}
	return t
}

// schemeInput is an honest template under the terms, which pays directly where
// these say so.
func schemeInput(height byte, terms *lease.Terms) TemplateInput {
	in := withRoom(testInput(height, terms))
	rest := in.Reward - in.Fee
	switch terms.Scheme {
	case lease.SchemeSolo:
		in.Split = []lease.Part{{Lease: testLease, Sat: rest}}
	case lease.SchemePPLNS:
		in.Carry = 1_000_000_000
		in.Split = []lease.Part{{Lease: testLease, Sat: 3_000_000_000}, {Lease: otherLease, Sat: rest - 4_000_000_000}}
	case lease.SchemePPS:
		in.Fee, in.Split = 0, []lease.Part{{Lease: lease.House, Sat: in.Reward}}
		in.Earns = &Earns{Sat: in.Reward}
	case lease.SchemeFPPS:
		in.Fee, in.Split = 0, []lease.Part{{Lease: lease.House, Sat: in.Reward}}
		in.Earns = &Earns{Sat: 5_000_000_000 + 70_000, FeesSat: 70_000}
	default:
		in.Split = []lease.Part{{Lease: testLease, Sat: 3_000_000_000}, {Lease: otherLease, Sat: 1_000_000_000},
			{Lease: smallLease, Sat: 500}, {Lease: lease.House, Sat: rest - 4_000_000_500}}
	}
	if terms.Direct != nil {
		for i, p := range in.Split {
			if p.Lease != lease.House && p.Lease != smallLease {
				in.Direct = append(in.Direct, Direct{Script: payeeScript(byte(i + 1)), Sat: p.Sat, Leases: []string{p.Lease}})
			}
		}
		in.Job = payJob(in, in.Direct, houseScript)
	}
	return in
}

// payJob is the input's job with other outputs: direct ones, the rest for a
// script, and one that pays nothing.
func payJob(in TemplateInput, direct []Direct, rest []byte) *stratum.Job {
	var outputs []stratum.Output
	left := in.Reward
	for _, d := range direct {
		outputs = append(outputs, stratum.Output{Value: d.Sat, Script: d.Script})
		left -= d.Sat
	}
	if left > 0 {
		outputs = append(outputs, stratum.Output{Value: left, Script: rest})
	}
	return outputsJob(in, append(outputs, stratum.Output{Script: []byte{0x6a, 1, 2}})...)
}

func outputsJob(in TemplateInput, outputs ...stratum.Output) *stratum.Job {
	in.Job = coinbase{height: []byte{1, byte(in.Height)}, tag: in.Tag, outputs: outputs}.job(easyBits)
	return withRoom(in).Job
}

// schemeBundle makes a bundle of documents of the present format, signed.
// change makes their inputs dishonest; unchecked ones are made all the same.
func schemeBundle(tb testing.TB, terms lease.Terms, change func(*TemplateInput)) *Bundle {
	tb.Helper()
	b := honest(tb, 1)
	b.Terms = terms
	tag := tagOf(testLease, termsHash(&terms))
	b.Statement.Tag = B16(tag)
	for i := range b.Templates {
		in := schemeInput(byte(20+i), &terms)
		if change != nil {
			change(&in)
		}
		b.Templates[i] = *forged(tb, in)
	}
	for i := range b.Jobs {
		b.Jobs[i].Tag = b.Statement.Tag
	}
	for i := range b.Blocks {
		b.Blocks[i].Tag = b.Statement.Tag
	}
	b.Blocks[1].Tag = B16(tagOf(otherLease, termsHash(&terms)))
	if b.Templates[0].Share(testLease) == 0 {
		b.Blocks, b.Statement.Rewards = nil, nil
	}
	remine(tb, b)
	b.Statement.CountedHashes = lease.Quantity(miner.Hashes(uint64(len(b.Receipts)) * testWork))
	if byShare(&terms) {
		// work·B/network work less 2 %, of 40 receipts
		e := int64(testReward)
		if terms.Scheme == lease.SchemeFPPS {
			e = 5_000_070_000
		}
		b.Statement.Earned = &Earned{Receipts: 40, Sat: 40 * testWork * e / 2 / 100 * 98}
		b.Statement.Balances = Balances{Available: b.Statement.Earned.Sat - 5, Other: b.Statement.Earned.Sat - 5}
	}
	sign(tb, b)
	return b
}

// forged makes a document that commits to whatever it says.
func forged(tb testing.TB, in TemplateInput) *Template {
	tb.Helper()
	t, err := NewTemplate(in)
	if t == nil {
		tb.Fatal(err)
	}
	return t
}

// recommit lets a coinbase commit to what the document says now.
func recommit(tb testing.TB, t *Template) {
	tb.Helper()
	t.Tail = slices.Clone(t.Tail)
	if _, err := t.commit(); err != nil {
		tb.Fatal(err)
	}
}
