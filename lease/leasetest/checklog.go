package leasetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
)

// CheckLog compares everything in a Store with its log: there must be no fact
// without its leaf, no leaf without its fact, and none that says something else.
func CheckLog(ctx context.Context, s lease.Store) error {
	c := &logCheck{
		ctx: ctx, store: s, tags: leaf.Tags{}, leases: make(map[string]*contract), txs: make(map[string][]leaf.TransactionPrivate), numbers: make(map[string]int64),
		hours: make(map[string]lease.SettledHour), exclusions: make(map[int64]lease.Exclusion), blocks: make(map[string]leaf.Block),
		placed: make(map[string]leaf.Work), counts: make(map[translog.Kind]int), statements: make(map[int64]leaf.Statement),
	}
	var next int64
	for l, err := range s.Leaves(ctx, lease.LeafFilter{}) {
		if err == nil && l.Index != next {
			err = fmt.Errorf("follows leaf %d", next-1)
		}
		if err == nil {
			err = c.add(&l)
		}
		if err != nil {
			return fmt.Errorf("leaf %d of kind %s about %q: %w", l.Index, l.Kind, l.Ref, err)
		}
		c.counts[translog.Kind(l.Kind)]++
		next++
	}
	return errors.Join(c.checkLeases(), c.checkBooks(), c.checkHours(), c.checkPlacements(), c.checkBlocks(), c.checkSealed(), c.checkStatements())
}

// contract is what the leaves of a lease come to.
type contract struct {
	public  leaf.Lease
	private leaf.LeasePrivate // its Pauses are all
}

// logCheck gathers what the leaves say.
type logCheck struct {
	ctx        context.Context
	store      lease.Store
	counts     map[translog.Kind]int
	tags       leaf.Tags
	lastMap    leaf.TagMap
	leases     map[string]*contract
	txs        map[string][]leaf.TransactionPrivate // by key
	numbers    map[string]int64                     // by lease
	hours      map[string]lease.SettledHour         // by lease and hour
	exclusions map[int64]lease.Exclusion
	blocks     map[string]leaf.Block // by hash, the last
	placed     map[string]leaf.Work  // by hour, source and lease
	batches    []leaf.Batch
	batchAt    []int64
	statements map[int64]leaf.Statement // by index
}

// open reads the two parts of a leaf.
func open[T leaf.Public, P leaf.Private](l *lease.LogLeaf) (doc T, secret P, err error) {
	doc, whole, err := leaf.Read[T](l.Body, translog.Kind(l.Kind))
	if err == nil {
		secret, err = leaf.Open[P](whole, l.Secret)
	}
	return doc, secret, err
}

func (c *logCheck) add(l *lease.LogLeaf) error {
	switch kind := translog.Kind(l.Kind); kind {
	case translog.KindLease:
		doc, secret, err := open[leaf.Lease, leaf.LeasePrivate](l)
		if err != nil {
			return err
		}
		c.tags.Add(doc)
		was := c.leases[doc.Lease]
		if was != nil {
			all := slices.Clone(was.private.Pauses)
			for _, p := range secret.Pauses {
				if p.Number < len(all) {
					all[p.Number] = p
				} else {
					all = append(all, p)
				}
			}
			secret.Pauses = all
		}
		c.leases[doc.Lease] = &contract{doc, secret}
		return wantRef(l, doc.Lease)
	case translog.KindTagMap:
		doc, _, err := leaf.Read[leaf.TagMap](l.Body, kind)
		if err != nil {
			return err
		}
		m, err := c.tags.Map(doc.AtMs)
		if err != nil || m.Root() != doc.TagRoot {
			return fmt.Errorf("of the leases before it follows another map: %w", err)
		}
		c.lastMap = doc
	case translog.KindTransaction:
		doc, secret, err := open[leaf.Transaction, leaf.TransactionPrivate](l)
		if err != nil {
			return err
		}
		if n := len(c.txs[secret.Key]); doc.Part != n || doc.Tx != secret.Tx() || secret.Number != c.numbers[secret.Lease] || n > 0 && secret.Salt != c.txs[secret.Key][0].Salt {
			return fmt.Errorf("part %d of %s with number %d, after part %d and number %d", doc.Part, secret.Key, secret.Number, n-1, c.numbers[secret.Lease]-1)
		}
		c.numbers[secret.Lease]++
		c.txs[secret.Key] = append(c.txs[secret.Key], secret)
		return wantRef(l, secret.Lease)
	case translog.KindSLA:
		return c.addService(l)
	case translog.KindBlock:
		doc, _, err := leaf.Read[leaf.Block](l.Body, kind)
		c.blocks[l.Ref] = doc
		return err
	case translog.KindPlacement:
		doc, _, err := leaf.Read[leaf.Placement](l.Body, kind)
		if err != nil {
			return err
		}
		for _, w := range doc.Work {
			c.placed[fmt.Sprint(doc.Hour, doc.Source, w.Lease)] = w
		}
		return wantRef(l, doc.Source)
	case translog.KindBatch:
		doc, _, err := leaf.Read[leaf.Batch](l.Body, kind)
		c.batches, c.batchAt = append(c.batches, doc), append(c.batchAt, l.Index)
		return errors.Join(err, wantRef(l, doc.Lease))
	case translog.KindStatement:
		doc, _, err := leaf.Read[leaf.Statement](l.Body, kind)
		c.statements[l.Index] = doc
		return errors.Join(err, wantRef(l, doc.Lease))
	case translog.KindJob:
		return c.checkJob(l)
	}
	return nil
}

