package stratum_test

import (
	"crypto/x509"
	"errors"
	"maps"
	"os"
	"testing"
	"testing/synctest"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/stratumtest"
	"github.com/hashlease/hashlease/stratum/transport"
)

// TestMine mines with an engine over every transport, and with pools that
// write in dribs and drabs.
func TestMine(t *testing.T) {
	kernel, err := miner.KernelByName("stdlib")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range stratumtest.Schemes() {
		for name, chunk := range map[string]int{"whole": 0, "chunks": 7} {
			t.Run(scheme+" "+name, func(t *testing.T) {
				t.Parallel()
				p := stratumtest.NewPool(t, stratumtest.Options{Difficulty: "0.000005", Chunk: chunk})
				ca, err := os.ReadFile(p.CAFile())
				if err != nil {
					t.Fatal(err)
				}
				c, err := stratum.NewClient(stratum.ClientConfig{
					Pools: []stratum.Pool{{URL: p.URL(scheme), User: "user.worker", Password: "x"}},
					CA:    ca,
				})
				if err != nil {
					t.Fatal(err)
				}
				var engine *miner.Engine
				w := stratum.NewWorker(c, func() { engine.Kick() })
				engine, err = miner.NewEngine(miner.EngineConfig{Kernel: kernel, Feeder: w, Threads: 1})
				if err != nil {
					t.Fatal(err)
				}
				engine.Start()
				t.Cleanup(engine.Stop)
				run(t, c, w)
				p.Wait(t, "three shares", func() bool { return p.Accepted() >= 3 })
				p.NewJob(true)
				n := p.Accepted()
				p.Wait(t, "shares of the next block", func() bool { return p.Accepted() >= n+3 })
				if bad := p.Misbehaviour(); len(bad) > 0 {
					t.Errorf("the client misbehaved: %q", bad)
				}
				for reason := range p.Rejected() {
					if reason != "stale" { // one may be on its way when the job changes
						t.Errorf("refused shares: %v", p.Rejected())
					}
				}
				if s := w.Stats(); s.Found < 6 || s.Hashes == 0 || s.Jobs < 2 {
					t.Errorf("worker counted %+v", s)
				}
				if s := c.Stats(); s.Pool != p.URL(scheme) || s.User != "user.worker" || s.Connects != 1 || s.Mask != stratum.VersionMask {
					t.Errorf("client counted %+v", s)
				}
			})
		}
	}
}

func TestUntrustedAuthority(t *testing.T) {
	p := stratumtest.NewPool(t, stratumtest.Options{})
	other := stratumtest.NewPool(t, stratumtest.Options{})
	for _, scheme := range []string{"stratum+ssl", "wss"} {
		for name, ca := range map[string][]byte{"system": nil, "another": other.CA()} {
			conn, err := transport.Dial(t.Context(), transport.Config{URL: p.URL(scheme), CA: ca})
			var unknown x509.UnknownAuthorityError
			if !errors.As(err, &unknown) {
				t.Errorf("%s, authority: %s: %v, want an unknown authority", scheme, name, err)
			}
			if err == nil {
				conn.Close()
			}
		}
	}
}

