package bench

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// A benchmark's headers are as good as random, but follow from the seed, so
// that the file cannot have been prepared before somebody else chose the seed,
// and anybody can hash them again. The words are those of FORMAT.md.

// baseVersion is the version field whose bits are rolled.
const baseVersion = 0x20000000

// maxLowest is how many hits of a phase are kept with their place.
const maxLowest = 64

// phaseName tells the phases' headers apart.
type phaseName string

const (
	oneThread  phaseName = "1thread"
	allThreads phaseName = "all"
)

// work is what one round hashes: a kernel's, a phase's.
type work struct {
	seed   string
	kernel string
	phase  phaseName
	round  int
}

// header returns the header for the nonces epoch·2^32 … epoch·2^32 + 2^32-1
// of the work. Its version and nonce are to be set.
func (w work) header(epoch uint32) miner.Header {
	text := strings.Join([]string{KernelsSchema, w.seed, w.kernel, string(w.phase), strconv.Itoa(w.round), strconv.FormatUint(uint64(epoch), 10)}, "\n")
	prev := sha256.Sum256([]byte(text))
	root := sha256.Sum256(prev[:])
	return miner.NewHeader(baseVersion, prev, root, 1231006505, 0x1d00ffff, 0)
}

// rolledVersions returns the versions of a header, at least one.
func rolledVersions(n int) []uint32 {
	if v := stratum.RolledVersions(baseVersion, stratum.VersionMask, n); len(v) > 0 {
		return v
	}
	return []uint32{baseVersion}
}

// targetOf returns the largest hash with that many leading zero bits.
func targetOf(zeroBits int) miner.Target {
	return miner.TargetForWork(miner.Hashes(1 << zeroBits))
}

// zeroBitsFor chooses how rare hits are, so that that many hashes give 128 to
// 256 of them: enough to estimate the hashes by, and few enough not to slow
// down any kernel.
func zeroBitsFor(hashes uint64) int {
	return min(max(minZeroBits, bits.Len64(hashes)-8), maxZeroBits)
}

const (
	minZeroBits = 10
	maxZeroBits = 22
)

// hit is a header of a phase that meets the target.
type hit struct {
	round   int
	nonce   uint64 // counted on from epoch to epoch
	version int    // index of the rolled version
}

// String writes a hit as it stands in Phase.Lowest.
func (h hit) String() string { return fmt.Sprintf("%d.%d.%d", h.round, h.nonce, h.version) }

// parseHit reads what String writes, and nothing else.
func parseHit(s string) (h hit, err error) {
	part := strings.Split(s, ".")
	if len(part) == 3 {
		var e [3]error
		h.round, e[0] = strconv.Atoi(part[0])
		h.nonce, e[1] = strconv.ParseUint(part[1], 10, 64)
		h.version, e[2] = strconv.Atoi(part[2])
		if e == [3]error{} && h.round >= 0 && h.version >= 0 && h.String() == s {
			return h, nil
		}
	}
	return hit{}, fmt.Errorf("hit %.60q: want round.nonce.version", s)
}

func compareHits(a, b hit) int {
	return cmp.Or(cmp.Compare(a.round, b.round), cmp.Compare(a.nonce, b.nonce), cmp.Compare(a.version, b.version))
}

// prover makes and checks the evidence of one phase of a kernel.
type prover struct {
	seed     string
	kernel   string
	phase    phaseName
	versions []uint32
}

// hash returns the hash of a hit's header.
func (p *prover) hash(h hit) miner.Hash {
	header := work{p.seed, p.kernel, p.phase, h.round}.header(uint32(h.nonce >> 32))
	header.SetVersion(p.versions[h.version])
	header.SetNonce(uint32(h.nonce))
	return header.Hash()
}

// evidence sorts the hits and fills the phase's evidence from them.
func (p *prover) evidence(phase *Phase, hits []hit) {
	slices.SortFunc(hits, compareHits)
	phase.Hits, phase.Digest = uint64(len(hits)), digestHits(hits)

	type hashed struct {
		hit
		hash miner.Hash
	}
	all := make([]hashed, len(hits))
	for i, h := range hits {
		all[i] = hashed{h, p.hash(h)}
	}
	slices.SortFunc(all, func(a, b hashed) int { return cmp.Or(a.hash.Cmp(b.hash), compareHits(a.hit, b.hit)) })
	words := make([]string, 0, maxLowest)
	for _, h := range all[:min(len(all), maxLowest)] {
		words = append(words, h.String())
	}
	phase.Lowest = strings.Join(words, " ")
}

// digestHits is the SHA-256 of sorted hits, in hexadecimal.
func digestHits(hits []hit) string {
	sum := sha256.New()
	for _, h := range hits {
		var b [16]byte
		binary.LittleEndian.PutUint32(b[0:], uint32(h.round))
		binary.LittleEndian.PutUint64(b[4:], h.nonce)
		binary.LittleEndian.PutUint32(b[12:], uint32(h.version))
		sum.Write(b[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
