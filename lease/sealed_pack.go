package lease

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// MaxSealed is how many receipts a sealed batch has at most.
const MaxSealed = 1 << 20

// Limits of what PackReceipts writes.
const (
	packVersion   = 1
	maxExtranonce = 32
	maxSource     = 1 << 10 // bytes of a name
	// Of version bits, those that miners may roll (BIP 320) begin at bit 13.
	versionShift = 13
)

// errPacked says that bytes are not what PackReceipts writes.
var errPacked = errors.New("packed receipts")

// packedJob is what receipts share by their job.
type packedJob struct {
	seq        int64
	work       int // index
	extranonce int // bytes
}

// PackReceipts writes the receipts of one lease, in the order given, in few
// bytes: a byte of version, their number, and tables of the works, sources and
// jobs that occur; then, one after another, columns of all receipts' jobs,
// sources, Seqs, CommitMs, ntimes, nonces, version bits and of every byte of
// the extranonces. A column is the smallest of its values, and of each value
// as many bits as the largest is above that. Which lease it is, is not written.
//
// It refuses receipts that are none of one lease, and more than MaxSealed.
func PackReceipts(receipts []Receipt) ([]byte, error) {
	if len(receipts) == 0 || len(receipts) > MaxSealed {
		return nil, fmt.Errorf("%w: %d of them, want 1 to %d", errPacked, len(receipts), MaxSealed)
	}
	t, err := tabulate(receipts)
	if err != nil {
		return nil, err
	}
	b := binary.AppendUvarint([]byte{packVersion}, uint64(len(receipts)))
	b = t.append(b)
	column := make([]uint64, len(receipts))
	add := func(value func(r *Receipt) uint64) {
		for i := range receipts {
			column[i] = value(&receipts[i])
		}
		b = appendColumn(b, column)
	}
	add(func(r *Receipt) uint64 { return uint64(t.jobIndex[r.Job]) })
	add(func(r *Receipt) uint64 { return uint64(t.sourceIndex[r.Source]) })
	add(func(r *Receipt) uint64 { return uint64(r.Seq) })
	add(func(r *Receipt) uint64 { return uint64(r.CommitMs) })
	add(func(r *Receipt) uint64 { return uint64(r.Time) })
	add(func(r *Receipt) uint64 { return uint64(r.Nonce) })
	add(func(r *Receipt) uint64 { return uint64(bits.RotateLeft32(r.VersionBits, -versionShift)) })
	for i := range t.extranonce() {
		add(func(r *Receipt) uint64 {
			if i < len(r.Extranonce) {
				return uint64(r.Extranonce[i])
			}
			return 0
		})
	}
	return b, nil
}

// UnpackReceipts reads what PackReceipts wrote of a lease, and nothing else.
func UnpackReceipts(lease string, packed []byte) ([]Receipt, error) {
	u := unpacker{b: packed}
	if version := u.byte(); version != packVersion {
		u.fail("version %d, want %d", version, packVersion)
	}
	n := u.count(MaxSealed)
	t := u.tables(n)
	if u.err == nil && n == 0 {
		u.fail("none")
	}
	if u.err != nil {
		return nil, u.err
	}
	receipts, column := make([]Receipt, n), make([]uint64, n)
	each := func(limit uint64, set func(r *Receipt, v uint64)) {
		if u.column(column, limit); u.err != nil {
			return
		}
		for i := range receipts {
			set(&receipts[i], column[i])
		}
	}
	const positive, short = 1<<63 - 1, 1<<32 - 1
	jobOf := make([]int, n)
	usedJobs, usedSources := make([]bool, len(t.jobs)), make([]bool, len(t.sources))
	u.column(column, uint64(len(t.jobs)-1))
	if u.err != nil {
		return nil, u.err
	}
	extranonces := make([]byte, n*t.extranonce())
	for i, v := range column {
		j := &t.jobs[v]
		jobOf[i], usedJobs[v] = int(v), true
		start := i * t.extranonce()
		receipts[i] = Receipt{Lease: lease, Job: j.seq, Work: t.works[j.work], Extranonce: extranonces[start : start+j.extranonce : start+j.extranonce]}
	}
	each(uint64(len(t.sources)-1), func(r *Receipt, v uint64) { r.Source, usedSources[v] = t.sources[v], true })
	each(positive, func(r *Receipt, v uint64) { r.Seq = int64(v) })
	each(positive, func(r *Receipt, v uint64) { r.CommitMs = int64(v) })
	each(short, func(r *Receipt, v uint64) { r.Time = uint32(v) })
	each(short, func(r *Receipt, v uint64) { r.Nonce = uint32(v) })
	each(short, func(r *Receipt, v uint64) { r.VersionBits = bits.RotateLeft32(uint32(v), versionShift) })
	for k := range t.extranonce() {
		if u.column(column, 255); u.err != nil {
			break
		}
		for i, v := range column {
			if k < len(receipts[i].Extranonce) {
				receipts[i].Extranonce[k] = byte(v)
			} else if v != 0 {
				u.fail("bytes beyond an extranonce")
			}
		}
	}
	if slices.Contains(usedJobs, false) || slices.Contains(usedSources, false) {
		u.fail("a job or source of none")
	}
	if len(u.b) > 0 {
		u.fail("%d bytes too many", len(u.b))
	}
	if u.err != nil {
		return nil, u.err
	}
	return receipts, nil
}

