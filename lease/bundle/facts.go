package bundle

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// facts are what the leaves of a bundle say of a lease's contract and money, and
// what its receipts were made on. They are gathered while the leaves and receipts
// are gone through, and compared with the statement then.
type facts struct {
	s          *Statement
	terms      *lease.Terms // those of the contract
	termsIndex int64
	others     map[receipt.B32]*lease.Terms // those that blocks were found under, by hash
	otherFee   int64                        // the highest of theirs, ppm
	termsSeen  int                          // so many of verifier.kept were looked at for terms
	contracts  []contractAt                 // all by index, like what follows
	pauses     map[int]lease.Pause
	exclusions []exclusionAt
	hours      []hourAt
	txs        []txAt
	blocks     []blockAt
	wrong      map[string]error // the first thing that is wrong with a leaf, by the check that needs it

	jobs    []jobFacts // as verifier.jobs
	pools   []poolFacts
	poolOf  map[poolKey]int32 // 1 + place in pools
	fees    map[int64]int64   // mean of the fees that FPPS pays, by day
	batches []batchLeaf
	tallies []tally
	splits  map[receipt.B32]receipt.Split
	pooled  *pooled // nil: not made yet
}

// poolKey is a pool's address and the work of its target.
type poolKey struct {
	address string
	work    miner.Work
}

type contractAt struct {
	index int64
	leaf.Lease
	private leaf.LeasePrivate
}

type exclusionAt struct {
	index int64
	lease.Exclusion
}

type hourAt struct {
	index int64
	lease.SettledHour
}

type txAt struct {
	index int64
	kind  string
	leaf.TransactionPrivate
}

type blockAt struct {
	index int64
	leaf.Block
}

// jobFacts are what is kept of a job's leaf beside what verifier.jobs has.
type jobFacts struct {
	pool    int32       // 1 + place in facts.pools; 0: a block of the house
	foreign bool        // made under other terms than the lease's
	earns   lease.Earns // what its shares earn by themselves; zero unless the terms pay so
}

// poolFacts are what is kept of jobs of one pool.
type poolFacts struct {
	address string
	work    miner.Work // of its target in one of the jobs
	tagSize int        // bytes of the tag in its coinbases, the fewest
	places  int        // where these could stand, the most
}

func newFacts(s *Statement) *facts {
	return &facts{
		s: s, termsIndex: -1, pauses: make(map[int]lease.Pause), wrong: make(map[string]error),
		poolOf: make(map[poolKey]int32), fees: make(map[int64]int64), others: make(map[receipt.B32]*lease.Terms),
	}
}

// fail notes what is wrong with a leaf.
func (f *facts) fail(check string, index int64, err error) {
	if err != nil && f.wrong[check] == nil {
		f.wrong[check] = fmt.Errorf("leaf %d: %w", index, err)
	}
}

// addLeaf takes in a leaf that is of no job or batch.
func (f *facts) addLeaf(l *keptLeaf) {
	switch l.kind {
	case translog.KindLease:
		f.fail("contract", l.index, f.addContract(l))
	case translog.KindTransaction:
		f.fail("books", l.index, f.addTx(l))
	case translog.KindSLA:
		f.fail("hours", l.index, f.addService(l))
	case translog.KindBlock:
		d, _, err := leaf.Read[leaf.Block](l.body, translog.KindBlock)
		f.blocks = append(f.blocks, blockAt{l.index, d})
		f.fail("rewards", l.index, err)
	}
}

// maxOthers bounds how many other terms a bundle may have.
const maxOthers = 1000

// addTerms takes in a leaf of terms. Other terms are those of blocks that the
// lease has a part of.
func (f *facts) addTerms(l *keptLeaf) error {
	d, _, err := leaf.Read[leaf.Terms](l.body, translog.KindTerms)
	if err != nil {
		return err
	}
	hash := receipt.B32(sha256.Sum256(d.Terms))
	own := hash == f.s.Terms
	switch {
	case own && f.terms != nil || f.others[hash] != nil:
		return nil
	case !own && len(f.others) == maxOthers:
		return fmt.Errorf("more than %d other terms", maxOthers)
	}
	terms := new(lease.Terms)
	if err := lease.DecodeCanonical(d.Terms, translog.MaxLeaf, terms); err != nil {
		return err
	}
	if err := terms.Validate(); err != nil {
		return err
	}
	if own {
		f.terms, f.termsIndex = terms, l.index
	} else {
		f.others[hash] = terms
	}
	return nil
}

