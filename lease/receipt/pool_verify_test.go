package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

func TestHonestPoolBundle(t *testing.T) {
	b := honestPool(t, 40)
	data := encode(t, b)
	if bytes.Contains(data, []byte("secret")) {
		t.Error("the password is in the bundle")
	}
	keys := Options{Key: public(provider), TenantKey: public(tenant), Strict: true}
	r := Verify(data, keys)
	if !r.OK() {
		t.Fatalf("failed %v: %+v", failed(r), r.Checks)
	}
	var names []string
	for _, c := range r.Checks {
		names = append(names, c.Name)
	}
	const want = "form signature provider-key tenant-key evidence terms tag period pool templates outputs jobs receipts unique times figures counted upstream rewards balances derived"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("checks %s\nwant   %s", got, want)
	}
	if r.Receipts != 80 || r.ProvenWork.Work() != miner.Hashes(80*testWork) || r.Pool.Due != b.Statement.Pool.Sent || r.Pool.TagBytes != 2 {
		t.Errorf("report %+v, pool %+v", r, r.Pool)
	}
	if len(r.NotApplicable) != 1 || !strings.Contains(r.NotApplicable[0], "split") {
		t.Errorf("not applicable: %q", r.NotApplicable)
	}
	text := strings.Join(r.Unchecked, "\n")
	for _, want := range []string{"credits anna.w1", "--pool-work", "the jobs came from the pool", "2 bytes there", "once in 2^16", "of 21 places", "once in 3120", "could put it into the bytes that workers fill in", "what the pool answered"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among the unchecked:\n%s", want, text)
		}
	}
	if strings.Contains(text, "split") {
		t.Errorf("the house's matters are among the unchecked:\n%s", text)
	}
	if report, err := json.Marshal(r); err != nil || !bytes.Contains(report, []byte(`"user":"anna.w1"`)) {
		t.Errorf("%s, %v", report, err)
	}
	back, err := DecodeBundle(data, 0)
	if err != nil || !bytes.Equal(encode(t, back), data) {
		t.Errorf("decoded and encoded again: %v", err)
	}
}

// TestEmptyPoolBundle has neither receipts nor jobs.
func TestEmptyPoolBundle(t *testing.T) {
	b := honestPool(t, 0)
	b.Jobs, b.Templates = nil, nil
	sign(t, b)
	r := Verify(encode(t, b), Options{PoolWork: &miner.Work{}})
	if !r.OK() || r.Pool.TagBytes != 0 || r.Pool.ZMilli != 0 {
		t.Errorf("failed %v: %+v", failed(r), r.Checks)
	}
}

