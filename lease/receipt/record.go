package receipt

import (
	"encoding/binary"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// Record is a receipt: a share of a job, from which its header can be rebuilt.
type Record struct {
	Job         int64  // index of the job's leaf in the log
	Extranonce  []byte // extranonce1 and extranonce2
	Time        uint32 // ntime, Unix seconds
	Nonce       uint32
	VersionBits uint32
}

// Lengths of a record, in bytes.
const (
	recordRest    = 8 + 4 + 4 + 4 // all but the extranonce
	MinRecordSize = recordRest + 1
	MaxRecordSize = recordRest + work.MaxExtranonces
)

// Append appends the record: the job's leaf in 8 bytes, the extranonce, ntime,
// nonce and version bits in 4 each, all numbers big-endian.
func (r *Record) Append(b []byte) []byte {
	b = append(binary.BigEndian.AppendUint64(b, uint64(r.Job)), r.Extranonce...)
	b = binary.BigEndian.AppendUint32(b, r.Time)
	b = binary.BigEndian.AppendUint32(b, r.Nonce)
	return binary.BigEndian.AppendUint32(b, r.VersionBits)
}

// DecodeRecord reads what Append writes. The extranonce stays in b.
func DecodeRecord(b []byte) (Record, error) {
	if len(b) < MinRecordSize || len(b) > MaxRecordSize || b[0] >= 1<<7 {
		return Record{}, fmt.Errorf("record %.100x: want %d to %d bytes that begin with the index of a leaf", b, MinRecordSize, MaxRecordSize)
	}
	end := b[len(b)-12:]
	return Record{
		Job: int64(binary.BigEndian.Uint64(b)), Extranonce: b[8 : len(b)-12 : len(b)-12],
		Time: binary.BigEndian.Uint32(end), Nonce: binary.BigEndian.Uint32(end[4:]), VersionBits: binary.BigEndian.Uint32(end[8:]),
	}, nil
}

// Hasher judges receipts of a lease, as its shares were judged, but many at
// once. It is not safe for concurrent use.
type Hasher struct {
	tag     lease.Tag
	target  miner.Target
	judge   *work.Judge
	answers [1024]work.Answer
}

// Judged is what came of a receipt: its header's hash, and why it does not hold.
type Judged = work.Judged

// ErrNoJob is wrapped for a receipt whose job was not added.
var ErrNoJob = work.ErrNoIssue

// NewHasher returns one for receipts of work marked by the tag, which count at
// the target.
func NewHasher(tag lease.Tag, target miner.Target) *Hasher {
	return &Hasher{tag: tag, target: target, judge: work.NewJudge()}
}

// AddJob lets receipts name a job by the index of its leaf. The template must
// be valid.
func (h *Hasher) AddJob(leaf int64, t *Template) error {
	return h.judge.Add(leaf, t.Issue(h.tag, h.target, nil), t.Extranonce1Size)
}

// Forget forgets the jobs before a leaf.
func (h *Hasher) Forget(leaf int64) { h.judge.Forget(leaf) }

// Hash sets out[i] to what comes of records[i]; out is as long. Errors are
// those of work.Issue.Check, and ErrNoJob. That a header counts once is for
// others to say. It allocates nothing but errors.
func (h *Hasher) Hash(records []Record, out []Judged) {
	for len(records) > 0 {
		n := min(len(records), len(h.answers))
		for i := range records[:n] {
			r := &records[i]
			h.answers[i] = work.Answer{Issue: r.Job, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits}
		}
		h.judge.Judge(h.answers[:n], out[:n])
		records, out = records[n:], out[n:]
	}
}