// openLeaf reads a leaf with its private part, which must be there.
func openLeaf[T leaf.Public, P leaf.Private](l *keptLeaf, kind translog.Kind) (T, P, error) {
	var private P
	d, head, err := leaf.Read[T](l.body, kind)
	if err != nil {
		return d, private, err
	}
	if l.opening == nil {
		return d, private, fmt.Errorf("a leaf of kind %s whose private part is not in the bundle", kind)
	}
	private, err = leaf.Open[P](head, l.opening)
	return d, private, err
}

func (f *facts) addContract(l *keptLeaf) error {
	d, private, err := openLeaf[leaf.Lease, leaf.LeasePrivate](l, translog.KindLease)
	if err != nil {
		return err
	}
	if d.Lease != f.s.Lease {
		return fmt.Errorf("it is of lease %.70s, the statement of %s", d.Lease, f.s.Lease)
	}
	f.contracts = append(f.contracts, contractAt{l.index, d, private})
	for _, p := range private.Pauses {
		was, known := f.pauses[p.Number]
		if known && (was.By != p.By || was.FromMs != p.FromMs || was.ToMs != 0 && was.ToMs != p.ToMs) {
			return fmt.Errorf("pause %d was another one before", p.Number)
		}
		f.pauses[p.Number] = lease.Pause{By: p.By, FromMs: p.FromMs, ToMs: p.ToMs}
	}
	return nil
}

func (f *facts) addTx(l *keptLeaf) error {
	d, private, err := openLeaf[leaf.Transaction, leaf.TransactionPrivate](l, translog.KindTransaction)
	if err != nil {
		return err
	}
	if private.Lease != f.s.Lease {
		return fmt.Errorf("it books for lease %.70q, the statement is of %s", private.Lease, f.s.Lease)
	}
	if private.Tx() != d.Tx {
		return fmt.Errorf("transaction %.100s has another name in clear than by its key", private.Key)
	}
	f.txs = append(f.txs, txAt{l.index, d.Kind, private})
	return nil
}

func (f *facts) addService(l *keptLeaf) error {
	d, head, err := leaf.Read[leaf.Service](l.body, translog.KindSLA)
	if err != nil {
		return err
	}
	if d.Lease != f.s.Lease && (d.Lease != "" || d.About == leaf.AboutHour) {
		return fmt.Errorf("it is of lease %.70s, the statement of %s", d.Lease, f.s.Lease)
	}
	if d.About != leaf.AboutHour {
		f.exclusions = append(f.exclusions, exclusionAt{l.index, lease.Exclusion{
			ID: d.Exclusion, Lease: d.Lease, Kind: d.Kind, AnnouncedMs: d.AnnouncedMs, FromMs: d.FromMs, ToMs: d.ToMs,
		}})
		return nil
	}
	if l.opening == nil {
		return fmt.Errorf("hour %d, whose figures are not in the bundle", d.Hour)
	}
	row, err := leaf.Open[lease.SettledHour](head, l.opening)
	if err != nil {
		return err
	}
	if row.Lease != d.Lease || row.Hour != d.Hour || row.Window != d.Window {
		return fmt.Errorf("hour %d, %s in clear, is hour %d of lease %.70s, %s, in its private part", d.Hour, d.Window, row.Hour, row.Lease, row.Window)
	}
	f.hours = append(f.hours, hourAt{l.index, row})
	return nil
}

// whole reports whether all receipts are there.
func (f *facts) whole() bool {
	return !slices.ContainsFunc(f.batches, func(b batchLeaf) bool { return int64(b.kept) < b.n })
}

// contract is the last leaf of the lease, nil if there is none.
func (f *facts) contract() *contractAt {
	if len(f.contracts) == 0 {
		return nil
	}
	return &f.contracts[len(f.contracts)-1]
}

// lease is the contract as its leaves leave it.
func (f *facts) lease() *lease.Lease {
	c := f.contract()
	if c == nil {
		return new(lease.Lease)
	}
	l := &lease.Lease{
		ID: c.Lease.Lease, Tenant: c.private.Tenant, Model: c.Model, ContractedHps: c.ContractedHps.Work().Lo,
		StartMs: c.StartMs, EndMs: c.EndMs, ProofMs: c.ProofMs, Nonce: c.private.Nonce, Terms: lease.TermsHash(c.Terms), Tag: lease.Tag(c.Tag),
		Rigs: c.private.Rigs, Cores: c.private.Cores,
	}
	if c.StopMs != c.EndMs {
		l.ClosedMs = c.StopMs
	}
	if len(c.private.PoolURLs) > 0 {
		l.Pool = &lease.Pool{URLs: c.private.PoolURLs, User: c.private.PoolUser}
	}
	for n := 0; len(l.Pauses) < len(f.pauses) && n <= lease.MaxPauses; n++ {
		if p, ok := f.pauses[n]; ok {
			l.Pauses = append(l.Pauses, p)
		}
	}
	return l
}
