package work

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// MaxExtranonces bounds the extranonces of an Answer, in bytes together.
const MaxExtranonces = 32

// ErrNoIssue is wrapped when an Answer is to an issue that was not added.
var ErrNoIssue = errors.New("a share of an unknown job")

// Answer is a share of one of many issues. Its version bits count, as those of
// a Share that HasVersion.
type Answer struct {
	Issue       int64  // as Judge.Add was given it
	Extranonce  []byte // extranonce1 and extranonce2
	Time        uint32
	Nonce       uint32
	VersionBits uint32
}

// Judged is what came of an Answer: what Issue.Check returns of it.
type Judged struct {
	Hash miner.Hash // zero when Err is about something else than the hash
	Err  error
}

// Judge is Issue.Check for many shares at once: their coinbases, merkle nodes
// and headers are hashed side by side. Its answers are the same. It is not safe
// for concurrent use.
type Judge struct {
	buffer  *miner.MultiBuffer
	seed    maphash.Seed
	issues  map[int64]*judged
	touched []*judged // of the chunk, those with most branches first

	// Of a chunk: its different merkle roots, and their place by extranonce.
	roots   []miner.Hash
	table   [2 * chunk]int32 // 1 + place in roots; 0: free
	keys    []rootKey
	of      [chunk]int32 // place in roots of each answer
	next    [chunk]int32 // answer of the same issue
	room    []byte       // messages, hashed at once
	headers [chunk]miner.Hash
	valid   []int32 // answers that have a header
}

const (
	chunk   = 1024    // answers worked on at a time: what they need stays in the cache
	maxRoom = 1 << 18 // bytes of coinbases at a time, if it is more than one
)

// judged is an issue, and what of the chunk is about it.
type judged struct {
	Issue
	id    int64
	size1 int // bytes of extranonce1

	members     int // a chain through Judge.next
	first, last int32
}

// rootKey is what a merkle root is made of.
type rootKey struct {
	issue      *judged
	extranonce [MaxExtranonces]byte
}

// NewJudge returns one that hashes with the fastest implementation that the
// machine has.
func NewJudge() *Judge {
	return &Judge{
		buffer: miner.NewMultiBuffer(), seed: maphash.MakeSeed(), issues: make(map[int64]*judged), roots: make([]miner.Hash, 0, chunk),
		keys: make([]rootKey, 0, chunk), room: make([]byte, maxRoom), valid: make([]int32, 0, chunk),
	}
}

// Add lets answers name an issue. Its Extranonce1 counts for nothing: each
// answer has its own, of so many bytes.
func (j *Judge) Add(id int64, i *Issue, extranonce1Size int) error {
	if n := extranonce1Size + i.Extranonce2Size; extranonce1Size < 0 || i.Extranonce2Size < 0 || n > MaxExtranonces {
		return fmt.Errorf("extranonces of %d and %d bytes, at most %d together", extranonce1Size, i.Extranonce2Size, MaxExtranonces)
	}
	j.issues[id] = &judged{Issue: *i, id: id, size1: extranonce1Size}
	return nil
}

// Forget forgets the issues below id.
func (j *Judge) Forget(id int64) {
	for k := range j.issues {
		if k < id {
			delete(j.issues, k)
		}
	}
}

// Judge sets out[i] to what comes of answers[i]; out is as long. It allocates
// nothing but errors.
func (j *Judge) Judge(answers []Answer, out []Judged) {
	for len(answers) > 0 {
		n := min(len(answers), chunk)
		j.judge(answers[:n], out[:n])
		answers, out = answers[n:], out[n:]
	}
}

func (j *Judge) judge(answers []Answer, out []Judged) {
	j.sort(answers, out)
	j.coinbases()
	j.fold()
	// Headers, of one length in all issues.
	const size = miner.HeaderSize
	for n, at := range j.valid {
		a, i := &answers[at], j.keys[j.of[at]].issue
		h := (*miner.Header)(j.room[n*size:])
		*h = miner.NewHeader(i.Version&^i.Mask|a.VersionBits, i.PrevHash, j.roots[j.of[at]], a.Time, i.Bits, a.Nonce)
	}
	j.buffer.DoubleSum(j.headers[:len(j.valid)], j.room, size)
	for n, at := range j.valid {
		out[at] = Judged{Hash: j.headers[n]}
		if !j.headers[n].Meets(j.keys[j.of[at]].issue.Target) {
			out[at].Err = lowDifficulty()
		}
	}
}

