package miner

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// somewhere is a kernel that this machine cannot run.
func somewhere() *Kernel {
	return &Kernel{Name: "elsewhere", Lanes: 1, supported: func() error { return errors.New("needs another machine") }}
}

// special is a sound kernel that needs something this machine has.
func special(name string) *Kernel {
	k := newStdlib()
	k.Name, k.supported = name, func() error { return nil }
	return k
}

func TestChooseLeavesOutWhatCannotBeUsed(t *testing.T) {
	kernels := []*Kernel{brokenKernels()["is blind in one lane"], somewhere(), newStdlib(), newGeneric()}
	c, all := choose(kernels, Selection{Time: 4 * time.Millisecond})
	if c == nil || c.Kernel != kernels[2] && c.Kernel != kernels[3] || c.Forced || c.Known {
		t.Fatalf("chose %+v", c)
	}
	chosen := 0
	for i, m := range all {
		if m.Chosen {
			chosen++
		}
		if (m.Err != nil) != (i < 2) || (m.Hps > 0) != (i >= 2) || m.Kernel != kernels[i] {
			t.Errorf("measurement %d: %+v", i, m)
		}
	}
	if chosen != 1 || !c.Chosen().Chosen || c.Chosen().Kernel != c.Kernel {
		t.Errorf("%d kernels chosen", chosen)
	}
	if got := c.Why(all[0]); !strings.HasPrefix(got, "failed its self-test, choose another: ") {
		t.Errorf("why not the broken kernel: %s", got)
	}
	if got := c.Why(all[1]); got != "needs another machine" {
		t.Errorf("why not the unsupported kernel: %s", got)
	}
	if got := c.Why(c.Chosen()); got != "the fastest" {
		t.Errorf("why the chosen kernel: %s", got)
	}
	for _, m := range all[2:] {
		if got := c.Why(m); !m.Chosen && !strings.HasPrefix(got, "slower: ") {
			t.Errorf("why not %s: %s", m.Kernel.Name, got)
		}
	}
	if c, all := choose(kernels[:2], Selection{Time: 4 * time.Millisecond}); c != nil || len(all) != 2 {
		t.Errorf("chose %+v of kernels that do not work", c)
	}
}

func TestBestIsTheFastest(t *testing.T) {
	k, all := Best(10 * time.Millisecond)
	for _, m := range all {
		if m.Chosen != (m.Kernel == k) {
			t.Errorf("%s returned, of %s it says %v", k.Name, m.Kernel.Name, m.Chosen)
		}
		if m.Err == nil && m.Hps <= 0 {
			t.Errorf("%s was not measured", m.Kernel.Name)
		}
	}
	if i := slices.IndexFunc(all, func(m Measurement) bool { return m.Chosen }); fastest(all) != &all[i] {
		t.Errorf("%s is not the fastest", k.Name)
	}
}

// What is known is not measured again, and nothing is tried elsewhere; the
// kernel that is to be used is tested all the same.
func TestChooseByWhatIsKnown(t *testing.T) {
	slow, fast, broken := special("slow"), special("fast"), brokenKernels()["finds nothing"]
	kernels := []*Kernel{newGeneric(), slow, fast, somewhere(), broken}
	none := func(k *Kernel) error { t.Errorf("%s was tried", k.Name); return nil }
	crashed := errors.New("illegal instruction")
	known := []Measurement{{Kernel: newGeneric(), Hps: 1}, {Kernel: slow, Hps: 2}, {Kernel: fast, Hps: 3}, {Kernel: broken, Err: crashed}}
	c, all := choose(kernels, Selection{Known: known, Try: none})
	if c == nil || c.Kernel != fast || !c.Known || fast.test.err != nil {
		t.Fatalf("chose %+v", c)
	}
	if all[1].Hps != 2 || all[2].Hps != 3 || all[3].Err == nil || all[4].Err != crashed {
		t.Errorf("%+v", all)
	}
	if got := c.Why(all[1]); got != "slower: 0.0 MH/s against 0.0" {
		t.Errorf("why not the slow one: %s", got)
	}

	// A kernel that nothing is known of, and a chosen one that does not work:
	// all are measured.
	for name, s := range map[string]Selection{
		"incomplete": {Known: known[:2]},
		"nothing":    {},
		"outdated":   {Known: append(known[:3:3], Measurement{Kernel: broken, Hps: 4})},
	} {
		s.Time = 4 * time.Millisecond
		tried := 0
		s.Try = func(*Kernel) error { tried++; return nil }
		c, all := choose(kernels, s)
		if c == nil || c.Known || all[1].Hps < 1000 || all[2].Hps < 1000 || !errors.Is(all[4].Err, ErrSelfTest) {
			t.Errorf("%s: %+v of %+v", name, c, all)
		}
		if tried != 2 {
			t.Errorf("%s: %d kernels tried, want the two that need something", name, tried)
		}
	}
}