func TestNewClientRefuses(t *testing.T) {
	if _, err := stratum.NewClient(stratum.ClientConfig{}); !errors.Is(err, stratum.ErrNoPools) {
		t.Errorf("no pools: %v", err)
	}
	for name, cfg := range map[string]stratum.ClientConfig{
		"address": {Pools: []stratum.Pool{{URL: "http://a:1", User: "u"}}},
		"user":    {Pools: []stratum.Pool{{URL: "tcp://a:1"}}},
		"CA":      {Pools: []stratum.Pool{{URL: "tcp://a:1", User: "u"}}, CA: []byte("none")},
	} {
		if _, err := stratum.NewClient(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestHandshakes brings a share through the manners of different pools.
func TestHandshakes(t *testing.T) {
	suggest := difficulty(t, "0.5")
	for name, c := range map[string]struct {
		pool  stratumtest.Options
		edit  func(*stratum.ClientConfig)
		mask  uint32
		calls map[string]int
	}{
		"usual": {mask: stratum.VersionMask, calls: map[string]int{
			stratum.MethodConfigure: 1, stratum.MethodSubscribe: 1, stratum.MethodAuthorize: 1, stratum.MethodExtranonce: 1, stratum.MethodSubmit: 1}},
		"narrow mask":        {pool: stratumtest.Options{Mask: 0x6000}, mask: 0x6000},
		"wider than asked":   {pool: stratumtest.Options{Mask: 0xffffffff}, edit: func(c *stratum.ClientConfig) { c.Mask = 0xe000 }, mask: 0xe000},
		"configure refused":  {pool: stratumtest.Options{Configure: stratumtest.Refuse}},
		"configure denied":   {pool: stratumtest.Options{Configure: stratumtest.Deny}},
		"configure ignored":  {pool: stratumtest.Options{Configure: stratumtest.Ignore}},
		"configure hangs up": {pool: stratumtest.Options{Configure: stratumtest.HangUp}, calls: map[string]int{stratum.MethodConfigure: 1, stratum.MethodSubscribe: 1}},
		"no rolling":         {edit: func(c *stratum.ClientConfig) { c.NoRolling = true }, calls: map[string]int{stratum.MethodConfigure: 0}},
		"no extranonce":      {pool: stratumtest.Options{NoExtranonce: true}, mask: stratum.VersionMask},
		"job after auth":     {pool: stratumtest.Options{JobAfterAuth: true}, mask: stratum.VersionMask},
		"null sessions":      {pool: stratumtest.Options{NullSessions: true}, mask: stratum.VersionMask},
		"version with bits":  {pool: stratumtest.Options{Version: 0x30400007}, mask: stratum.VersionMask},
		"extranonce2 of 2":   {pool: stratumtest.Options{Extranonce2Size: 2}, mask: stratum.VersionMask},
		"extranonce2 of 16":  {pool: stratumtest.Options{Extranonce2Size: 16}, mask: stratum.VersionMask},
		"suggestion": {edit: func(c *stratum.ClientConfig) { c.Suggest = &suggest }, mask: stratum.VersionMask,
			calls: map[string]int{stratum.MethodSuggest: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, cfg := inMemory(t, c.pool)
				if c.edit != nil {
					c.edit(&cfg)
				}
				client, r := start(t, cfg)
				i := r.await(t, "work", anyIssue)
				if i.Mask != c.mask || !i.Clean || i.Target != difficulty(t, easy).PoolTarget() {
					t.Errorf("mask %08x, clean %t, target %s", i.Mask, i.Clean, i.Target)
				}
				if v := submit(client, i, solve(t, i, 0)); !v.Accepted || !v.Sent || v.Reason != "" || v.Err != nil {
					t.Errorf("verdict %+v", v)
				}
				for method, want := range c.calls {
					if got := p.Calls(method); got != want {
						t.Errorf("%s was called %d times, want %d", method, got, want)
					}
				}
				wellBehaved(t, p)
			})
		})
	}
}

// TestVerdicts refuses shares in every form of the field.
func TestVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{})
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		p.Refuse(stratumtest.FormArray, stratumtest.FormObject, stratumtest.FormString, stratumtest.FormReason, stratumtest.FormFalse)
		for n, want := range []string{"stale", "duplicate", "low-difficulty", "stale", "other", ""} {
			v := submit(c, i, solve(t, i, uint64(n)))
			if v.Reason != want || v.Accepted != (want == "") || !v.Sent || (v.Err == nil) != v.Accepted {
				t.Errorf("share %d: %+v, want %q", n, v, want)
			}
		}
		s := c.Stats()
		if s.Accepted != 1 || s.RejectedTotal() != 5 || !maps.Equal(s.Rejected, map[string]uint64{"stale": 2, "duplicate": 1, "low-difficulty": 1, "other": 1}) {
			t.Errorf("counted %+v", s)
		}
		if s.Work != i.Target.Work() || s.Latency.Count != 6 || s.Difficulty.Cmp(i.Target.Difficulty()) != 0 {
			t.Errorf("counted %+v", s)
		}
	})
}

// TestKeptBack proves that shares the pool could only refuse are not sent.
func TestKeptBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{})
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		good := solve(t, i, 0)
		expect := func(name string, issue *stratum.Issue, s stratum.Share, reason string) {
			t.Helper()
			if v := submit(c, issue, s); v.Sent || v.Accepted || v.Reason != reason || v.Err == nil {
				t.Errorf("%s: %+v, want %q unsent", name, v, reason)
			}
		}
		if v := submit(c, i, good); !v.Accepted {
			t.Fatalf("%+v", v)
		}
		expect("again", i, good, "duplicate")
		hard := *i
		hard.Target = difficulty(t, "1e15").PoolTarget()
		expect("above the target", &hard, good, "low-difficulty")
		short := good
		short.Extranonce2 = short.Extranonce2[1:]
		expect("short extranonce2", i, short, "other")
		foreign := *i
		expect("not an issue of this client", &foreign, good, stratum.ReasonDisconnected)

		old, late := i, solve(t, i, 1)
		p.NewJob(false)
		i = r.await(t, "the next job", func(n *stratum.Issue) bool { return n != old })
		if i.Clean {
			t.Error("the job is clean")
		}
		if v := submit(c, old, late); !v.Accepted {
			t.Errorf("a share of the job before, which is still good: %+v", v)
		}
		stale := solve(t, i, 2)
		p.NewJob(true)
		r.await(t, "the clean job", func(n *stratum.Issue) bool { return n.Clean })
		expect("stale", i, stale, "stale")
		if n := p.Calls(stratum.MethodSubmit); n != 2 {
			t.Errorf("%d shares were sent, want 2", n)
		}
		wellBehaved(t, p)
	})
}

