package auditor

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
)

// Auditor takes up the leaves of a log one after another. It is not safe for
// concurrent use.
type Auditor struct {
	size     int64
	tree     tree
	kinds    map[translog.Kind]int64
	failed   map[Name]int
	findings []Finding

	terms      map[[32]byte]bool
	leases     map[string]*contract
	tags       leaf.Tags
	owners     map[owned]string // last lease with a tag at a destination
	mapMs      int64            // what the last map says of when it was made
	jobs       jobs
	batches    map[string]*batches // by lease
	sealedMs   int64               // all batches end before
	hours      map[leaseHour]balance
	settled    map[int64]bool     // hours with placements
	sources    map[string]sourced // last placement
	compareds  int                // hours of leases that were equal
	tx         txParts            // the transaction under way
	statements map[period]int64   // last number
	keys       []keyLeaf
	supply     supply
}

// New makes an auditor of a log from its first leaf on.
func New() *Auditor {
	return &Auditor{
		kinds: map[translog.Kind]int64{}, failed: map[Name]int{},
		terms: map[[32]byte]bool{}, leases: map[string]*contract{}, tags: leaf.Tags{}, owners: map[owned]string{},
		jobs: newJobs(), batches: map[string]*batches{}, hours: map[leaseHour]balance{}, settled: map[int64]bool{},
		sources: map[string]sourced{}, statements: map[period]int64{}, supply: newSupply(),
	}
}

// Add takes up the next leaf.
func (a *Auditor) Add(body []byte) { a.AddAll([][]byte{body}) }

// AddAll takes up the next leaves, which are read on all processors. Thousands at
// once are the most that is of use.
func (a *Auditor) AddAll(bodies [][]byte) {
	read := make([]taken, len(bodies))
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(bodies)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
				read[i] = a.read(bodies[i])
			}
		})
	}
	all.Wait()
	for i, body := range bodies {
		a.take(body, &read[i])
	}
}

// taken is a leaf that was read: what it is, and what is to be done with it.
type taken struct {
	kind translog.Kind // "" when it is not known
	err  error
	do   func(index int64)
}

// take takes up a leaf that was read.
func (a *Auditor) take(body []byte, t *taken) {
	i := a.size
	a.size++
	a.tree.add(body)
	if t.kind != "" {
		a.kinds[t.kind]++
	}
	if t.kind != translog.KindTransaction {
		a.endTransaction()
	}
	if t.err != nil {
		a.found(Form, i, "%v", t.err)
		return
	}
	t.do(i)
}

// read reads a leaf. It looks at nothing that other leaves change.
func (a *Auditor) read(body []byte) taken {
	kind, ok := kindOf(body)
	if !ok {
		_, err := translog.DecodeLeaf(body)
		return taken{err: fmt.Errorf("no leaf that is known: %w", err)}
	}
	switch kind {
	case translog.KindTerms:
		return read(body, kind, a.addTerms)
	case translog.KindLease:
		return read(body, kind, a.addLease)
	case translog.KindTagMap:
		return read(body, kind, a.addTagMap)
	case translog.KindJob:
		return a.readJob(body)
	case translog.KindBatch:
		return read(body, kind, a.addBatch)
	case translog.KindPlacement:
		return read(body, kind, a.addPlacement)
	case translog.KindBlock:
		return read(body, kind, a.addBlock)
	case translog.KindTransaction:
		return read(body, kind, a.addTransaction)
	case translog.KindSLA:
		return read(body, kind, func(int64, *leaf.Service) {})
	case translog.KindStatement:
		return read(body, kind, a.addStatement)
	}
	key, err := translog.KeyOf(body)
	return taken{kind, err, func(i int64) { a.addKey(i, key) }}
}

// read reads a leaf of a kind.
func read[T leaf.Public](body []byte, kind translog.Kind, do func(int64, *T)) taken {
	d, _, err := leaf.Read[T](body, kind)
	return taken{kind, err, func(i int64) { do(i, &d) }}
}

// kindOf is the kind that a leaf claims, by the one way in which leaves are
// written. Reading it as that kind shows whether it is one.
func kindOf(body []byte) (translog.Kind, bool) {
	_, rest, ok := bytes.Cut(body, []byte(`"format":"`+translog.LeafFormat+`","kind":"`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	kind := translog.Kind(name)
	return kind, ok && slices.Contains(translog.Kinds(), kind)
}

// Lied tells whether an error shows that a log, not the way to it, is at fault.
func Lied(err error) bool {
	for _, lie := range []error{
		translog.ErrSplitView, translog.ErrRewritten, translog.ErrReordered, translog.ErrTruncated, translog.ErrReplayed,
		translog.ErrOtherKey, translog.ErrForged, translog.ErrOrigin, translog.ErrProof, translog.ErrMalformed,
	} {
		if errors.Is(err, lie) {
			return true
		}
	}
	return false
}
