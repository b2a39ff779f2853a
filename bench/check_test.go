package bench

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// failed lists the checks that do not hold.
func failed(r *CheckReport) (names []string) {
	for _, c := range r.Checks {
		if !c.OK {
			names = append(names, c.Name+": "+c.Detail)
		}
	}
	return names
}

func check(t testing.TB, r *KernelResults, o CheckOptions) *CheckReport {
	t.Helper()
	report, err := CheckKernels(t.Context(), marshal(t, r), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// worked is a document of a fixed amount of work, the same on every machine:
// two rounds of so many nonces in each phase, of which one in 256 has a hit.
func worked(t testing.TB, nonces uint64) *KernelResults {
	t.Helper()
	k, err := miner.KernelByName(yardstick)
	if err != nil {
		t.Fatal(err)
	}
	r := &KernelResults{
		Schema: KernelsSchema, Start: "2026-11-20T09:00:00.000Z", End: "2026-11-20T09:00:01.000Z",
		Machine: Machine{CPU: "slide rule", Features: []string{}, Processors: 1, Platform: "desk/top"},
		Threads: 2, Versions: 4, Rounds: 2, TimeMs: 100, Seed: testSeed,
		Kernels: []KernelResult{{Name: yardstick, Lanes: k.Lanes, ZeroBits: minZeroBits, One: new(Phase), All: new(Phase)}},
	}
	versions := rolledVersions(r.Versions)
	for _, p := range r.Kernels[0].phases() {
		var hits []hit
		for round := range r.Rounds {
			s := &scan{
				kernel: k, work: work{testSeed, yardstick, p.name, round}, versions: versions, target: targetOf(minZeroBits),
				threads: 2, time: time.Millisecond, nonces: nonces,
			}
			out, err := s.run(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			hits = append(hits, out.hits...)
			p.Rounds = append(p.Rounds, Round{Nonces: out.nonces, WallNs: 1e8, CPUNs: 9e7, ClockHz: 4e9})
		}
		(&prover{testSeed, yardstick, p.name, versions}).evidence(p.Phase, hits)
	}
	r.settle()
	return r
}

func TestCheckGenuine(t *testing.T) {
	if report := check(t, measured(t), CheckOptions{Full: true}); !report.Genuine {
		t.Errorf("%+v: %q", report, failed(report))
	}
	r := worked(t, 40_000)
	report := check(t, r, CheckOptions{Seed: testSeed})
	if !report.Genuine || report.Proven < 400_000 || report.Proven > 1_000_000 || report.Hashes != 640_000 || len(report.Unproven) == 0 || report.Seed != testSeed {
		t.Errorf("%+v: %q", report, failed(report))
	}
	lines := 0
	report = check(t, r, CheckOptions{Full: true, Progress: func(string) { lines++ }})
	if !report.Genuine || report.Rehashed != report.Hashes || lines == 0 {
		t.Errorf("%+v: %q", report, failed(report))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CheckKernels(ctx, marshal(t, r), CheckOptions{Full: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled check says %v", err)
	}
}

// forge multiplies the nonces of a phase and makes every figure follow.
func forge(r *KernelResults, p *Phase, times uint64) {
	for i := range p.Rounds {
		p.Rounds[i].Nonces *= times
	}
	r.settle()
}

// TestCheckForged changes genuine documents, with all the care that a forger
// who does not hash can take.
func TestCheckForged(t *testing.T) {
	genuine := marshal(t, worked(t, 40_000))
	first := func(r *KernelResults) *KernelResult { return &r.Kernels[len(r.Kernels)-1] }
	for name, c := range map[string]struct {
		fails string
		full  bool
		forge func(r *KernelResults)
	}{
		"a higher rate":            {"figures", false, func(r *KernelResults) { first(r).HpsAll *= 2 }},
		"another best":             {"figures", false, func(r *KernelResults) { r.Best = "avx9000" }},
		"fewer cycles":             {"figures", false, func(r *KernelResults) { first(r).Cycles = 1 }},
		"a wider range":            {"figures", false, func(r *KernelResults) { first(r).OneRange[0]-- }},
		"hashes for nothing":       {"figures", false, func(r *KernelResults) { first(r).One.Rounds[0].Hashes++ }},
		"three times the work":     {"counts", false, func(r *KernelResults) { forge(r, first(r).One, 3) }},
		"and the number of hits":   {"lowest", false, func(r *KernelResults) { forge(r, first(r).All, 3); first(r).All.Hits *= 3 }},
		"a third of the work":      {"hits", false, func(r *KernelResults) { forge3rd(r, first(r).One) }},
		"less time than possible":  {"times", false, func(r *KernelResults) { first(r).All.Rounds[0].WallNs = 1000000; r.settle() }},
		"more time than there was": {"times", false, func(r *KernelResults) { first(r).All.Rounds[0].WallNs = 1e12; r.settle() }},
		"an end before the start":  {"times", false, func(r *KernelResults) { r.End = "2001-01-01T00:00:00Z" }},
		"another seed":             {"hits", false, func(r *KernelResults) { r.Seed = strings.Repeat("5", 64) }},
		"another kernel's work":    {"hits", false, func(r *KernelResults) { first(r).Name = "faster"; r.settle() }},
		"phases swapped":           {"hits", false, func(r *KernelResults) { k := first(r); k.One, k.All = k.All, k.One; r.settle() }},
		"a hit twice": {"hits", false, func(r *KernelResults) {
			w := strings.Fields(first(r).All.Lowest)
			w[1] = w[0]
			first(r).All.Lowest = strings.Join(w, " ")
		}},
		"a hit moved": {"hits", false, func(r *KernelResults) {
			w := strings.Fields(first(r).All.Lowest)
			w[0], w[1] = w[1], w[0]
			first(r).All.Lowest = strings.Join(w, " ")
		}},
		"a hit of later nonces": {"hits", false, func(r *KernelResults) {
			first(r).All.Lowest = "0.99999999999.0 " + first(r).All.Lowest[strings.IndexByte(first(r).All.Lowest, ' ')+1:]
		}},
		"easier hits":      {"rehashed", true, func(r *KernelResults) { first(r).ZeroBits++; first(r).One.Hits /= 2; first(r).All.Hits /= 2 }},
		"another digest":   {"rehashed", true, func(r *KernelResults) { first(r).All.Digest = strings.Repeat("ab", 32) }},
		"a nonce too many": {"", false, func(r *KernelResults) { first(r).All.Rounds[0].Nonces++; r.settle() }},
	} {
		r, err := ParseKernels(genuine)
		if err != nil {
			t.Fatal(err)
		}
		c.forge(r)
		report := check(t, r, CheckOptions{Full: c.full})
		bad := failed(report)
		if c.fails == "" { // what nobody can see
			if !report.Genuine {
				t.Errorf("%s: %q", name, bad)
			}
			continue
		}
		if report.Genuine || !slices.ContainsFunc(bad, func(s string) bool {
			name, _, _ := strings.Cut(s, ":")
			return slices.Contains(strings.Fields(c.fails), name)
		}) {
			t.Errorf("%s: genuine %v, failed %q, want one of %s among them", name, report.Genuine, bad, c.fails)
		}
	}
	report, err := CheckKernels(t.Context(), genuine, CheckOptions{Seed: strings.Repeat("a", 64)})
	if err != nil || report.Genuine || !strings.HasPrefix(failed(report)[0], "seed: is 0011") {
		t.Errorf("another seed than asked for: %+v, %v", report, err)
	}
}

// forge3rd claims less than was done.
func forge3rd(r *KernelResults, p *Phase) {
	for i := range p.Rounds {
		p.Rounds[i].Nonces = max(1, p.Rounds[i].Nonces/3)
	}
	r.settle()
}

func TestCheckUnreadable(t *testing.T) {
	for _, s := range []string{"", "{}", "null", "[]", `{"schema":"hashlease-bench-kernels/1"}`} {
		report, err := CheckKernels(t.Context(), []byte(s), CheckOptions{})
		if err != nil || report.Genuine || len(report.Checks) != 1 || report.Checks[0].Name != "form" {
			t.Errorf("%q: %+v, %v", s, report, err)
		}
	}
}

// TestSurprise compares Chernoff's bound with the exact tails.
func TestSurprise(t *testing.T) {
	tail := func(n int, mean float64) float64 { // of as many or more, or as many or fewer
		sum := 0.0
		for k := range 2000 {
			if float64(n) < mean == (k <= n) && (float64(n) < mean || k >= n) {
				l, _ := math.Lgamma(float64(k) + 1)
				sum += math.Exp(float64(k)*math.Log(mean) - mean - l)
			}
		}
		return sum
	}
	for _, c := range []struct {
		n    int
		mean float64
	}{{0, 3}, {5, 3}, {64, 128}, {64, 20}, {200, 150}, {1, 40}} {
		bound, exact := math.Exp(-surprise(float64(c.n), c.mean)), tail(c.n, c.mean)
		if exact > bound*(1+1e-9) || exact < bound/60 {
			t.Errorf("%d of %v: bound %g, exactly %g", c.n, c.mean, bound, exact)
		}
	}
	if surprise(7, 7) != 0 || surprise(0, 0) != 0 || !math.IsInf(surprise(1, 0), 1) {
		t.Error("what is expected surprises, or what is impossible does not")
	}
}

func TestParseKernels(t *testing.T) {
	genuine := string(marshal(t, measured(t)))
	if r, err := ParseKernels([]byte("\n" + strings.ReplaceAll(genuine, `,"`, ",\n\t\""))); err != nil || string(marshal(t, r)) != genuine {
		t.Errorf("another layout: %v", err)
	}
	replace := func(old, new string) string {
		if !strings.Contains(genuine, old) {
			t.Fatalf("nothing to replace: %s", old)
		}
		return strings.Replace(genuine, old, new, 1)
	}
	cases := map[string]string{
		"":                                      "not JSON",
		"{":                                     "not JSON",
		genuine + "x":                           "not JSON",
		genuine[:len(genuine)/2]:                "not JSON",
		"\xff" + genuine:                        "not UTF-8",
		`{"schema":"other/1"}`:                  "want the schema hashlease-bench-kernels/2",
		strings.Repeat(" ", 5<<20):              "at most 4194304 are read",
		replace(`"best"`, `"besst"`):            `unknown field "besst"`,
		replace(`"best"`, `"Best"`):             `key "Best": unknown`,
		replace(`"best"`, `"seed"`):             `key "seed": given twice`,
		replace(`"threads":2`, `"threads":0`):   "threads: 0: want 1 to 4096",
		replace(`"threads":2`, `"threads":"2"`): "threads",
		replace(`"versions":4`, `"versions":4097`):                                 "versions: 4097",
		replace(`"rounds":3`, `"rounds":100`):                                      "rounds: 100",
		replace(`"rounds":3`, `"rounds":2`):                                        "3 rounds of 2",
		replace(`"name":"stdlib"`, `"name":"generic"`):                             "want different names",
		replace(`"name":"stdlib"`, `"name":"A b"`):                                 "small letters",
		replace(`"lanes":1`, `"lanes":33`):                                         "33 lanes",
		replace(`"lanes":1`, `"lanes":1,"error":"x"`):                              "has an error and was measured",
		replace(`"version":"v0-test"`, `"version":"\u001b[2J"`):                    "printable",
		replace(`"version":"v0-test"`, `"version":"`+strings.Repeat("x", 201)+`"`): "at most 200",
		replace(`"seed":"00`, `"seed":"0`):                                         "want 64 hexadecimal digits",
		replace(`"start":"2`, `"start":"x`):                                        "start or end",
		replace(`"nonces":`, `"nonces":999999999999999`):                           "2^50",
		replace(`"wall_ns":`, `"wall_ns":-`):                                       "at least 1",
		replace(`"clock_hz":`, `"clock_hz":99999999`):                              "clock of",
		replace(`"digest":"`, `"digest":"g`):                                       "want 64 hexadecimal digits",
		replace(`"lowest":"`, `"lowest":"0`):                                       "want round.nonce.version",
		replace(`"lowest":"`, `"lowest":"9.1.1 `):                                  "there are 3 rounds",
		replace(`"lowest":"`, `"lowest":"1.1.4 `):                                  "there are 3 rounds and 4 versions",
		replace(`"lowest":"`, `"lowest":"`+strings.Repeat("0.1.1 ", 99)):           "more than 64 hits",
		replace(`"lowest":"`, `"lowest":"-1.1.1 `):                                 "want round.nonce.version",
		replace(`"lowest":"`, `"lowest":"1.+1.1 `):                                 "want round.nonce.version",
	}
	for _, document := range slices.Sorted(maps.Keys(cases)) {
		want := cases[document]
		if _, err := ParseKernels([]byte(document)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.300s: %v; want %q", document, err, want)
		}
	}
	if _, err := ParseKernels([]byte(`{"schema":"hashlease-bench-kernels/1"}`)); !errors.Is(err, ErrSchema) {
		t.Errorf("another schema: %v", err)
	}
}

// FuzzCheckKernels feeds the check nonsense: it ends, and what it finds
// genuine can be written, read and compared.
func FuzzCheckKernels(f *testing.F) {
	f.Add(marshal(f, worked(f, 500))) // short, or minimizing takes all the time
	f.Add([]byte(`{"schema":"hashlease-bench-kernels/2","kernels":[{"name":"a","lanes":1,"error":"x"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := CheckKernels(t.Context(), b, CheckOptions{}); err != nil {
			t.Fatal(err)
		}
		r, err := ParseKernels(b)
		if err != nil {
			return
		}
		r.SVG()
		r.Benchfmt()
		if c := CompareKernels(r, r); len(c.Differences) != 0 {
			t.Errorf("a document differs from itself: %+v", c.Differences)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKernels(again); err != nil {
			t.Errorf("%s\nwas read, and then written as\n%s\nwhich is not: %v", b, again, err)
		}
	})
}
