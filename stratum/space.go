package stratum

import (
	"encoding/binary"

	"github.com/hashlease/hashlease/miner"
)

// Space walks the search space of one issue for one hashing thread: the
// versions it may roll, then nonces, then the next extranonce2. Spaces of the
// same issue must start at disjoint extranonce1 values or strides, or they
// would hash the same headers twice. A Space is not safe for concurrent use.
type Space struct {
	issue    *Issue
	next     uint64 // extranonce2 counter
	step     uint64
	versions []uint32 // nil when nothing may be rolled; shared by its tasks
	header   miner.Header
	en2      []byte
	nonce    uint64 // next nonce; 2^32 when the header is used up
}

// Ref is what a Space leaves in the Ref of its tasks: which share a found
// header of the task would be.
type Ref struct {
	Issue       *Issue
	Extranonce2 []byte
	Owner       any // whatever the caller of NewSpace wants back
}

const nonces = 1 << 32

// maxRolled is how many versions a task rolls: enough for a kernel to share
// its message schedules among, few enough to stay in the cache.
const maxRolled = 256

// NewSpace starts at extranonce2 number start and goes on in steps of step,
// both taken modulo 2^(8·size). Start at random, so that a restarted process
// does not repeat the work of the one before.
func NewSpace(issue *Issue, start, step uint64) *Space {
	return &Space{
		issue:    issue,
		next:     start,
		step:     step,
		versions: RolledVersions(issue.Version, issue.Mask, maxRolled),
		nonce:    nonces,
	}
}

// RolledVersions returns at most limit versions that differ from version only
// within mask, all different, or nil when the mask leaves nothing to roll.
func RolledVersions(version, mask uint32, limit int) []uint32 {
	if mask == 0 || limit < 2 {
		return nil
	}
	bits, versions := uint32(0), []uint32(nil)
	for len(versions) < limit {
		versions = append(versions, version&^mask|bits)
		if bits = (bits - mask) & mask; bits == 0 { // next subset of the mask
			break
		}
	}
	return versions
}

// Task returns the next stretch of at most max headers, but at least one
// nonce. owner travels in the task's *Ref.
func (s *Space) Task(max uint64, owner any) miner.Task {
	if s.nonce >= nonces {
		s.en2 = extranonce2(s.next, s.issue.Extranonce2Size)
		s.next += s.step
		extranonce := append(append(make([]byte, 0, 32), s.issue.Extranonce1...), s.en2...)
		s.header = s.issue.Header(extranonce, s.issue.Version, s.issue.Time, 0)
		s.nonce = 0
	}
	if n := len(s.versions); n > 0 {
		max /= uint64(n)
	}
	count := min(max, nonces-s.nonce)
	if count == 0 {
		count = 1
	}
	t := miner.Task{
		Header:   s.header,
		Versions: s.versions,
		Target:   s.issue.Target,
		Nonce:    uint32(s.nonce),
		Count:    count,
		Ref:      &Ref{Issue: s.issue, Extranonce2: s.en2, Owner: owner},
	}
	s.nonce += count
	return t
}

// ShareOf turns a header found in a task into the share to submit.
func (r *Ref) ShareOf(h miner.Header) Share {
	return Share{
		Extranonce2: r.Extranonce2,
		Time:        h.Time(),
		Nonce:       h.Nonce(),
		VersionBits: h.Version() & r.Issue.Mask,
		HasVersion:  r.Issue.Mask != 0,
	}
}

// extranonce2 writes the low size bytes of n, big-endian.
func extranonce2(n uint64, size int) []byte {
	b := make([]byte, size)
	var full [8]byte
	binary.BigEndian.PutUint64(full[:], n)
	if size >= 8 {
		copy(b[size-8:], full[:])
	} else {
		copy(b, full[8-size:])
	}
	return b
}
