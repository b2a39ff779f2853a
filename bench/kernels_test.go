package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashlease/hashlease/miner"
)

const testSeed = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// fakeRoot is a machine that tells everything about itself.
func fakeRoot() fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"proc/sys/kernel/osrelease": "6.1.0-fake",
		"proc/stat":                 "cpu  1 2 3 4 5 6 7 800 9 0\ncpu0 1",
		"proc/cpuinfo":              "processor : 0\nmodel name\t: Fake CPU \x1b[2J 9000\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":  "performance",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_driver":    "amd-pstate-epp",
		"sys/class/powercap/intel-rapl:0/name":                  "package-0",
		"sys/class/powercap/intel-rapl:0/max_energy_range_uj":   "65532610987",
		"sys/class/powercap/intel-rapl:0/energy_uj":             "1000",
		"sys/class/powercap/intel-rapl:0:0/name":                "core",
		"sys/class/powercap/intel-rapl:0:0/energy_uj":           "500",
		"sys/class/powercap/intel-rapl:0:0/max_energy_range_uj": "65532610987",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return fsys
}

// measured is a short benchmark of the yardstick and one more kernel.
func measured(t testing.TB, change ...func(*KernelsConfig)) *KernelResults {
	t.Helper()
	cfg := KernelsConfig{
		Kernels: []string{"generic"}, Threads: 2, Versions: 4, Rounds: 3, Time: 3 * time.Millisecond,
		Seed: testSeed, Program: Program{Version: "v0-test"}, Root: fakeRoot(),
	}
	for _, c := range change {
		c(&cfg)
	}
	r, err := Kernels(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func marshal(t testing.TB, r *KernelResults) []byte {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKernels(t *testing.T) {
	lines := 0
	r := measured(t, func(c *KernelsConfig) {
		c.Kernels, c.Threads, c.Versions, c.Rounds, c.Seed = nil, 1, 0, 1, ""
		c.Time = 2 * time.Millisecond
		c.Progress = func(line string) {
			lines++
			if !strings.HasPrefix(line, "round 1 of 1: ") || !strings.HasSuffix(line, " left") {
				t.Errorf("progress says %q", line)
			}
		}
	})
	if len(r.Kernels) != len(miner.Kernels()) {
		t.Errorf("%d kernels measured of %d", len(r.Kernels), len(miner.Kernels()))
	}
	if lines == 0 {
		t.Error("no progress was told")
	}
	if r.Versions != rolled {
		t.Errorf("%d versions, want those of real jobs, %d", r.Versions, rolled)
	}
	for _, k := range r.Kernels {
		switch {
		case k.Error != "":
			if k.One != nil || k.All != nil {
				t.Errorf("kernel %s was measured in spite of %s", k.Name, k.Error)
			}
		case k.HpsOne == 0 || k.HpsAll == 0 || k.HpsOneCPU == 0:
			t.Errorf("kernel %s: %d H/s with one thread, %d with all", k.Name, k.HpsOne, k.HpsAll)
		case k.Name == yardstick && k.Ratio != 1:
			t.Errorf("the yardstick is %v of itself", k.Ratio)
		}
	}
	b := string(marshal(t, r))
	for _, key := range []string{`{"schema":"hashlease-bench-kernels/2"`, `"kernels":[{"name":`, `"lanes":`,
		`"hps_1thread":`, `"hps_all":`, `"ratio_stdlib":`, `"best":"` + r.Best} {
		if !strings.Contains(b, key) {
			t.Errorf("%s lacks %s", b, key)
		}
	}
}

func TestKernelsSelects(t *testing.T) {
	r := measured(t)
	if len(r.Kernels) != 2 || r.Kernels[0].Name != "generic" || r.Kernels[1].Name != yardstick {
		t.Errorf("asked for generic, measured %+v", r.Kernels)
	}
	if r.Seed != testSeed || r.Threads != 2 || r.Versions != 4 || r.Rounds != 3 || r.TimeMs != 3 || r.Program.Go != runtime.Version() {
		t.Errorf("the document says %+v", r)
	}
	for _, k := range r.Kernels {
		if len(k.One.Rounds) != 3 || len(k.All.Rounds) != 3 {
			t.Errorf("kernel %s: %d and %d rounds of 3", k.Name, len(k.One.Rounds), len(k.All.Rounds))
		}
	}
}

func TestKernelsRefuses(t *testing.T) {
	for want, cfg := range map[string]KernelsConfig{
		"unknown":                  {Kernels: []string{"abacus"}},
		"5000 threads: want 1 to":  {Threads: 5000},
		"-1 rounds: want 1 to 99":  {Rounds: -1},
		"4097 versions: want 1 to": {Versions: 4097},
		"time of 1h0m0s: want 1ms": {Time: time.Hour},
		"seed \"AA\"":              {Seed: "AA"},
	} {
		if _, err := Kernels(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q in it", cfg, err, want)
		}
	}
}

func TestKernelsEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Kernels(ctx, KernelsConfig{Kernels: []string{yardstick}, Threads: 1, Time: time.Minute}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled benchmark says %v", err)
	}
}

// TestEnergy lets every look at the counter find 5 J more.
func TestEnergy(t *testing.T) {
	fsys := fakeRoot()
	const counter = "sys/class/powercap/intel-rapl:0/energy_uj"
	energy := 1000
	r := measured(t, func(c *KernelsConfig) {
		c.Root = growing{fsys, counter, func() string {
			energy += 5_000_000
			return strings.Repeat("0", 3) + itoa(energy)
		}}
	})
	if r.Machine.Energy != "" {
		t.Errorf("no energy: %s", r.Machine.Energy)
	}
	for _, k := range r.Kernels {
		for _, x := range k.All.Rounds {
			if x.PackageUJ != 5_000_000 {
				t.Errorf("kernel %s: a round used %d µJ", k.Name, x.PackageUJ)
			}
		}
		if k.Joules <= 0 {
			t.Errorf("kernel %s: %v J/TH", k.Name, k.Joules)
		}
	}
	// A counter that fails on the way leaves no half of the figures.
	reads := 0
	r = measured(t, func(c *KernelsConfig) {
		c.Root = growing{fsys, counter, func() string {
			if reads++; reads > 6 {
				return "broken"
			}
			return itoa(1000 * reads)
		}}
	})
	if !strings.Contains(r.Machine.Energy, "broken") || strings.Contains(string(marshal(t, r)), "package_uj") {
		t.Errorf("a broken counter leaves %s", marshal(t, r))
	}
}

func TestMachine(t *testing.T) {
	m := machine(fakeRoot())
	if m.OS != "6.1.0-fake" || m.Governor != "performance" || m.Driver != "amd-pstate-epp" || m.CPU == "" || m.Processors < 1 {
		t.Errorf("the machine is %+v", m)
	}
	if got := cpuinfo(fakeRoot()); got != "Fake CPU [2J 9000" {
		t.Errorf("cpuinfo gives %q", got)
	}
	if got := stealTicks(fakeRoot()); got != 800 {
		t.Errorf("%d ticks stolen", got)
	}
	bare := machine(fstest.MapFS{})
	if bare.CPU == "" || bare.OS != "" || stealTicks(fstest.MapFS{}) != 0 || bare.Features == nil {
		t.Errorf("a machine that says nothing is %+v", bare)
	}
	if got := stealTicks(fstest.MapFS{"proc/stat": {Data: bytes.Repeat([]byte("cpu x "), 9)}}); got != 0 {
		t.Errorf("nonsense gives %d ticks", got)
	}
}

func TestThroughputEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k, err := miner.KernelByName(yardstick)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Throughput(ctx, k, 1, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled measurement says %v", err)
	}
}