// A kernel whose trial fails does not run in this process at all.
func TestChooseTriesFirst(t *testing.T) {
	deadly := special("deadly")
	deadly.scan = func(*Scanner, uint32, int, int) (uint32, int) { t.Error("the deadly kernel ran"); return 0, 1 }
	crashed := errors.New("illegal instruction")
	try := func(k *Kernel) error {
		if k == deadly {
			return crashed
		}
		return nil
	}
	kernels := []*Kernel{newStdlib(), deadly}
	c, all := choose(kernels, Selection{Try: try, Time: 4 * time.Millisecond})
	if c == nil || c.Kernel != kernels[0] || !errors.Is(all[1].Err, crashed) || !errors.Is(all[1].Err, ErrSelfTest) {
		t.Errorf("chose %+v of %+v", c, all)
	}
	if got := c.Why(all[1]); got != "failed its self-test: illegal instruction" {
		t.Errorf("why not the deadly one: %s", got)
	}
	// By name neither, even if an earlier trial is remembered.
	for _, known := range [][]Measurement{nil, {{Kernel: deadly, Err: crashed}}} {
		if c, err := force(kernels, Selection{Force: "deadly", Try: try, Known: known}); !errors.Is(err, crashed) || !errors.Is(err, ErrSelfTest) {
			t.Errorf("forced: %+v, %v", c, err)
		}
	}
}

func TestChooseByName(t *testing.T) {
	c, err := Choose(Selection{Force: "stdlib"})
	if err != nil || c.Kernel.Name != "stdlib" || !c.Forced {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, m := range c.All {
		want := "another was chosen by name"
		if m.Chosen {
			want = "chosen by name"
		}
		if got := c.Why(m); m.Err == nil && got != want {
			t.Errorf("%s: %s", m.Kernel.Name, got)
		}
	}
	if _, err := Choose(Selection{Force: "abacus"}); err == nil || errors.Is(err, ErrSelfTest) || !strings.Contains(err.Error(), `kernel "abacus": unknown; this build has generic, `) {
		t.Errorf("an unknown kernel: %v", err)
	}
	kernels := []*Kernel{newStdlib(), somewhere(), brokenKernels()["swaps lanes"], special("known")}
	if _, err := force(kernels, Selection{Force: "elsewhere"}); err == nil || errors.Is(err, ErrSelfTest) {
		t.Errorf("a kernel for other machines: %v", err)
	}
	if _, err := force(kernels, Selection{Force: "faulty"}); !errors.Is(err, ErrSelfTest) {
		t.Errorf("a broken kernel: %v", err)
	}
	// One that is known to work is not tried elsewhere again.
	none := func(k *Kernel) error { t.Errorf("%s was tried", k.Name); return nil }
	known := []Measurement{{Kernel: kernels[3], Hps: 5}, {Kernel: kernels[0], Hps: 7}}
	c, err = force(kernels, Selection{Force: "known", Known: known, Try: none})
	if err != nil || c.Kernel != kernels[3] || c.Chosen().Hps != 5 || c.Why(c.All[0]) != "another was chosen by name" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestThisCPU(t *testing.T) {
	cpu := ThisCPU()
	if cpu.Model == "" || !slices.IsSorted(cpu.Features) {
		t.Errorf("%+v", cpu)
	}
}
