package receipt

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

func TestHonestBundle(t *testing.T) {
	b := honest(t, 20)
	data := encode(t, b)
	r := Verify(data, Options{})
	if !r.OK() {
		t.Fatalf("failed %v: %+v", failed(r), r.Checks)
	}
	if len(r.Unchecked) != 8 {
		t.Errorf("unchecked without keys: %q", r.Unchecked)
	}
	if r.Receipts != 60 || r.ProvenWork.Work() != miner.Hashes(60*testWork) || r.DeliveredHps.Work() != miner.Hashes(60*testWork) {
		t.Errorf("report %+v", r)
	}
	lo, hi := r.IntervalHps[0].Work(), r.IntervalHps[1].Work()
	if lo.Cmp(r.DeliveredHps.Work()) >= 0 || hi.Cmp(r.DeliveredHps.Work()) <= 0 {
		t.Errorf("delivered %v not within %v to %v", r.DeliveredHps.Work(), lo, hi)
	}

	if r := Verify(data, Options{Strict: true}); !slices.Equal(failed(r), []string{"provider-key", "tenant-key"}) {
		t.Errorf("strict without keys failed %v", failed(r))
	}
	keys := Options{Key: public(provider), TenantKey: public(tenant), Strict: true}
	if r := Verify(data, keys); !r.OK() || len(r.Unchecked) != 6 {
		t.Errorf("strict with keys failed %v, unchecked %q", failed(r), r.Unchecked)
	}
	wrong := Options{Key: public(tenant), TenantKey: public(provider)}
	if r := Verify(data, wrong); !slices.Equal(failed(r), []string{"provider-key", "tenant-key"}) {
		t.Errorf("wrong keys failed %v", failed(r))
	}
	if r := Verify(data, Options{MaxBytes: 100}); r.OK() || !strings.Contains(r.Checks[0].Detail, "limit is 100") {
		t.Errorf("over the limit: %+v", r.Checks)
	}
}

func TestEmptyBundle(t *testing.T) {
	b := honest(t, 1)
	b.Jobs, b.Receipts, b.Blocks, b.Templates = nil, nil, nil, nil
	b.Statement.Rewards, b.Statement.Balances = nil, Balances{}
	b.Statement.CountedHashes = lease.Quantity{}
	sign(t, b)
	r := Verify(encode(t, b), Options{})
	if !r.OK() {
		t.Fatalf("failed %v: %+v", failed(r), r.Checks)
	}
	// 3.6889 receipts of 16 hashes within 1 s.
	if r.IntervalHps != [2]lease.Quantity{hps(0), hps(60)} {
		t.Errorf("interval %v", r.IntervalHps)
	}
}

// TestBlockOfOtherTerms shares in a block that another lease found under its
// own terms, with another fee and another house script.
func TestBlockOfOtherTerms(t *testing.T) {
	b := honest(t, 20)
	terms := testTerms()
	terms.FeePPM, terms.HouseScript = 30_000, "52"
	tpl := testTemplate(t, 22, &terms)
	b.Templates = append(b.Templates, tpl)
	block(t, b, 2, tagOf(otherLease, termsHash(&terms)), lease.Adopted)
	sign(t, b)
	r := Verify(encode(t, b), Options{})
	if !r.OK() || !strings.Contains(r.Unchecked[2], "outputs, fee and scheme of 1 templates") {
		t.Errorf("failed %v, unchecked %q", failed(r), r.Unchecked)
	}
}