// TestStaleBlock proves that a share that solves a block is sent even when its
// job was replaced.
func TestStaleBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{Bits: 0x207fffff})
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		block := solve(t, i, 0)
		p.NewJob(true)
		r.await(t, "the clean job", func(n *stratum.Issue) bool { return n != i })
		if v := submit(c, i, block); !v.Sent || v.Reason != "stale" {
			t.Errorf("%+v, want it sent, and refused as stale by the pool", v)
		}
	})
}

// TestTerms proves from when the pool's changes count.
func TestTerms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{})
		c, r := start(t, cfg)
		first := r.await(t, "work", anyIssue)
		synctest.Wait() // until we have asked for set_extranonce
		next := func(clean bool) *stratum.Issue {
			id := p.NewJob(clean)
			return r.await(t, "job "+id, func(i *stratum.Issue) bool { return i.ID == id })
		}
		if err := p.SetDifficulty("0.000002"); err != nil {
			t.Fatal(err)
		}
		p.SetExtranonce(6)
		synctest.Wait()
		if i, n := r.newest(); i != first || n != 1 {
			t.Fatal("difficulty and extranonces counted before the next job")
		}
		if v := submit(c, first, solve(t, first, 0)); !v.Accepted {
			t.Errorf("share of the job before: %+v", v)
		}
		second := next(false)
		if second.Target != difficulty(t, "0.000002").PoolTarget() || second.Extranonce2Size != 6 || len(second.Extranonce1) != 3 {
			t.Errorf("the next job has target %s, extranonces %x, %d", second.Target, second.Extranonce1, second.Extranonce2Size)
		}
		if v := submit(c, second, solve(t, second, 0)); !v.Accepted {
			t.Errorf("share under new terms: %+v", v)
		}

		// Narrowed at once, the same job comes again.
		p.SetVersionMask(0x6000)
		third := r.await(t, "a narrower mask", func(i *stratum.Issue) bool { return i.Mask == 0x6000 })
		if third.ID != second.ID || !third.Clean || third.Target != second.Target {
			t.Errorf("%+v after the mask changed", third)
		}
		if v := submit(c, third, solve(t, third, 100)); !v.Accepted {
			t.Errorf("share under the new mask: %+v", v)
		}
		wide := solve(t, second, 200)
		for skip := uint64(201); wide.VersionBits&^0x6000 == 0; skip++ {
			wide = solve(t, second, skip)
		}
		if v := submit(c, second, wide); v.Sent || v.Reason != stratum.ReasonVersionMask {
			t.Errorf("share outside the new mask: %+v", v)
		}
		p.SetVersionMask(0)
		fourth := r.await(t, "no mask", func(i *stratum.Issue) bool { return i.Mask == 0 })
		if v := submit(c, fourth, solve(t, fourth, 300)); !v.Accepted {
			t.Errorf("share without a mask: %+v", v)
		}
		wellBehaved(t, p)
	})
}

// TestPoolCalls answers what pools ask of clients, and ignores what is
// nothing to it.
func TestPoolCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, cfg := inMemory(t, stratumtest.Options{})
		c, r := start(t, cfg)
		i := r.await(t, "work", anyIssue)
		for _, line := range []string{
			`{"id":"a","method":"client.get_version","params":[]}`,
			`{"id":2,"method":"mining.ping","params":[]}`,
			`{"id":3,"method":"mining.unheard_of"}`,
			`{"id":null,"method":"mining.ping"}`,
			`{"id":null,"method":"mining.unheard_of","params":[1]}`,
			`{"id":null,"method":"client.show_message","params":["\u001b[31mhello"]}`,
			`{"id":null,"method":"client.show_message"}`,
			`{"id":999,"result":true}`, `{"id":null,"result":true}`,
		} {
			p.Send(line)
		}
		synctest.Wait()
		if n := p.Calls("reply"); n != 3 {
			t.Errorf("%d replies, want 3", n)
		}
		if v := submit(c, i, solve(t, i, 0)); !v.Accepted {
			t.Errorf("%+v", v)
		}
		wellBehaved(t, p)
	})
}