// TestGoldenPoolBundle pins the format.
func TestGoldenPoolBundle(t *testing.T) {
	const golden = "testdata/pool_bundle.json"
	data := encode(t, honestPool(t, 2))
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

// TestEveryByteOfPoolBundleCounts changes every byte without signing again.
func TestEveryByteOfPoolBundleCounts(t *testing.T) {
	b := honestPool(t, 1)
	b.Jobs, b.Templates, b.Receipts = b.Jobs[:1], b.Templates[:1], b.Receipts[:1]
	b.Statement.CountedHashes = hps(2)
	sign(t, b)
	whole := encode(t, b)
	if r := Verify(whole, Options{}); !r.OK() {
		t.Fatalf("the bundle itself failed %v", failed(r))
	}
	for i := range whole {
		tamper(t, slices.Clone(whole), i)
	}
}

func TestCutPoolBundle(t *testing.T) {
	data := encode(t, honestPool(t, 1))
	for n := 1; n < len(data); n++ {
		if _, err := DecodeBundle(data[:n], 0); err == nil || n > len(`{"blocks":`) && !strings.Contains(err.Error(), errCut.Error()) {
			t.Fatalf("%d bytes, which end in %s: %v", n, data[max(0, n-20):n], err)
		}
	}
}

// TestCheatingPoolProvider lets the provider lie and sign the lie. Exactly the
// named checks must catch it.
func TestCheatingPoolProvider(t *testing.T) {
	terms := testTerms()
	hash := termsHash(&terms)
	tag, otherTag := tagOf(testLease, hash), tagOf(otherLease, hash)
	// as makes the first template one of another coinbase, valid or not.
	as := func(t *testing.T, b *Bundle, c poolCoinbase) {
		i := c.issue()
		b.Templates[0].Head, b.Templates[0].Coinb2 = i.Coinb1, i.Coinb2
		b.Templates[0].Pool.Extranonce1, b.Templates[0].Pool.Extranonce2Size = c.extranonce1, c.n
		remineAll(t, b)
	}
	tests := []struct {
		name string
		lie  func(t *testing.T, b *Bundle)
		keep bool // keep the figures instead of adding up the receipts again
		want string
	}{
		{name: "nothing", lie: func(*testing.T, *Bundle) {}},
		{name: "house's block as a pool's job", want: "templates jobs receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			// Work for the other lease, with the other's tag where the house's
			// tags stand, and this lease's behind it.
			c := someCoinbase(8)
			c.before = slices.Concat([]byte{3, 0x40, 0xd1, 0x0c, 16}, otherTag[:], []byte{12})
			as(t, b, c)
		}},
		{name: "house's block as a pool's job, with this lease's tag", want: "templates jobs receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			c := someCoinbase(8)
			c.before, c.extranonce1 = append([]byte{3, 0x40, 0xd1, 0x0c, 16}, tag[:4]...), nil
			as(t, b, c)
		}},
		{name: "house's block without a tag", want: "outputs", lie: func(t *testing.T, b *Bundle) {
			c := someCoinbase(8)
			c.script = houseScript
			as(t, b, c)
		}},
		{name: "house's template", want: "jobs receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			b.Templates[0] = testTemplate(t, 20, &b.Terms)
		}},
		{name: "pool's job in a lease of the house", want: "jobs receipts figures counted derived", keep: true, lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Pool, b.Statement.Format = nil, StatementFormat
		}},
		{name: "pool of nobody's choice", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Templates[0].Pool.Address = "stratum+tcp://other.example:3333"
		}},
		{name: "other lease's work", want: "jobs receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			b.Jobs[0].Tag = B16(otherTag)
			remineAll(t, b)
		}},
		{name: "other lease's work under this one's name", want: "receipts figures derived", lie: func(t *testing.T, b *Bundle) {
			b.Jobs[0].Tag = B16(otherTag)
			remineAll(t, b)
			b.Jobs[0].Tag = B16(tag)
		}},
		{name: "one header as two jobs", want: "unique figures derived", lie: func(_ *testing.T, b *Bundle) {
			// The same coinbase, cut in two ways.
			again := b.Templates[0]
			pool := *again.Pool
			again.Head = append(slices.Clone(again.Head), pool.Extranonce1[0])
			pool.Extranonce1 = pool.Extranonce1[1:]
			again.Pool = &pool
			job, r := b.Jobs[0], b.Receipts[0]
			job.Template, r.Job = len(b.Templates), uint32(len(b.Jobs))
			b.Templates, b.Jobs, b.Receipts = append(b.Templates, again), append(b.Jobs, job), append(b.Receipts, r)
		}},
		{name: "place of the tag moved", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			// The worker's bytes become the tag's place: they are not the tag.
			p := b.Templates[0].Pool
			p.Extranonce1, b.Templates[0].Coinb2 = slices.Concat(p.Extranonce1, Hex{1, 2}), b.Templates[0].Coinb2[2:]
		}},
		{name: "extranonces beyond the script", want: "templates jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Templates[0].Pool.Extranonce2Size = 20
		}},
		{name: "too little room for a tag", want: "templates jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Templates[0].Pool.Extranonce2Size = 7
		}},
		{name: "height of another block", want: "templates jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Templates[0].Height++
		}},
		{name: "time out of bounds", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].Time = b.Templates[0].MaxTime + 1
		}},
		{name: "version bits outside the mask", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].VersionBits = 1
		}},
		{name: "pool's extranonce2 instead of the worker's", want: "receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts[0].Extranonce = make([]byte, 8)
		}},
		{name: "harder target afterwards", want: "jobs receipts figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Jobs[0].Target = U256(miner.TargetForWork(miner.Hashes(512)))
		}},
		{name: "receipt twice", want: "unique figures derived", lie: func(_ *testing.T, b *Bundle) {
			b.Receipts = append(b.Receipts, b.Receipts[3])
		}},
		{name: "other terms", want: "templates", lie: func(_ *testing.T, b *Bundle) { b.Templates[0].Terms[0]++ }},
		{name: "reward of the house", want: "rewards balances", lie: func(t *testing.T, b *Bundle) {
			b.Templates = append(b.Templates, testTemplate(t, 20, &b.Terms))
			block(t, b, 2, tag, lease.Mature)
			b.Statement.Balances.Available++
		}},
		{name: "balance", want: "balances", lie: func(_ *testing.T, b *Bundle) { b.Statement.Balances.Pending = 5 }},
		{name: "no address", want: "pool jobs receipts figures counted upstream derived", lie: func(_ *testing.T, b *Bundle) { b.Statement.Pool.URLs = []string{} }},
		{name: "no user", want: "pool", lie: func(_ *testing.T, b *Bundle) { b.Statement.Pool.User = "" }},
		{name: "more accepted than sent", want: "pool", lie: func(_ *testing.T, b *Bundle) { b.Statement.Pool.Accepted++ }},
		{name: "verdicts beyond 64 bits", want: "pool", lie: func(_ *testing.T, b *Bundle) { b.Statement.Pool.Rejected = 1 << 53 }},
		{name: "accepted without work", want: "pool", lie: func(_ *testing.T, b *Bundle) { b.Statement.Pool.AcceptedWork = lease.Quantity{} }},
		{name: "work without shares", want: "pool", lie: func(_ *testing.T, b *Bundle) { b.Statement.Pool.Accepted, b.Statement.Pool.Rejected = 0, 1 }},
		{name: "more work accepted than sent", want: "pool upstream", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Pool.AcceptedWork = hps(1 << 20)
		}},
		{name: "less work for as many shares", want: "pool", lie: func(_ *testing.T, b *Bundle) {
			b.Statement.Pool.AcceptedWork = hps(32)
		}},
		{name: "more accepted than was done", want: "upstream", lie: func(_ *testing.T, b *Bundle) {
			p := b.Statement.Pool
			p.Sent, p.Accepted, p.SentWork, p.AcceptedWork = 1000, 1000, hps(32_000), hps(32_000)
		}},
		{name: "better z", keep: true, want: "derived", lie: func(_ *testing.T, b *Bundle) { *b.Statement.Derived.PoolZMilli++ }},
		{name: "no z", keep: true, want: "derived", lie: func(_ *testing.T, b *Bundle) { b.Statement.Derived.PoolZMilli = nil }},
		{name: "format of the house's", want: "period", lie: func(_ *testing.T, b *Bundle) { b.Statement.Format = StatementFormat }},
		{name: "hashes counted without proof", want: "counted", lie: func(_ *testing.T, b *Bundle) { b.Statement.CountedHashes = hps(100_000) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := honestPool(t, 40)
			tt.lie(t, b)
			if tt.keep {
				seal(t, b)
			} else {
				sign(t, b)
			}
			r := Verify(encode(t, b), Options{Key: public(provider), TenantKey: public(tenant)})
			if got := strings.Join(failed(r), " "); got != tt.want {
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

// TestRewardOnPoolJob lets a lease of the house share in the block of a pool.
func TestRewardOnPoolJob(t *testing.T) {
	b := honest(t, 20)
	tpl := poolTemplate(t, someCoinbase(8), termsHash(&b.Terms))
	tpl.Bits = easyBits
	b.Templates = append(b.Templates, tpl)
	b.Blocks[0].Template, b.Statement.Rewards[0].Template = 2, 2
	sign(t, b)
	if r := Verify(encode(t, b), Options{}); !slices.Contains(failed(r), "rewards") {
		t.Errorf("failed %v", failed(r))
	}
}

// TestPoolBundleFormats puts statements into bundles of the other kind.
func TestPoolBundleFormats(t *testing.T) {
	for _, b := range []*Bundle{honest(t, 1), honestPool(t, 1)} {
		data := encode(t, b)
		swapped := bytes.Replace(data, []byte("hashlease-bundle/1"), []byte("hashlease-bundle/x"), 1)
		swapped = bytes.Replace(swapped, []byte("hashlease-bundle/2"), []byte("hashlease-bundle/1"), 1)
		swapped = bytes.Replace(swapped, []byte("hashlease-bundle/x"), []byte("hashlease-bundle/2"), 1)
		if _, err := DecodeBundle(swapped, 0); err == nil || !strings.Contains(err.Error(), "belongs into a bundle") {
			t.Errorf("error %v", err)
		}
	}
}

// TestPoolWork compares figures of the pool's own page.
func TestPoolWork(t *testing.T) {
	tests := []struct {
		name   string
		work   uint64 // as the tenant reads it; proven are about 12 800
		change func(*PoolReport)
		ok     bool
		want   string
	}{
		{name: "the same", work: 0, ok: true, want: "within the 95 % interval"},
		{name: "nothing credited", work: 1, want: "is it the right account"},
		{name: "a third missing", work: 8000, want: "is it the right account"},
		{name: "twice as much", work: 30_000, ok: true, want: "NOTE: more than this lease's"},
		{name: "a little less", work: 11_200, ok: true, want: "NOTE: outside the 95 % interval"},
		{name: "reported as it is credited", work: 8000, want: "refused or lost 0, but", change: func(p *PoolReport) {
			p.Sent, p.Accepted, p.SentWork, p.AcceptedWork = 250, 250, hps(8000), hps(8000)
		}},
		{name: "refused, as reported", work: 8000, ok: true, want: "NOTE: outside", change: func(p *PoolReport) {
			p.Rejected = p.Accepted - 250
			p.Accepted, p.AcceptedWork = 250, hps(8000)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := honestPool(t, 400)
			if tt.change != nil {
				tt.change(b.Statement.Pool)
				sign(t, b)
			}
			work := b.Statement.Pool.AcceptedWork.Work()
			if tt.work != 0 {
				work = miner.Hashes(tt.work)
			}
			r := Verify(encode(t, b), Options{PoolWork: &work})
			i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Name == "pool-work" })
			if c := r.Checks[i]; c.OK != tt.ok || !strings.Contains(c.Detail, tt.want) {
				t.Errorf("%v, %s, want %v, %q", c.OK, c.Detail, tt.ok, tt.want)
			}
			if r.OK() != tt.ok {
				t.Errorf("failed %v", failed(r))
			}
		})
	}
	house := Verify(encode(t, honest(t, 1)), Options{PoolWork: &miner.Work{}})
	if !slices.Equal(failed(house), []string{"pool-work"}) {
		t.Errorf("a lease without a pool: failed %v", failed(house))
	}
	few := Verify(encode(t, honestPool(t, 5)), Options{PoolWork: &miner.Work{}})
	if few.OK() != (few.Pool.Due == 0) && !strings.Contains(fmt.Sprint(few.Checks), "too few shares") {
		t.Errorf("failed %v: %v", failed(few), few.Checks)
	}
}

// TestUpstreamNotes has shares that the provider kept, and a pool that took
// few.
func TestUpstreamNotes(t *testing.T) {
	for want, change := range map[string]func(*PoolReport){
		"were not sent": func(p *PoolReport) {
			p.Sent, p.Accepted = p.Sent-50, p.Accepted-50
			p.SentWork, p.AcceptedWork = hps(p.Sent*poolWork), hps(p.Sent*poolWork)
		},
		"the pool took less": func(p *PoolReport) {
			p.Accepted, p.Stale, p.AcceptedWork = 100, p.Accepted-100, hps(3200)
		},
	} {
		b := honestPool(t, 400)
		change(b.Statement.Pool)
		sign(t, b)
		r := Verify(encode(t, b), Options{})
		if !r.OK() || !strings.Contains(fmt.Sprint(r.Checks), "NOTE") || !strings.Contains(fmt.Sprint(r.Checks), want) {
			t.Errorf("failed %v, want a note with %q: %v", failed(r), want, r.Checks)
		}
	}
}

func TestZMilli(t *testing.T) {
	for _, tt := range []struct {
		a, b       uint64
		unit, want int64
	}{
		{100, 100, 1, 0}, {0, 0, 1, 0}, {110, 100, 1, 953}, {100, 110, 1, -953}, {0, 10_000, 100, -10_000},
		{200, 100, 0, 1_000_000_000}, {1 << 62, 0, 1, 1_000_000_000},
	} {
		if got := zMilli(miner.Hashes(tt.a), miner.Hashes(tt.b), big.NewRat(tt.unit, 1)); got != tt.want {
			t.Errorf("%d and %d with %d: %d, want %d", tt.a, tt.b, tt.unit, got, tt.want)
		}
	}
}

func FuzzVerifyPool(f *testing.F) {
	data := encode(f, honestPool(f, 1))
	f.Add(data)
	f.Fuzz(func(t *testing.T, fuzzed []byte) {
		work := miner.Hashes(100)
		o := Options{MaxBytes: 1 << 16, PoolWork: &work}
		Verify(fuzzed, o)
		b, err := DecodeBundle(fuzzed, 1<<16)
		if err != nil {
			return
		}
		if !bytes.Equal(encode(t, b), fuzzed) {
			t.Fatal("a bundle with two forms")
		}
		seal(t, b) // so that the checks behind the signature matter
		Verify(encode(t, b), o)
	})
}
