package bench

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashlease/hashlease/miner"
)

// MaxKernelsBytes is the size of the largest document that is read. One with
// every limit reached is smaller.
const MaxKernelsBytes = 4 << 20

const (
	maxKernels  = 64
	maxFeatures = 64
	maxLanes    = 32
	maxHashes   = 1 << 50                   // of a round, so that all of them fit 64 bits
	maxDuration = int64(24 * time.Hour)     // of a round; longer is no measurement
	maxCPU      = maxDuration * (1 << 12)   // on all threads
	maxEnergy   = uint64(1_000_000_000_000) // µJ of a round: a megajoule
)

// ErrSchema is the error of a document that is no result of a kernel
// benchmark, or one of another version.
var ErrSchema = errors.New("want the schema " + KernelsSchema)

// ParseKernels reads a document that Kernels made and that was written as
// JSON in any layout. Unknown, repeated and differently spelled keys are
// errors, as are values outside of the limits that FORMAT.md states; that the
// figures agree with each other is left to CheckKernels.
func ParseKernels(b []byte) (*KernelResults, error) {
	if len(b) > MaxKernelsBytes {
		return nil, fmt.Errorf("%d bytes: at most %d are read", len(b), MaxKernelsBytes)
	}
	if !utf8.Valid(b) {
		return nil, errors.New("not JSON: not UTF-8")
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if head.Schema != KernelsSchema {
		return nil, fmt.Errorf("schema %.60q: %w", head.Schema, ErrSchema)
	}
	if err := checkKeys(b); err != nil {
		return nil, err
	}
	r := new(KernelResults)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, err
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r, nil
}

var keyForm = regexp.MustCompile(`^[a-z0-9_]+$`)

// checkKeys refuses what encoding/json reads in silence but other readers
// read otherwise: keys that come twice, or in capitals.
func checkKeys(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	type level struct {
		keys  map[string]bool // nil in an array
		value bool            // a value follows a key
	}
	var stack []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		var top *level
		if len(stack) > 0 {
			top = &stack[len(stack)-1]
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			stack = stack[:len(stack)-1]
			continue
		}
		if top != nil && top.keys != nil {
			if key, ok := token.(string); ok && !top.value {
				if !keyForm.MatchString(key) {
					return fmt.Errorf("key %.60q: unknown", key)
				}
				if top.keys[key] {
					return fmt.Errorf("key %.60q: given twice", key)
				}
				top.keys[key], top.value = true, true
				continue
			}
			top.value = false
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, level{keys: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		}
	}
}

var kernelName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// validate holds a document to its limits.
func (r *KernelResults) validate() error {
	within := func(what string, n, low, high int64) error {
		if n < low || n > high {
			return fmt.Errorf("%s: %d: want %d to %d", what, n, low, high)
		}
		return nil
	}
	err := errors.Join(
		within("threads", int64(r.Threads), 1, miner.MaxThreads),
		within("versions", int64(r.Versions), 1, MaxKernelVersions),
		within("rounds", int64(r.Rounds), 1, MaxKernelRounds),
		within("time_ms", r.TimeMs, 1, maxTime.Milliseconds()),
		within("machine.processors", int64(r.Machine.Processors), 1, 1<<20),
		within("machine.features", int64(len(r.Machine.Features)), 0, maxFeatures),
		within("kernels", int64(len(r.Kernels)), 1, maxKernels),
		CheckSeed(r.Seed),
	)
	if err != nil {
		return err
	}
	if _, _, err := r.times(); err != nil {
		return err
	}
	m, p := &r.Machine, &r.Program
	for _, s := range append([]string{p.Version, p.Revision, p.Go, m.CPU, m.Platform, m.OS, m.Governor, m.Driver, m.Energy}, m.Features...) {
		if s != printable(s) {
			return fmt.Errorf("text %.60q: want at most %d printable ASCII characters", s, maxText)
		}
	}
	seen := map[string]bool{}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		if !kernelName.MatchString(k.Name) || seen[k.Name] {
			return fmt.Errorf("kernel %.60q: want different names of small letters, digits and hyphens", k.Name)
		}
		seen[k.Name] = true
		if err := k.validate(r); err != nil {
			return fmt.Errorf("kernel %s: %w", k.Name, err)
		}
	}
	return nil
}

