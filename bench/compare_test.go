package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCompareKernels(t *testing.T) {
	a := &KernelResults{Threads: 2, Versions: 256, Machine: Machine{CPU: "old"}, Program: Program{Version: "v1"}, Kernels: []KernelResult{
		{Name: "stdlib", HpsOneCPU: 100, OneCPURange: [2]uint64{90, 110}, HpsAllCPU: 200, AllCPURange: [2]uint64{190, 210}},
		{Name: "gone", HpsOneCPU: 1},
		{Name: "broken", HpsOneCPU: 1},
		{Name: "never", Error: "no"},
	}}
	b := &KernelResults{Threads: 2, Versions: 1, Machine: Machine{CPU: "new"}, Program: Program{Version: "v1"}, Kernels: []KernelResult{
		{Name: "new", HpsOneCPU: 1},
		{Name: "stdlib", HpsOneCPU: 105, OneCPURange: [2]uint64{110, 120}, HpsAllCPU: 300, AllCPURange: [2]uint64{211, 310}},
		{Name: "broken", Error: "no"},
		{Name: "never", Error: "no"},
	}}
	c := CompareKernels(a, b)
	if want := []Difference{{"cpu", "old", "new"}, {"versions", "256", "1"}}; !slices.Equal(c.Differences, want) {
		t.Errorf("differences %+v, want %+v", c.Differences, want)
	}
	want := []KernelComparison{{Name: "stdlib", One: RateComparison{100, 105, 1.05, true}, All: RateComparison{200, 300, 1.5, false}}}
	if !slices.Equal(c.Kernels, want) {
		t.Errorf("kernels %+v, want %+v", c.Kernels, want)
	}
	if !slices.Equal(c.OnlyA, []string{"gone", "broken"}) || !slices.Equal(c.OnlyB, []string{"new"}) {
		t.Errorf("only in A %q, only in B %q", c.OnlyA, c.OnlyB)
	}
}

func TestProgramName(t *testing.T) {
	for want, p := range map[string]Program{
		"v1":                       {Version: "v1"},
		"v1 0123456789ab":          {Version: "v1", Revision: "0123456789abcdef"},
		"v1-0123456789ab":          {Version: "v1-0123456789ab", Revision: "0123456789abcdef"},
		"(devel) abc with changes": {Version: "(devel)", Revision: "abc", Modified: true},
		"v1-0123456789ab+dirty":    {Version: "v1-0123456789ab+dirty", Revision: "0123456789abcdef", Modified: true},
	} {
		if got := p.name(); got != want {
			t.Errorf("%+v is named %q, want %q", p, got, want)
		}
	}
}

func TestBenchfmt(t *testing.T) {
	r := measured(t)
	text := string(r.Benchfmt())
	for _, want := range []string{"^goos: [a-z]+$", "^goarch: [a-z0-9]+$", "^cpu: .+$", "^versions: 4$", "^# seed: 0011", "^Unit MH/s better=higher$"} {
		if !regexp.MustCompile("(?m)" + want).MatchString(text) {
			t.Errorf("no line matches %s in\n%s", want, text)
		}
	}
	line := regexp.MustCompile(`^BenchmarkScan/kernel=(stdlib|generic)/threads=[12] [1-9][0-9]* [0-9.]+ ns/op [0-9.]+ MH/s [0-9.]+ cpu-MH/s( [0-9.]+ cycles/hash)?$`)
	count := 0
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, "Benchmark") {
			count++
			if !line.MatchString(strings.TrimSuffix(l, "\n")) {
				t.Errorf("no benchmark line: %q", l)
			}
		}
	}
	if count != 2*2*3 {
		t.Errorf("%d lines for 2 kernels, 2 phases and 3 rounds", count)
	}
}

func TestSVG(t *testing.T) {
	r := measured(t)
	r.Machine.CPU = `<script>"&'`
	r.Kernels = append(r.Kernels, KernelResult{Name: "missing", Error: "no"})
	svg := string(r.SVG())
	for _, want := range []string{"prefers-color-scheme: dark", ">stdlib</text>", "Not on this machine: missing.", "&lt;script&gt;", "× stdlib"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(svg, "<script>") || strings.Contains(svg, "%!") || strings.Contains(svg, "NaN") || regexp.MustCompile(`(href|src|url)\b`).MatchString(svg) {
		t.Errorf("foreign text or a reference in\n%s", svg)
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if len((&KernelResults{}).SVG()) == 0 {
		t.Error("no picture of nothing")
	}
}

func TestRateText(t *testing.T) {
	for hps, want := range map[uint64]string{
		0: "0 H/s", 999: "999 H/s", 1000: "1.000 kH/s", 9_999_400: "9.999 MH/s", 9_999_900: "10.00 MH/s",
		107_130_000: "107.1 MH/s", 999_960_000: "1.000 GH/s", 1<<64 - 1: "18446.7 PH/s",
	} {
		if got := rateText(hps); got != want {
			t.Errorf("%d is %q, want %q", hps, got, want)
		}
	}
	for top, want := range map[float64]float64{1: 0.2, 8: 1, 67: 10, 107: 20, 214: 50, 999: 200} {
		if got := niceStep(top); got != want {
			t.Errorf("steps of %v to %v, want %v", got, top, want)
		}
	}
}
