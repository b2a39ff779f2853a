package bench

import (
	"strconv"
	"strings"
)

// CompareSchema names the layout of Comparison.
const CompareSchema = "hashlease-bench-compare/1"

// Comparison sets two results of Kernels against each other.
type Comparison struct {
	Schema      string             `json:"schema"`
	Differences []Difference       `json:"differences"` // of what was measured and how, other than rates
	Kernels     []KernelComparison `json:"kernels"`     // those in both, in the order of the second
	OnlyA       []string           `json:"only_a,omitempty"`
	OnlyB       []string           `json:"only_b,omitempty"`
}

// Difference is something that makes the two not the same measurement.
type Difference struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// KernelComparison compares one kernel.
type KernelComparison struct {
	Name string         `json:"name"`
	One  RateComparison `json:"one_thread"`
	All  RateComparison `json:"all_threads"`
}

// RateComparison compares two rates by processor time, which does not ask
// what else the machines did.
type RateComparison struct {
	A     uint64  `json:"a_hps"`
	B     uint64  `json:"b_hps"`
	Ratio float64 `json:"ratio"` // B over A
	Noise bool    `json:"noise"` // the ranges of the middle half of the rounds overlap: there may be no difference
}

// CompareKernels compares b with a.
func CompareKernels(a, b *KernelResults) *Comparison {
	c := &Comparison{Schema: CompareSchema, Differences: []Difference{}, Kernels: []KernelComparison{}}
	for _, d := range []Difference{
		{"cpu", a.Machine.CPU, b.Machine.CPU},
		{"features", strings.Join(a.Machine.Features, " "), strings.Join(b.Machine.Features, " ")},
		{"processors", strconv.Itoa(a.Machine.Processors), strconv.Itoa(b.Machine.Processors)},
		{"platform", a.Machine.Platform, b.Machine.Platform},
		{"os", a.Machine.OS, b.Machine.OS},
		{"governor", a.Machine.Governor, b.Machine.Governor},
		{"program", a.Program.name(), b.Program.name()},
		{"go", a.Program.Go, b.Program.Go},
		{"threads", strconv.Itoa(a.Threads), strconv.Itoa(b.Threads)},
		{"versions", strconv.Itoa(a.Versions), strconv.Itoa(b.Versions)},
		{"time_ms", strconv.FormatInt(a.TimeMs, 10), strconv.FormatInt(b.TimeMs, 10)},
	} {
		if d.A != d.B {
			c.Differences = append(c.Differences, d)
		}
	}
	in := map[string]*KernelResult{}
	for i := range a.Kernels {
		if k := &a.Kernels[i]; k.Error == "" {
			in[k.Name] = k
		}
	}
	both := map[string]bool{}
	for i := range b.Kernels {
		k := &b.Kernels[i]
		switch old := in[k.Name]; {
		case k.Error != "":
		case old == nil:
			c.OnlyB = append(c.OnlyB, k.Name)
		default:
			both[k.Name] = true
			c.Kernels = append(c.Kernels, KernelComparison{
				Name: k.Name,
				One:  compareRates(old.HpsOneCPU, k.HpsOneCPU, old.OneCPURange, k.OneCPURange),
				All:  compareRates(old.HpsAllCPU, k.HpsAllCPU, old.AllCPURange, k.AllCPURange),
			})
		}
	}
	for i := range a.Kernels {
		if k := &a.Kernels[i]; k.Error == "" && !both[k.Name] {
			c.OnlyA = append(c.OnlyA, k.Name)
		}
	}
	return c
}

func compareRates(a, b uint64, spanA, spanB [2]uint64) RateComparison {
	r := RateComparison{A: a, B: b, Noise: spanA[0] <= spanB[1] && spanB[0] <= spanA[1]}
	if a > 0 {
		r.Ratio = roundTo(float64(b)/float64(a), 1000)
	}
	return r
}

// name is the program's version, with the commit if it says more.
func (p Program) name() string {
	s := p.Version
	if p.Revision != "" && !strings.Contains(s, p.Revision[:min(12, len(p.Revision))]) {
		s += " " + p.Revision[:min(12, len(p.Revision))]
	}
	if p.Modified && !strings.Contains(s, "dirty") {
		s += " with changes"
	}
	return s
}
