package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// evidenceCheck looks at the hits of a document.
type evidenceCheck struct {
	doc      *KernelResults
	versions []uint32
	weak     bool // there is too little of them to show anything
}

func (c *evidenceCheck) checkVersions() error {
	if len(c.versions) != c.doc.Versions {
		return fmt.Errorf("%d versions cannot be rolled", c.doc.Versions)
	}
	return nil
}

// look adds the checks of the hits to the report.
func (c *evidenceCheck) look(report *CheckReport) {
	var hits, counts, lowest, digests error
	var shown, complete, phases int
	var proven, variance float64
	least := math.Inf(1) // hits of a phase
	first := func(err *error, kernel string, p namedPhase, found error) {
		if *err == nil && found != nil {
			*err = fmt.Errorf("kernel %s, %s: %w", kernel, p.name, found)
		}
	}
	for i := range c.doc.Kernels {
		k := &c.doc.Kernels[i]
		for _, p := range k.phases() {
			phases++
			list, err := c.rehashLowest(k, p)
			first(&hits, k.Name, p, err)
			shown += len(list)
			report.Hashes += p.hashes()
			expected := float64(p.hashes()) / math.Exp2(float64(k.ZeroBits))
			least = min(least, expected)
			if surprise(float64(p.Hits), expected) > surprising {
				first(&counts, k.Name, p, fmt.Errorf("%d hits, where %s give %.1f", p.Hits, hashesText(p.hashes()), expected))
			}
			if err != nil {
				continue
			}
			if n := len(list); n > 0 {
				rank, part := float64(n), chance(list[n-1].hash)
				estimate := (rank - 1) / part
				if p.Hits <= maxLowest { // nothing was left out: the number counts, not the place of the last
					estimate = rank * math.Exp2(float64(k.ZeroBits))
				}
				proven += estimate
				variance += estimate * estimate / rank
				mean := part * float64(p.hashes())
				if mean > rank {
					rank--
				}
				if surprise(rank, mean) > surprising {
					first(&lowest, k.Name, p, fmt.Errorf("the %d lowest hashes are those of %s, not of %s", n, hashesText(uint64(estimate)), hashesText(p.hashes())))
				}
			}
			if p.Hits <= maxLowest {
				complete++
				sorted := make([]hit, len(list))
				for i, h := range list {
					sorted[i] = h.hit
				}
				slices.SortFunc(sorted, compareHits)
				if digestHits(sorted) != p.Digest {
					first(&digests, k.Name, p, fmt.Errorf("the digest is not that of its %d hits", p.Hits))
				}
			}
		}
	}
	report.Proven, report.ProvenSD = uint64(min(proven, 1e19)), uint64(min(math.Sqrt(variance), 1e19))
	c.weak = phases == 0 || least < 10
	report.add("hits", hits, "%d headers hashed again, each a hit within the nonces that were scanned", shown)
	report.add("digests", digests, "%d of %d computed anew; those of more than %d hits need --full", complete, phases, maxLowest)
	report.add("counts", counts, "as many hits as %s give", hashesText(report.Hashes))
	report.add("lowest", lowest, "as low as %s give: they show %s ± %s", hashesText(report.Hashes), hashesText(report.Proven), hashesText(report.ProvenSD))
}

// shownHit is a hit with its hash.
type shownHit struct {
	hit
	hash miner.Hash
}

// rehashLowest computes the hashes of a phase's listed hits, which must be in
// the order of their hashes and as many as there can be.
func (c *evidenceCheck) rehashLowest(k *KernelResult, p namedPhase) ([]shownHit, error) {
	list, err := p.lowest(len(c.versions))
	if err != nil {
		return nil, err
	}
	if want := min(p.Hits, maxLowest); uint64(len(list)) != want {
		return nil, fmt.Errorf("%d hits are listed, want %d", len(list), want)
	}
	pr := prover{c.doc.Seed, k.Name, p.name, c.versions}
	target := targetOf(k.ZeroBits)
	var shown []shownHit
	for i, h := range list {
		s := shownHit{h, pr.hash(h)}
		switch {
		case h.nonce >= p.Rounds[h.round].Nonces:
			return nil, fmt.Errorf("hit %v: only %d nonces were scanned", h, p.Rounds[h.round].Nonces)
		case !s.hash.Meets(target):
			return nil, fmt.Errorf("hit %v: its hash %v has no %d leading zero bits", h, s.hash, k.ZeroBits)
		case i > 0 && s.hash.Cmp(shown[i-1].hash) <= 0:
			return nil, fmt.Errorf("hit %v: not in the order of the hashes", h)
		}
		shown = append(shown, s)
	}
	return shown, nil
}

// unproven says what a genuine document still leaves open.
func (c *evidenceCheck) unproven(o CheckOptions) []string {
	list := []string{
		"which machine made the hashes, or whether several did",
		"how fast they were made: times, clock, energy and the machine are the file's word",
		"which kernel made them: each finds the same hits",
	}
	if o.Seed == "" {
		list = append(list, "when they were made: a seed chosen by whoever asks would show that it was afterwards (bench --seed)")
	}
	if c.weak && !o.Full {
		list = append(list, "that all were made: too few to be shown by their hits (a longer --time, or check --full)")
	}
	return list
}

// rehash scans every header of the document again and compares all hits.
func (r *KernelResults) rehash(ctx context.Context, progress func(string), report *CheckReport) error {
	if progress == nil {
		progress = func(string) {}
	}
	best, _ := miner.Best(5 * time.Millisecond)
	if best == nil {
		report.add("rehashed", fmt.Errorf("no kernel passed its self-test: this machine computes wrongly"), "")
		return nil
	}
	versions, start := rolledVersions(r.Versions), time.Now()
	cpus := miner.Processors()
	var wrong error
	for i := range r.Kernels {
		k := &r.Kernels[i]
		for _, p := range k.phases() {
			var hits []hit
			for j, round := range p.Rounds {
				left := "all of it"
				if n := report.Rehashed; n > 0 {
					left = time.Duration(float64(time.Since(start)) * (float64(report.Hashes)/float64(n) - 1)).Round(time.Second).String()
				}
				progress(fmt.Sprintf("%s, %s, round %d: %s left", k.Name, p.name, j+1, left))
				s := &scan{
					kernel: best, work: work{r.Seed, k.Name, p.name, j}, versions: versions, target: targetOf(k.ZeroBits),
					threads: len(cpus), cpus: cpus, time: time.Millisecond, nonces: round.Nonces,
				}
				out, err := s.run(ctx, nil)
				if err != nil {
					return err
				}
				hits = append(hits, out.hits...)
				report.Rehashed += out.nonces * uint64(r.Versions)
			}
			var again Phase
			(&prover{r.Seed, k.Name, p.name, versions}).evidence(&again, hits)
			if wrong == nil && (again.Hits != p.Hits || again.Digest != p.Digest || again.Lowest != p.Lowest) {
				wrong = fmt.Errorf("kernel %s, %s: %d hits of %d are not those of the file", k.Name, p.name, again.Hits, p.Hits)
			}
		}
	}
	report.add("rehashed", wrong, "all %s: every hit is one of the file and the other way round", hashesText(report.Rehashed))
	return nil
}