func (k *KernelResult) validate(r *KernelResults) error {
	if k.Lanes < 1 || k.Lanes > maxLanes {
		return fmt.Errorf("%d lanes: want 1 to %d", k.Lanes, maxLanes)
	}
	if k.Error != "" {
		if k.One != nil || k.All != nil || k.Error != printable(k.Error) {
			return errors.New("has an error and was measured, or an error that is not printable")
		}
		return nil
	}
	if k.One == nil || k.All == nil {
		return errors.New("has neither an error nor both phases")
	}
	if k.ZeroBits < minZeroBits || k.ZeroBits > maxZeroBits {
		return fmt.Errorf("zero_bits: %d: want %d to %d", k.ZeroBits, minZeroBits, maxZeroBits)
	}
	for _, p := range []*Phase{k.One, k.All} {
		if err := p.validate(r); err != nil {
			return err
		}
	}
	return nil
}

func (p *Phase) validate(r *KernelResults) error {
	if len(p.Rounds) != r.Rounds {
		return fmt.Errorf("%d rounds of %d", len(p.Rounds), r.Rounds)
	}
	for i, x := range p.Rounds {
		switch {
		case x.Nonces < 1 || x.Nonces > maxHashes/uint64(r.Versions):
			return fmt.Errorf("round %d: %d nonces: want at least 1, and at most 2^50 hashes", i, x.Nonces)
		case x.WallNs < 1 || x.WallNs > maxDuration || x.CPUNs < 1 || x.CPUNs > maxCPU:
			return fmt.Errorf("round %d: took %d ns and %d ns: want at least 1 and at most a day, on each thread", i, x.WallNs, x.CPUNs)
		case x.ClockHz != 0 && (x.ClockHz < minClockHz || x.ClockHz > maxClockHz):
			return fmt.Errorf("round %d: clock of %d Hz: want %d to %d", i, x.ClockHz, minClockHz, maxClockHz)
		case x.PackageUJ > maxEnergy || x.DRAMUJ > maxEnergy:
			return fmt.Errorf("round %d: more than %d µJ", i, maxEnergy)
		}
	}
	if b, err := hex.DecodeString(p.Digest); err != nil || len(b) != 32 || hex.EncodeToString(b) != p.Digest {
		return fmt.Errorf("digest %.80q: want 64 hexadecimal digits in lower case", p.Digest)
	}
	_, err := p.lowest(r.Versions)
	return err
}

// lowest reads the hits of a phase, which must lie within what was scanned.
func (p *Phase) lowest(versions int) ([]hit, error) {
	if p.Lowest == "" {
		return nil, nil
	}
	if strings.Count(p.Lowest, " ") >= maxLowest {
		return nil, fmt.Errorf("lowest: more than %d hits", maxLowest)
	}
	var hits []hit
	for word := range strings.SplitSeq(p.Lowest, " ") {
		h, err := parseHit(word)
		if err != nil {
			return nil, err
		}
		if h.round >= len(p.Rounds) || h.version >= versions {
			return nil, fmt.Errorf("hit %v: there are %d rounds and %d versions", h, len(p.Rounds), versions)
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// times reads the beginning and the end.
func (r *KernelResults) times() (start, end time.Time, err error) {
	start, err1 := time.Parse(time.RFC3339, r.Start)
	end, err2 := time.Parse(time.RFC3339, r.End)
	if err := errors.Join(err1, err2); err != nil {
		return start, end, fmt.Errorf("start or end: %w", err)
	}
	return start, end, nil
}
