package bench

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// CheckReport is what CheckKernels found. The document is genuine when every
// check holds; Unproven says what that does not mean.
type CheckReport struct {
	Genuine  bool     `json:"genuine"`
	Checks   []Check  `json:"checks"`
	Unproven []string `json:"unproven,omitempty"`
	Seed     string   `json:"seed,omitempty"`
	Hashes   uint64   `json:"hashes,omitempty"`    // claimed
	Proven   uint64   `json:"proven,omitempty"`    // hashes, as the lowest hits show them
	ProvenSD uint64   `json:"proven_sd,omitempty"` // standard deviation of that estimate
	Rehashed uint64   `json:"rehashed,omitempty"`  // all of them, when every header was hashed again
}

// CheckOptions says how to check. Its zero value works.
type CheckOptions struct {
	Seed     string            // the seed that was asked for; "": any
	Full     bool              // hash every header again, which takes as long as the benchmark
	Progress func(line string) // nil: silent
}

// surprising is the bound above which a deviation is no chance: an event of
// that many nats has a probability below e^-20 = 2·10^-9, and a document has
// some fifty of them.
const surprising = 20

// surprise bounds how improbable it is that n events come where mean are
// expected, or fewer if n is below mean, or more if it is above: the
// probability is at most exp(-surprise) (Chernoff's bound of the Poisson
// distribution).
func surprise(n, mean float64) float64 {
	if n == 0 {
		return mean
	}
	if mean <= 0 {
		return math.Inf(1)
	}
	return n*math.Log(n/mean) - n + mean
}

// CheckKernels tells whether a document of Kernels is genuine: its figures
// agree with each other, and the hits in it show that the hashes were made.
// It fails only if ctx ends; a document that cannot be read is not genuine.
func CheckKernels(ctx context.Context, document []byte, o CheckOptions) (*CheckReport, error) {
	report := new(CheckReport)
	r, err := ParseKernels(document)
	if err != nil {
		report.add("form", err, "")
		return report, nil
	}
	report.Seed = r.Seed
	report.add("form", nil, "%s, %d kernels", r.Schema, len(r.Kernels))
	if o.Seed != "" {
		var err error
		if o.Seed != r.Seed {
			err = fmt.Errorf("is %s, want %s", r.Seed, o.Seed)
		}
		report.add("seed", err, "the one that was asked for")
	}
	report.add("figures", r.checkFigures(), "medians, ranges, ratios and the best follow from the rounds")
	report.add("times", r.checkTimes(), "the rounds fit between start and end, the processor time into them")
	c := evidenceCheck{doc: r, versions: rolledVersions(r.Versions)}
	report.add("versions", c.checkVersions(), "%d rolled versions", r.Versions)
	if !report.allOK() {
		return report, nil
	}
	c.look(report)
	if o.Full && report.allOK() {
		if err := r.rehash(ctx, o.Progress, report); err != nil {
			return nil, err
		}
	}
	report.Genuine = report.allOK()
	report.Unproven = c.unproven(o)
	return report, nil
}

// add notes a check that holds unless err is set.
func (r *CheckReport) add(name string, err error, format string, args ...any) {
	c := Check{Name: name, OK: err == nil, Detail: fmt.Sprintf(format, args...)}
	if err != nil {
		c.Detail = err.Error()
	}
	r.Checks = append(r.Checks, c)
}

func (r *CheckReport) allOK() bool {
	return !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.OK })
}

// checkFigures computes every figure again.
func (r *KernelResults) checkFigures() error {
	again := *r
	again.Kernels = slices.Clone(r.Kernels)
	for i := range again.Kernels {
		for _, p := range []**Phase{&again.Kernels[i].One, &again.Kernels[i].All} {
			if *p != nil {
				phase := **p
				phase.Rounds = slices.Clone(phase.Rounds)
				*p = &phase
			}
		}
	}
	again.settle()
	if again.Best != r.Best {
		return fmt.Errorf("best is %q, want %q", r.Best, again.Best)
	}
	for i := range r.Kernels {
		k, want := &r.Kernels[i], &again.Kernels[i]
		if reflect.DeepEqual(k, want) {
			continue
		}
		for f, v := range reflect.ValueOf(*k).Fields() {
			if w := reflect.ValueOf(*want).FieldByIndex(f.Index); !reflect.DeepEqual(v.Interface(), w.Interface()) {
				if v.Kind() == reflect.Pointer {
					return fmt.Errorf("kernel %s: hashes of %s are not nonces × versions", k.Name, f.Tag.Get("json"))
				}
				return fmt.Errorf("kernel %s: %s is %v, want %v", k.Name, f.Tag.Get("json"), v, w)
			}
		}
	}
	return nil
}

// checkTimes compares the rounds with the times around them.
func (r *KernelResults) checkTimes() error {
	start, end, err := r.times()
	if err != nil {
		return err
	}
	var sum time.Duration
	for i := range r.Kernels {
		k := &r.Kernels[i]
		for _, p := range k.phases() {
			for j, x := range p.Rounds {
				sum += time.Duration(x.WallNs)
				threads := int64(1)
				if p.name == allThreads {
					threads = int64(r.Threads)
				}
				// Clocks differ by a tick or so.
				if most := threads * (x.WallNs + x.WallNs/100 + int64(time.Millisecond)); x.CPUNs > most {
					return fmt.Errorf("kernel %s, %s, round %d: %v of processor time in %v", k.Name, p.name, j, time.Duration(x.CPUNs), time.Duration(x.WallNs))
				}
			}
		}
	}
	if took := end.Sub(start); sum > took+time.Second {
		return fmt.Errorf("the rounds took %v, from start to end are %v", sum.Round(time.Millisecond), took)
	}
	return nil
}

// namedPhase is a phase of a kernel and its name.
type namedPhase struct {
	*Phase
	name phaseName
}

// phases are those of the kernel, none if it was not measured.
func (k *KernelResult) phases() []namedPhase {
	if k.One == nil || k.All == nil {
		return nil
	}
	return []namedPhase{{k.One, oneThread}, {k.All, allThreads}}
}

// hashes is the sum of the rounds.
func (p *Phase) hashes() (sum uint64) {
	for _, r := range p.Rounds {
		sum += r.Hashes
	}
	return sum
}

// chance is the part of all hashes that are at most h.
func chance(h miner.Hash) float64 {
	f, _ := miner.Target(h).Big().Float64()
	return (f + 1) / math.Exp2(256)
}