// TestCheatingProvider lets the provider lie and sign the lie with its own
// key. Exactly the named checks must catch it.
func TestCheatingProvider(t *testing.T) {
	target := func(w uint64) U256 { return U256(miner.TargetForWork(miner.Hashes(w))) }
	// remake replaces a template by one made of a changed input and mines
	// everything anew on it.
	remake := func(t *testing.T, b *Bundle, change func(*TemplateInput)) {
		in := testInput(20, &b.Terms)
		change(&in)
		tpl, err := oldTemplate(in)
		if tpl == nil {
			t.Fatal(err)
		}
		b.Templates[0] = *tpl
		remine(t, b)
	}
	terms := testTerms()
	tag, otherTag := tagOf(testLease, termsHash(&terms)), tagOf(otherLease, termsHash(&terms))
	outputs := func(values ...int64) []stratum.Output {
		out := []stratum.Output{{Value: values[0], Script: houseScript}}
		for _, v := range values[1:] {
			out = append(out, stratum.Output{Value: v, Script: []byte{0x51, 0x20, 6, 6, 6}})
		}
		return out
	}
	tests := []struct {
		name string
		lie  func(t *testing.T, b *Bundle)
		keep bool // keep the figures instead of adding up the receipts again
		want string
	}{
		{name: "nothing", lie: func(*testing.T, *Bundle) {}},
		{name: "receipt twice", want: "unique figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts = append(b.Receipts, b.Receipts[3])
		}},
		{name: "receipt twice, as another job's", want: "unique figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs = append(b.Jobs, b.Jobs[0])
			r := b.Receipts[3]
			r.Job = uint32(len(b.Jobs) - 1)
			b.Receipts = append(b.Receipts, r)
		}},
		{name: "nonce made up", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[50].Nonce ^= 1
		}},
		{name: "harder target afterwards", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs[2].Target = target(512)
		}},
		{name: "targets chosen after the hashes", want: "jobs receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			// Credited with what they reached, a tenth of the receipts are
			// worth four times as much as all of them.
			b.Receipts, b.Jobs, b.Templates, b.Blocks = nil, b.Jobs[:1], b.Templates[:1], b.Blocks[:1]
			b.Statement.Rewards, b.Statement.Balances.Pending = b.Statement.Rewards[:1], 0
			mine(t, b, 0, []byte{0, 0, 1, 2, 3, 4}, 200)
			slices.SortFunc(b.Receipts, func(x, y Receipt) int { return headerHash(b, &x).Cmp(headerHash(b, &y)) })
			for i := range b.Receipts[:20] {
				job := b.Jobs[0]
				job.Target = U256(headerHash(b, &b.Receipts[i]))
				b.Receipts[i].Job = uint32(len(b.Jobs))
				b.Jobs = append(b.Jobs, job)
			}
		}},
		{name: "time out of bounds", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].Time = b.Templates[0].MaxTime + 1
		}},
		{name: "version bits outside the mask", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].VersionBits = 1
		}},
		{name: "extranonce too long", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].Extranonce = make([]byte, 7)
		}},
		{name: "receipt of no job", keep: true, want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].Job = 1 << 31
		}},
		{name: "job of no template", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs[0].Template = 2
		}},
		{name: "job of template -1", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs[0].Template = -1
		}},
		{name: "job that no receipt names", want: "jobs", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs = append(b.Jobs, b.Jobs[0])
		}},
		{name: "template that nothing names", want: "templates", lie: func(_ *testing.T, b *Bundle) {
			b.Templates = append(b.Templates, b.Templates[0])
		}},
		{name: "job made after the period", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs[0].CreatedMs = testToMs + 7_200_001
		}},
		{name: "other lease's work", want: "jobs receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			b.Jobs[0].Tag = B16(otherTag)
			remine(t, b)
		}},
		{name: "other lease's name", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs[0].Lease = otherLease
		}},
		{name: "other lease's tag in the statement", want: "tag jobs receipts figures counted derived", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Tag = B16(otherTag)
		}},
		{name: "tag of another nonce", want: "tag", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Nonce[0]++
		}},
		{name: "tag of another tenant", want: "tag", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.TenantKey[0]++
		}},
		{name: "tag at another place", want: "templates jobs receipts figures rewards derived", lie: func(t *testing.T, b *Bundle) {
			// The lease's tag behind the other's: sold twice.
			c := coinbase{height: []byte{1, 20}, tag: otherTag, after: append([]byte{lease.TagSize}, tag[:]...), outputs: outputs(testReward)}
			j := c.job(easyBits)
			at := bytes.Index(j.Coinb1, tag[:])
			b.Templates[0].Head, b.Templates[0].Tail = j.Coinb1[:at], j.Coinb1[at+lease.TagSize:]
			b.Templates[0].Coinb2 = j.Coinb2
			remine(t, b)
		}},
		{name: "no tag push", want: "templates jobs receipts figures rewards derived", lie: func(t *testing.T, b *Bundle) {
			tpl := &b.Templates[0]
			tpl.Head = slices.Clone(tpl.Head)
			tpl.Head[len(tpl.Head)-1] = 0x11
			remine(t, b)
		}},
		{name: "extranonce among the outputs", want: "templates jobs receipts figures rewards derived", lie: func(t *testing.T, b *Bundle) {
			tpl := &b.Templates[0]
			all := slices.Concat(tpl.Tail, make([]byte, 6), tpl.Coinb2)
			tpl.Tail, tpl.Coinb2 = all[:len(all)-20], all[len(all)-14:]
			remine(t, b)
		}},
		{name: "height of another block", want: "templates jobs receipts figures rewards derived", lie: func(_ *testing.T, b *Bundle) {
			b.Templates[0].Height++
		}},
		{name: "output to a foreign script", want: "outputs", lie: func(t *testing.T, b *Bundle) {
			remake(t, b, func(in *TemplateInput) {
				in.Job = coinbase{height: []byte{1, 20}, tag: tag, outputs: outputs(testReward-1, 1)}.job(easyBits)
			})
		}},
		{name: "outputs below the reward", want: "templates jobs receipts figures rewards derived", lie: func(t *testing.T, b *Bundle) {
			remake(t, b, func(in *TemplateInput) {
				in.Job = coinbase{height: []byte{1, 20}, tag: tag, outputs: outputs(testReward - 1)}.job(easyBits)
			})
		}},
		{name: "split below the reward", want: "templates jobs receipts figures rewards derived", lie: func(t *testing.T, b *Bundle) {
			remake(t, b, func(in *TemplateInput) { in.Split[2].Sat-- })
		}},
		{name: "fee too large", want: "fee", lie: func(t *testing.T, b *Bundle) {
			remake(t, b, func(in *TemplateInput) { in.Fee++; in.Split[2].Sat-- })
		}},
		{name: "fee too small", want: "fee", lie: func(t *testing.T, b *Bundle) {
			remake(t, b, func(in *TemplateInput) { in.Fee--; in.Split[2].Sat++ })
		}},
		{name: "split changed afterwards", want: "rewards", lie: func(t *testing.T, b *Bundle) {
			b.Templates[0].Split[0].Sat -= 5
			b.Templates[0].Split[2].Sat += 5
		}},
		{name: "template of other terms", want: "templates", lie: func(_ *testing.T, b *Bundle) {
			b.Templates[0].Terms[0]++
		}},
		{name: "terms changed afterwards", want: "tag templates", lie: func(_ *testing.T, b *Bundle) {
			b.Terms.Text = "Be unfair."
		}},
		{name: "other terms than stated", keep: true, want: "terms", lie: func(_ *testing.T, b *Bundle) {
			b.Terms.Text = "Be unfair."
		}},
		{name: "terms beyond reason", want: "terms tag templates fee", lie: func(_ *testing.T, b *Bundle) {
			b.Terms.FeePPM = -1
		}},
		{name: "more work stated", keep: true, want: "figures", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.ProvenWork = lease.Quantity(b.Statement.ProvenWork.Work().Add(miner.Hashes(1)))
		}},
		{name: "more receipts stated", keep: true, want: "figures", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Receipts++
		}},
		{name: "stale shares hidden", keep: true, want: "figures", lie: func(_ *testing.T, b *Bundle) { b.Statement.Stale = 0 }},
		{name: "rejected shares hidden", keep: true, want: "figures", lie: func(_ *testing.T, b *Bundle) { b.Statement.Rejected-- }},
		{name: "no verdicts", keep: true, want: "figures", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Verdicts, b.Statement.Rejected, b.Statement.Stale = nil, 0, 0
		}},
		{name: "hashes counted without proof", want: "counted", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.CountedHashes = lease.Quantity(miner.Hashes(100_000))
		}},
		{name: "reward changed", want: "rewards balances", lie: func(_ *testing.T, b *Bundle) { b.Statement.Rewards[1].Sat-- }},
		{name: "reward and balance changed", want: "rewards", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Rewards[1].Sat--
			b.Statement.Balances.Pending--
		}},
		{name: "mature reward left out of the balance", want: "balances", lie: func(_ *testing.T, b *Bundle) { b.Statement.Balances.Available = 0 }},
		{name: "pending reward called available", want: "balances", lie: func(_ *testing.T, b *Bundle) { b.Statement.Rewards[1].State = lease.Mature }},
		{name: "reward of no state", want: "rewards balances", lie: func(_ *testing.T, b *Bundle) { b.Statement.Rewards[1].State = "lost" }},
		{name: "reward of another height", want: "rewards", lie: func(_ *testing.T, b *Bundle) { b.Statement.Rewards[1].Height++ }},
		{name: "block of another height", want: "rewards", lie: func(_ *testing.T, b *Bundle) { b.Blocks[1].Height++ }},
		{name: "block of another template", want: "rewards", lie: func(_ *testing.T, b *Bundle) { b.Blocks[0].Template = 1 }},
		{name: "block of no template", want: "rewards", lie: func(_ *testing.T, b *Bundle) { b.Blocks[0].Template = -7 }},
		{name: "block with a wrong hash", want: "rewards", lie: func(_ *testing.T, b *Bundle) {
			b.Blocks[0].Hash[0]++
			b.Statement.Rewards[0].Block[0]++
		}},
		{name: "block with a wrong extranonce", want: "rewards", lie: func(_ *testing.T, b *Bundle) { b.Blocks[0].Extranonce = Hex{1} }},
		{name: "block too weak for the network", want: "rewards", lie: func(t *testing.T, b *Bundle) {
			b.Blocks = b.Blocks[:1]
			b.Statement.Rewards = b.Statement.Rewards[:1]
			b.Statement.Balances.Pending = 0
			for weak := false; !weak; b.Blocks[0].Nonce++ {
				tpl, k := &b.Templates[0], &b.Blocks[0]
				_, hash, err := tpl.Issue(tag, target32(easyBits), k.Extranonce[:2]).Check(share(k.Extranonce, 2, k.Time, uint32(k.Nonce), 0))
				if weak = err != nil; weak {
					k.Hash, b.Statement.Rewards[0].Block = U256(hash), U256(hash)
					k.Nonce--
				}
			}
		}},
		{name: "block twice", want: "rewards", lie: func(_ *testing.T, b *Bundle) {
			b.Blocks = append(b.Blocks, b.Blocks[2])
			b.Statement.Rewards = append(b.Statement.Rewards, b.Statement.Rewards[2])
		}},
		{name: "block left out", want: "rewards", lie: func(_ *testing.T, b *Bundle) { b.Blocks = b.Blocks[:2] }},
		{name: "better rate", keep: true, want: "derived", lie: func(_ *testing.T, b *Bundle) { b.Statement.Derived.DeliveredHps = hps(1000) }},
		{name: "narrower interval", keep: true, want: "derived", lie: func(_ *testing.T, b *Bundle) { b.Statement.Derived.IntervalHps[0] = hps(89) }},
		{name: "nothing derived", keep: true, want: "derived", lie: func(_ *testing.T, b *Bundle) { b.Statement.Derived = nil }},
		{name: "shorter period", keep: true, want: "derived", lie: func(_ *testing.T, b *Bundle) { b.Statement.Period.ToMs = testFromMs + 950 }},
		{name: "no period", want: "period jobs receipts figures counted", lie: func(_ *testing.T, b *Bundle) { b.Statement.Period = Period{} }},
		{name: "last month's receipts", want: "times", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Period.FromMs += 30 * 86_400_000
			b.Statement.Period.ToMs += 30 * 86_400_000
		}},
		{name: "some of last month's receipts", want: "times", lie: func(t *testing.T, b *Bundle) {
			month := uint32(30 * 86_400)
			for i := range b.Jobs {
				b.Templates[i%2].MinTime -= month
			}
			b.Receipts = nil
			for i := range b.Jobs {
				mine(t, b, i, []byte{0, byte(i), 1, 2, 3, 4}, 20)
			}
			b.Templates[0].Time -= month
			mine(t, b, 0, []byte{0, 0, 1, 2, 3, 4}, 20)
			b.Templates[0].Time += month
			b.Statement.CountedHashes = lease.Quantity{}
		}},
		{name: "ran longer than the period", want: "period", lie: func(_ *testing.T, b *Bundle) { b.Statement.Period.RunningMs = 1001 }},
		{name: "unknown format", want: "period", lie: func(_ *testing.T, b *Bundle) { b.Statement.Format += "1" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := honest(t, 20)
			tt.lie(t, b)
			if tt.keep {
				seal(t, b)
			} else {
				sign(t, b)
			}
			r := Verify(encode(t, b), Options{Key: public(provider), TenantKey: slices.Clone(b.Statement.TenantKey[:])})
			if got := strings.Join(failed(r), " "); got != tt.want {
				t.Errorf("failed [%s], want [%s]", got, tt.want)
				for _, c := range r.Checks {
					if !c.OK {
						t.Log(c.Name, c.Detail)
					}
				}
			}
			if r.OK() != (tt.want == "") {
				t.Errorf("OK() = %v", r.OK())
			}
		})
	}
}

func headerHash(b *Bundle, r *Receipt) miner.Hash {
	j := b.Jobs[r.Job]
	tpl := b.Templates[j.Template]
	n := tpl.Extranonce1Size
	_, hash, err := tpl.Issue(lease.Tag(j.Tag), miner.Target(j.Target), r.Extranonce[:n]).
		Check(share(r.Extranonce, n, r.Time, r.Nonce, r.VersionBits))
	if err != nil {
		panic(err)
	}
	return hash
}

func target32(bits miner.Bits) miner.Target {
	t, err := bits.Target()
	if err != nil {
		panic(err)
	}
	return t
}

// remine does the work of the bundle anew, as after a change of its templates.
func remine(t testing.TB, b *Bundle) {
	t.Helper()
	b.Receipts = nil
	for i := range b.Jobs {
		mine(t, b, i, []byte{0, byte(i), 1, 2, 3, 4}, 20)
	}
	blocks := b.Blocks
	states := b.Statement.Rewards
	b.Blocks, b.Statement.Rewards, b.Statement.Balances = nil, nil, Balances{}
	for i := range blocks {
		block(t, b, blocks[i].Template, lease.Tag(blocks[i].Tag), states[i].State)
	}
}