// sort finds the answers that have a header, and the different merkle roots of
// these: those of one issue follow each other, with most branches first.
func (j *Judge) sort(answers []Answer, out []Judged) {
	j.touched, j.valid, j.keys = j.touched[:0], j.valid[:0], j.keys[:0]
	var last *judged
	for at := range answers {
		a := &answers[at]
		if last == nil || last.id != a.Issue {
			if last = j.issues[a.Issue]; last == nil {
				out[at] = Judged{Err: fmt.Errorf("%w: %d", ErrNoIssue, a.Issue)}
				continue
			}
		}
		if err := last.may(a); err != nil {
			out[at] = Judged{Err: err}
			continue
		}
		if last.members == 0 {
			j.touched, last.first = append(j.touched, last), int32(at)
		} else {
			j.next[last.last] = int32(at)
		}
		last.last = int32(at)
		last.members++
		j.valid = append(j.valid, int32(at))
	}
	slices.SortFunc(j.touched, func(x, y *judged) int {
		return cmp.Or(cmp.Compare(len(y.Branches), len(x.Branches)), cmp.Compare(x.id, y.id))
	})
	clear(j.table[:])
	for _, i := range j.touched {
		for at := i.first; i.members > 0; i.members-- {
			j.of[at] = j.root(i, answers[at].Extranonce)
			at = j.next[at]
		}
	}
	j.roots = j.roots[:len(j.keys)]
}

// may checks what can be checked of an answer before it is hashed.
func (i *judged) may(a *Answer) error {
	if n := i.size1 + i.Extranonce2Size; len(a.Extranonce) != n {
		return &Error{Code: CodeOther, Message: fmt.Sprintf("Extranonces of %d bytes, want %d", len(a.Extranonce), n)}
	}
	_, err := i.version(&Share{Extranonce2: a.Extranonce[i.size1:], Time: a.Time, VersionBits: a.VersionBits, HasVersion: true})
	return err
}

// root returns the place of a merkle root, of which there is one for each
// extranonce.
func (j *Judge) root(i *judged, extranonce []byte) int32 {
	key := rootKey{issue: i}
	copy(key.extranonce[:], extranonce) // one length an issue
	hash := maphash.Bytes(j.seed, extranonce) ^ uint64(i.id)
	for at := hash % uint64(len(j.table)); ; at = (at + 1) % uint64(len(j.table)) {
		switch n := j.table[at]; {
		case n == 0:
			j.keys = append(j.keys, key)
			j.table[at] = int32(len(j.keys))
			return j.table[at] - 1
		case j.keys[n-1] == key:
			return n - 1
		}
	}
}

// coinbases sets the roots to the hashes of the coinbases.
func (j *Judge) coinbases() {
	for from := 0; from < len(j.keys); {
		i := j.keys[from].issue
		extranonces := i.size1 + i.Extranonce2Size
		size := len(i.Coinb1) + extranonces + len(i.Coinb2)
		if size > len(j.room) {
			j.room = make([]byte, size)
		}
		most, n := max(len(j.room)/max(size, 1), 1), 0
		for ; n < most && from+n < len(j.keys) && j.keys[from+n].issue == i; n++ {
			b := j.room[n*size:][:size]
			k := copy(b, i.Coinb1)
			k += copy(b[k:], j.keys[from+n].extranonce[:extranonces])
			copy(b[k:], i.Coinb2)
		}
		j.buffer.DoubleSum(j.roots[from:from+n], j.room, size)
		from += n
	}
}

// fold hashes the roots up, a level of all at a time.
func (j *Judge) fold() {
	n := len(j.keys)
	for level := 0; ; level++ {
		for n > 0 && len(j.keys[n-1].issue.Branches) <= level {
			n--
		}
		if n == 0 {
			return
		}
		for k := range n {
			pair := (*[64]byte)(j.room[64*k:])
			*(*miner.Hash)(pair[:32]) = j.roots[k]
			*(*miner.Hash)(pair[32:]) = j.keys[k].issue.Branches[level]
		}
		j.buffer.DoubleSum(j.roots[:n], j.room, 64)
	}
}