// packTables are what receipts have in common, each sorted.
type packTables struct {
	works       []miner.Work
	sources     []string
	jobs        []packedJob
	jobIndex    map[int64]int
	sourceIndex map[string]int
}

// extranonce is the length of the longest one, in bytes.
func (t *packTables) extranonce() int {
	longest := 0
	for i := range t.jobs {
		longest = max(longest, t.jobs[i].extranonce)
	}
	return longest
}

// tabulate makes the tables of receipts.
func tabulate(receipts []Receipt) (*packTables, error) {
	t := &packTables{jobIndex: make(map[int64]int), sourceIndex: make(map[string]int)}
	first := make(map[int64]*Receipt)
	for i := range receipts {
		r := &receipts[i]
		j, ok := first[r.Job]
		if !ok {
			j = r
			first[r.Job] = r
			t.works = append(t.works, r.Work)
			t.jobs = append(t.jobs, packedJob{seq: r.Job, extranonce: len(r.Extranonce)})
		}
		if _, ok := t.sourceIndex[r.Source]; !ok {
			t.sourceIndex[r.Source] = 0
			t.sources = append(t.sources, r.Source)
		}
		switch {
		case r.Lease != receipts[0].Lease:
			return nil, fmt.Errorf("%w: of the leases %s and %s", errPacked, receipts[0].Lease, r.Lease)
		case r.Seq < 0 || r.Job < 0 || r.CommitMs < 0:
			return nil, fmt.Errorf("%w: receipt %d of job %d at %d ms", errPacked, r.Seq, r.Job, r.CommitMs)
		case r.Work != j.Work || len(r.Extranonce) != len(j.Extranonce):
			return nil, fmt.Errorf("%w: job %d has receipts of %v and %v, with extranonces of %d and %d bytes", errPacked, r.Job, j.Work, r.Work, len(j.Extranonce), len(r.Extranonce))
		case len(r.Extranonce) > maxExtranonce || len(r.Source) > maxSource:
			return nil, fmt.Errorf("%w: receipt %d has an extranonce of %d bytes and a source of %d, want at most %d and %d",
				errPacked, r.Seq, len(r.Extranonce), len(r.Source), maxExtranonce, maxSource)
		}
	}
	slices.SortFunc(t.works, miner.Work.Cmp)
	t.works = slices.Compact(t.works)
	slices.Sort(t.sources)
	for i, s := range t.sources {
		t.sourceIndex[s] = i
	}
	slices.SortFunc(t.jobs, func(a, b packedJob) int { return cmp.Compare(a.seq, b.seq) })
	for i := range t.jobs {
		j := &t.jobs[i]
		t.jobIndex[j.seq] = i
		j.work, _ = slices.BinarySearchFunc(t.works, first[j.seq].Work, miner.Work.Cmp)
	}
	return t, nil
}

// append writes the tables: works by their bytes without leading zeros, jobs by
// how far each Seq is beyond the last, by work and length of the extranonce.
func (t *packTables) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(t.works)))
	for _, w := range t.works {
		text := w.Big().Bytes()
		b = append(append(b, byte(len(text))), text...)
	}
	b = binary.AppendUvarint(b, uint64(len(t.sources)))
	for _, s := range t.sources {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendUvarint(b, uint64(len(t.jobs)))
	last := int64(-1)
	for _, j := range t.jobs {
		b = binary.AppendUvarint(b, uint64(j.seq-last-1))
		b = binary.AppendUvarint(b, uint64(j.work))
		b = append(b, byte(j.extranonce))
		last = j.seq
	}
	return b
}
