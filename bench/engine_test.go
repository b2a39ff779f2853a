package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

func TestLatencyOf(t *testing.T) {
	var all []time.Duration
	for i := range 200 {
		all = append(all, time.Duration(200-i))
	}
	for _, c := range []struct {
		of   []time.Duration
		want Latency
	}{
		{nil, Latency{}},
		{[]time.Duration{7}, Latency{1, 7, 7, 7}},
		{[]time.Duration{9, 1}, Latency{2, 1, 9, 9}},
		{all, Latency{200, 100, 198, 200}},
		{all[:199], Latency{199, 101, 199, 200}},
	} {
		if got := latencyOf(c.of); got != c.want {
			t.Errorf("of %d values: %+v, want %+v", len(c.of), got, c.want)
		}
	}
	if all[0] != 200 {
		t.Error("the values were sorted in place")
	}
}

func TestLatencySince(t *testing.T) {
	buckets := []float64{math.Inf(-1), 1e-9, 5e-9, 1e-6, math.Inf(1)}
	hist := func(counts ...uint64) *metrics.Float64Histogram {
		return &metrics.Float64Histogram{Counts: counts, Buckets: buckets}
	}
	for _, c := range []struct {
		old, now *metrics.Float64Histogram
		want     Latency
	}{
		{nil, hist(0, 0, 0, 0), Latency{}},
		{hist(5, 5, 5, 5), hist(5, 5, 5, 5), Latency{}},
		{nil, hist(60, 39, 1, 0), Latency{100, 1, 5, 1000}},
		{hist(60, 0, 0, 0), hist(60, 1, 1, 0), Latency{2, 5, 1000, 1000}},
		{hist(1, 1, 1, 1), hist(1, 1, 1, 3), Latency{2, 1000, 1000, 1000}},
	} {
		if got := latencySince(c.old, c.now); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
	pauses, waits := readHistograms()
	if len(pauses.Counts) == 0 || len(waits.Counts) == 0 {
		t.Error("the runtime has no histograms")
	}
}

// The time of a new job ends with the last thread; a gap is between two jobs
// of one thread and not between two tasks.
func TestKickMeter(t *testing.T) {
	m := newKickMeter(2)
	at := func(ms int) time.Time { return time.Unix(1000, int64(ms)*1e6) }
	told := func(thread int, job uint64, ended, began int) {
		s := miner.Switch{Thread: thread, Task: &miner.Task{Ref: &numberedJob{number: job}}, Began: at(began), Busy: time.Microsecond}
		if ended > 0 {
			s.Ended = at(ended)
		}
		m.switched(s)
	}
	told(0, 0, 0, 1)
	told(1, 0, 0, 1)
	m.expect(1, at(10))
	told(0, 1, 11, 12)
	told(0, 1, 13, 14) // its next task
	told(1, 0, 14, 15) // a task taken before the kick
	select {
	case d := <-m.all:
		t.Fatalf("all threads took %v, but one has the old job", d)
	default:
	}
	told(1, 1, 20, 23)
	if d := <-m.all; d != 13*time.Millisecond {
		t.Errorf("all threads took %v, want 13ms", d)
	}
	m.expect(3, at(30)) // job 2 never was
	told(1, 2, 31, 32)
	told(1, 3, 33, 34)
	told(0, 3, 31, 35)
	if d := <-m.all; d != 5*time.Millisecond {
		t.Errorf("all threads took %v, want 5ms", d)
	}
	want := Latency{5, int64(time.Millisecond), int64(4 * time.Millisecond), int64(4 * time.Millisecond)}
	if got := latencyOf(m.gaps); got != want {
		t.Errorf("gaps %+v, want %+v", got, want)
	}
	if got := latencyOf(m.own); got != (Latency{5, 1000, 1000, 1000}) {
		t.Errorf("own part of the gaps %+v", got)
	}
}

func TestJobSource(t *testing.T) {
	s := newJobSource(2, 256)
	a, ok := s.Next(0, 256*1000)
	b, _ := s.Next(0, 10)
	c, _ := s.Next(1, 256*1000)
	if !ok || len(a.Versions) != 256 || a.Count != 1000 || b.Count != 1 || b.Nonce != 1000 || c.Nonce != 0 {
		t.Errorf("tasks %+v, %+v, %+v", a, b, c)
	}
	if a.Header != b.Header || a.Header == c.Header || a.Target != (miner.Target{}) {
		t.Error("tasks of one thread differ in their header, or those of two do not")
	}
	s.publish(1)
	d, _ := s.Next(0, 256)
	if d.Header == a.Header || d.Nonce != 0 || d.Ref.(*numberedJob).number != 1 {
		t.Errorf("after a new job: %+v", d)
	}
	s.threads[0].nonce = 1<<32 - 5
	e, _ := s.Next(0, 256*1000)
	f, _ := s.Next(0, 256*1000)
	if e.Count != 5 || f.Nonce != 0 {
		t.Errorf("at the end of the nonces: %+v, %+v", e, f)
	}
	if one, _ := newJobSource(1, 1).Next(0, 1000); one.Versions != nil || one.Count != 1000 {
		t.Errorf("without rolling: %+v", one)
	}
}

func TestSubmits(t *testing.T) {
	took, err := submits(t.Context(), 5)
	if err != nil || len(took) != 5 || latencyOf(took).P50 <= 0 {
		t.Errorf("%v, %v", took, err)
	}
	if took, err := submits(t.Context(), 0); err != nil || len(took) != 0 {
		t.Errorf("%v, %v", took, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := submits(ctx, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLitterEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := litter(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSettleScaling(t *testing.T) {
	one := []rates{{wall: 100, cpu: 110, present: 1}, {wall: 90, cpu: 109, present: 0.9}, {wall: 10, cpu: 120, present: 0.1}}
	all := []rates{{wall: 150, cpu: 219, present: 0.7}, {wall: 180, cpu: 217, present: 0.8}, {wall: 190, cpu: 218, present: 0.9}}
	want := Scaling{HpsOne: 90, HpsAll: 180, HpsOneCPU: 110, HpsAllCPU: 218, Wall: 2, CPU: 1.98, Present: 0.8}
	if got := settleScaling(one, all); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := hundredths(1, 0); got != 0 {
		t.Errorf("1 over 0 is %v", got)
	}
}

func TestGoals(t *testing.T) {
	r := EngineResults{Threads: 2, Scaling: Scaling{CPU: 1.95}, Kick: Latency{P99: 5e6}, Gap: Latency{P99: 1e6}, GapOwn: Latency{Max: 1e6}}
	for _, g := range r.goals() {
		if !g.Met {
			t.Errorf("at the limit: %+v", g)
		}
	}
	r = EngineResults{Threads: 2, Scaling: Scaling{CPU: 1.94}, Kick: Latency{P99: 5e6 + 1}, Gap: Latency{P99: 1e6 + 1}, GapOwn: Latency{Max: 1e6 + 1}}
	for _, g := range r.goals() {
		if g.Met {
			t.Errorf("beyond the limit: %+v", g)
		}
	}
	r.Threads = 1
	if n := len(r.goals()); n != 3 {
		t.Errorf("%d goals of one thread, which does not scale", n)
	}
}

func TestParseLoad(t *testing.T) {
	if l := parseLoad("0.52 1.03 0.98 2/345 6789\n"); l == nil || l.Average1 != 0.52 {
		t.Errorf("%+v", l)
	}
	for _, bad := range []string{"", "\n", "busy", "-1 0 0"} {
		if l := parseLoad(bad); l != nil {
			t.Errorf("%q: %+v", bad, l)
		}
	}
}

func TestEngine(t *testing.T) {
	k, err := miner.KernelByName("stdlib")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	res, err := Engine(t.Context(), EngineConfig{
		Kernel: k, Threads: 2, Kicks: 7, Submits: 5, Time: 2 * time.Millisecond, Normal: true, Progress: func(string) { lines++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Kernel != "stdlib" || res.Threads != 2 || res.Versions != rolled || lines == 0 {
		t.Errorf("%+v", res)
	}
	if res.Kick.Count != 7 || res.Gap.Count == 0 || res.Gap.Count > 14 || res.Gap.Count != res.GapOwn.Count {
		t.Errorf("new jobs: %+v, %+v, %+v", res.Kick, res.Gap, res.GapOwn)
	}
	if res.Submit.Idle.Count != 5 || res.Submit.Full.Count != 5 {
		t.Errorf("shares: %+v", res.Submit)
	}
	if s := res.Scaling; s.HpsOne == 0 || s.HpsAllCPU == 0 || s.CPU <= 0 || s.Present <= 0 || len(res.Goals) != 4 {
		t.Errorf("scaling %+v, %d goals", s, len(res.Goals))
	}
	b, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"schema":"hashlease-bench-engine/1"`, `"scaling":{"hps_1thread":`, `"kick":{"count":7,"p50_ns":`,
		`"gap":{`, `"gap_own":{`, `"gc_pause":{"idle":{`, `"goroutine_in":{`, `"submit_answer":{`, `"goals":[{"name":`} {
		if !strings.Contains(string(b), key) {
			t.Errorf("%s lacks %s", b, key)
		}
	}
	for _, bad := range []EngineConfig{{Threads: -1}, {Threads: miner.MaxThreads + 1}, {Versions: MaxJobVersions + 1}, {Kicks: -1}, {Submits: MaxSubmits + 1}, {Time: -1}} {
		if _, err := Engine(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "want ") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
