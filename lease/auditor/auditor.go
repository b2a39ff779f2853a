package auditor

import (
	"bytes"
	"errors"
	"slices"

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
func (a *Auditor) Add(body []byte) {
	i := a.size
	a.size++
	a.tree.add(body)
	kind, ok := kindOf(body)
	if !ok {
		_, err := translog.DecodeLeaf(body)
		a.found(Form, i, "no leaf that is known: %v", err)
		return
	}
	a.kinds[kind]++
	switch kind {
	case translog.KindTerms:
		take(a, i, body, kind, a.addTerms)
	case translog.KindLease:
		take(a, i, body, kind, a.addLease)
	case translog.KindTagMap:
		take(a, i, body, kind, a.addTagMap)
	case translog.KindJob:
		take(a, i, body, kind, a.addJob)
	case translog.KindBatch:
		take(a, i, body, kind, a.addBatch)
	case translog.KindPlacement:
		take(a, i, body, kind, a.addPlacement)
	case translog.KindBlock:
		take(a, i, body, kind, a.addBlock)
	case translog.KindTransaction:
		take(a, i, body, kind, a.addTransaction)
	case translog.KindSLA:
		take(a, i, body, kind, func(int64, *leaf.Service) {})
	case translog.KindStatement:
		take(a, i, body, kind, a.addStatement)
	case translog.KindKey:
		a.addKey(i, body)
	}
	if kind != translog.KindTransaction {
		a.endTransaction()
	}
}

// kindOf is the kind that a leaf claims, by the one way in which leaves are
// written. Reading it as that kind shows whether it is one.
func kindOf(body []byte) (translog.Kind, bool) {
	_, rest, ok := bytes.Cut(body, []byte(`"format":"`+translog.LeafFormat+`","kind":"`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	kind := translog.Kind(name)
	return kind, ok && slices.Contains(translog.Kinds(), kind)
}

// take reads a leaf of a kind and hands it on, or notes that it is none.
func take[T leaf.Public](a *Auditor, i int64, body []byte, kind translog.Kind, do func(int64, *T)) {
	d, _, err := leaf.Read[T](body, kind)
	if err != nil {
		a.found(Form, i, "%v", err)
		return
	}
	do(i, &d)
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
