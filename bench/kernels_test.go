package bench

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

func TestKernels(t *testing.T) {
	lines := 0
	res, err := Kernels(t.Context(), KernelsConfig{Threads: 1, Time: 2 * time.Millisecond, Progress: func(string) { lines++ }})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Kernels) != len(miner.Kernels()) {
		t.Errorf("%d kernels measured of %d", len(res.Kernels), len(miner.Kernels()))
	}
	if lines == 0 {
		t.Error("no progress was told")
	}
	for _, k := range res.Kernels {
		switch {
		case k.Error != "":
		case k.HpsOne == 0 || k.HpsAll == 0:
			t.Errorf("kernel %s: %d H/s with one thread, %d with all", k.Name, k.HpsOne, k.HpsAll)
		case k.Name == yardstick && k.Ratio != 1:
			t.Errorf("the yardstick is %v of itself", k.Ratio)
		}
	}
	b, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"schema":"hashlease-bench-kernels/1"`, `"kernels":[{"name":`, `"lanes":`,
		`"hps_1thread":`, `"hps_all":`, `"ratio_stdlib":`, `"best":"` + res.Best} {
		if !strings.Contains(string(b), key) {
			t.Errorf("%s lacks %s", b, key)
		}
	}
}

func TestSettle(t *testing.T) {
	r := KernelResults{Kernels: []KernelResult{{Name: "stdlib"}, {Name: "fast"}, {Name: "missing", Error: "no"}}}
	r.settle([][]uint64{{100, 300, 200}, {1, 1000, 900}, nil}, [][]uint64{{5, 5, 5}, {9, 8, 7}, nil})
	want := []KernelResult{
		{Name: "stdlib", HpsOne: 200, HpsAll: 5, Ratio: 1},
		{Name: "fast", HpsOne: 900, HpsAll: 8, Ratio: 4.5},
		{Name: "missing", Error: "no"},
	}
	for i, k := range r.Kernels {
		if k != want[i] {
			t.Errorf("got %+v, want %+v", k, want[i])
		}
	}
	if r.Best != "fast" {
		t.Errorf("best is %q", r.Best)
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