func (c *logCheck) addService(l *lease.LogLeaf) error {
	doc, whole, err := leaf.Read[leaf.Service](l.Body, translog.KindSLA)
	if err != nil {
		return err
	}
	switch doc.About {
	case leaf.AboutHour:
		row, err := leaf.Open[lease.SettledHour](whole, l.Secret)
		if err != nil {
			return err
		}
		if row.Lease != doc.Lease || row.Hour != doc.Hour || row.Window != doc.Window {
			return fmt.Errorf("hour %+v with private part %+v", doc, row)
		}
		c.hours[fmt.Sprint(row.Lease, row.Hour)] = row
	case leaf.AboutExclusion:
		e, err := leaf.Open[leaf.Evidence](whole, l.Secret)
		if err != nil {
			return err
		}
		c.exclusions[doc.Exclusion] = lease.Exclusion{
			ID: doc.Exclusion, Lease: doc.Lease, Kind: doc.Kind, AnnouncedMs: doc.AnnouncedMs, FromMs: doc.FromMs, ToMs: doc.ToMs, Evidence: e.Evidence,
		}
	default:
		x := c.exclusions[doc.Exclusion]
		x.ToMs = doc.ToMs
		c.exclusions[doc.Exclusion] = x
	}
	return wantRef(l, doc.Lease)
}

// checkJob wants the template of a job's leaf.
func (c *logCheck) checkJob(l *lease.LogLeaf) error {
	doc, _, err := leaf.Read[leaf.Job](l.Body, translog.KindJob)
	if err != nil {
		return err
	}
	var seq int64
	if _, err := fmt.Sscan(l.Ref, &seq); err != nil {
		return err
	}
	t, err := c.store.Template(c.ctx, seq)
	if err != nil {
		return err
	}
	at, err := c.store.TemplateLeaves(c.ctx, []int64{seq})
	if err != nil {
		return err
	}
	if at[seq] != l.Index || !bytes.Equal(t.Body, doc.Template) || t.CreatedMs != doc.CreatedMs {
		return fmt.Errorf("template %d has the leaf %d, and is %s", seq, at[seq], t.Body)
	}
	return nil
}

func wantRef(l *lease.LogLeaf, ref string) error {
	if l.Ref != ref {
		return fmt.Errorf("it is about %q", ref)
	}
	return nil
}

// gather gathers a sequence.
func gather[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

const allHours = math.MaxInt64 / (2 * lease.MsPerHour)

func (c *logCheck) checkHours() error {
	rows, err := gather(c.store.SettledHours(c.ctx, "", 0, allHours))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if got := c.hours[fmt.Sprint(row.Lease, row.Hour)]; got != row {
			return fmt.Errorf("hour %d of lease %s is %+v, and its leaf says %+v", row.Hour, row.Lease, row, got)
		}
	}
	exclusions, err := c.store.Exclusions(c.ctx, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	for _, x := range exclusions {
		if got := c.exclusions[x.ID]; got != x {
			return fmt.Errorf("exclusion %+v, and its leaves say %+v", x, got)
		}
	}
	if len(rows) != len(c.hours) || len(exclusions) != len(c.exclusions) {
		return fmt.Errorf("%d hours have %d leaves, %d exclusions %d", len(rows), len(c.hours), len(exclusions), len(c.exclusions))
	}
	return nil
}

func (c *logCheck) checkStatements() error {
	issued, err := c.store.Statements(c.ctx, "")
	if err != nil {
		return err
	}
	want := make(map[int64]leaf.Statement)
	for _, st := range issued {
		want[st.Leaf] = leaf.Statement{Lease: st.Lease, FromMs: st.FromMs, ToMs: st.ToMs, Number: st.Number, Hash: st.Hash}
	}
	if !reflect.DeepEqual(want, c.statements) {
		return fmt.Errorf("statements %+v have the leaves %+v", want, c.statements)
	}
	return nil
}
