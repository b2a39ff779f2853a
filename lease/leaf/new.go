package leaf

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// NewTerms is the leaf of a version of the terms. It fails with
// translog.ErrTooLarge for terms that have no room in one.
func NewTerms(t *lease.Terms) (translog.Entry, error) {
	text, err := lease.Canonical(t)
	if err != nil {
		return translog.Entry{}, err
	}
	return public(translog.KindTerms, &Terms{text})
}

// LeaseFacts are what the leaf of a lease says beside the lease.
type LeaseFacts struct {
	TenantKey    []byte
	Destinations []string
	Pauses       []Pause // that began or ended since the leaf before
}

// NewLease is the leaf of a contract as it now is.
func NewLease(l *lease.Lease, f LeaseFacts, salt translog.Salt) (translog.Entry, error) {
	doc := Lease{
		Lease: l.ID, Model: l.Model, ContractedHps: quantityOf(l.ContractedHps), ProofMs: l.ProofMs,
		StartMs: l.StartMs, EndMs: l.EndMs, StopMs: l.StopMs(), Tag: receipt.B16(l.Tag), Terms: receipt.B32(l.Terms), Destinations: f.Destinations,
	}
	private := LeasePrivate{
		Tenant: l.Tenant, Nonce: l.Nonce, Provider: l.Provider, Rigs: l.Rigs, Cores: l.Cores, Pauses: f.Pauses,
	}
	if len(f.TenantKey) != len(private.TenantKey) {
		return translog.Entry{}, fmt.Errorf("lease leaf: key of tenant %s of %d bytes, want %d", l.Tenant, len(f.TenantKey), len(private.TenantKey))
	}
	copy(private.TenantKey[:], f.TenantKey)
	if l.Pool != nil {
		private.PoolURLs, private.PoolUser = l.Pool.URLs, l.Pool.User
	}
	return both(translog.KindLease, &doc, &private, salt)
}

// PausesSince are the pauses of a lease that began or ended since it was as was
// says.
func PausesSince(l *lease.Lease, was []lease.Pause) []Pause {
	var since []Pause
	for i, p := range l.Pauses {
		if i >= len(was) || p != was[i] {
			since = append(since, Pause{Number: i, By: p.By, FromMs: p.FromMs, ToMs: p.ToMs})
		}
	}
	return since
}

// NewJob is the leaf of a template. Its document must be canonical JSON; it fails
// with translog.ErrTooLarge for one that has no room.
func NewJob(t *lease.Template) (translog.Entry, error) {
	e, err := public(translog.KindJob, &Job{CreatedMs: t.CreatedMs, Template: t.Body})
	if err != nil {
		return translog.Entry{}, err
	}
	// What a reader takes from the leaf must be the document, byte for byte.
	if n := len(t.Body) + len(`}}`); n > len(e.Body) || string(e.Body[len(e.Body)-n:len(e.Body)-2]) != string(t.Body) {
		return translog.Entry{}, fmt.Errorf("job leaf: %w: the template is no canonical JSON", translog.ErrMalformed)
	}
	return e, nil
}

// NewBatch is the leaf of a sealed batch that has its Number.
func NewBatch(b *lease.SealedBatch) (translog.Entry, error) {
	sq := "0"
	if b.Evidence.SumSq != nil {
		sq = b.Evidence.SumSq.String()
	}
	return public(translog.KindBatch, &Batch{
		Lease: b.Lease, Number: b.Number, FromMs: b.FromMs, ToMs: b.ToMs, N: b.N,
		Sum: lease.Quantity(b.Evidence.Sum), SumSq: sq, Root: b.Root,
	})
}

// NewBlock is the leaf of a block as it now stands, found on the job with a leaf
// and a tag.
func NewBlock(b *lease.Block, jobLeaf int64, tag lease.Tag) (translog.Entry, error) {
	return public(translog.KindBlock, &Block{
		Hash: receipt.U256(b.Hash), Height: b.Height, State: b.State, Appearances: b.Appearances, Job: jobLeaf, Lease: b.Lease, Tag: receipt.B16(tag),
		Extranonce: b.Extranonce, Time: b.Time, Nonce: receipt.U32(b.Nonce), VersionBits: receipt.U32(b.VersionBits),
	})
}

// NewHour is the leaf of a settled hour.
func NewHour(h *lease.SettledHour, salt translog.Salt) (translog.Entry, error) {
	return both(translog.KindSLA, &Service{About: AboutHour, Lease: h.Lease, Hour: h.Hour, Window: h.Window}, h, salt)
}

// NewExclusion is the leaf of an exclusion as it was stored first.
func NewExclusion(x *lease.Exclusion, salt translog.Salt) (translog.Entry, error) {
	return both(translog.KindSLA, excluded(AboutExclusion, x), &Evidence{x.Evidence}, salt)
}

// NewExclusionEnd is the leaf of an exclusion that now has an end.
func NewExclusionEnd(x *lease.Exclusion) (translog.Entry, error) {
	return public(translog.KindSLA, excluded(AboutExclusionEnd, x))
}

func excluded(about string, x *lease.Exclusion) *Service {
	return &Service{About: about, Lease: x.Lease, Exclusion: x.ID, Kind: x.Kind, AnnouncedMs: x.AnnouncedMs, FromMs: x.FromMs, ToMs: x.ToMs}
}

// NewStatement is the leaf of a statement.
func NewStatement(s *lease.IssuedStatement) (translog.Entry, error) {
	return public(translog.KindStatement, &Statement{Lease: s.Lease, FromMs: s.FromMs, ToMs: s.ToMs, Number: s.Number, Hash: s.Hash})
}

// NewTagMap is the leaf of a map as of a moment in Unix milliseconds.
func NewTagMap(atMs int64, root translog.TagRoot) (translog.Entry, error) {
	return public(translog.KindTagMap, &TagMap{atMs, root})
}

// public makes a leaf without a private part. What its reader would refuse is an
// error.
func public(kind translog.Kind, doc any) (translog.Entry, error) {
	if why, _ := check(doc); why != "" {
		return translog.Entry{}, fmt.Errorf("%s leaf: %w: %s", kind, translog.ErrMalformed, why)
	}
	return translog.NewEntry(kind, doc, nil, translog.Salt{})
}

// both makes a leaf with a private part.
func both(kind translog.Kind, doc, private any, salt translog.Salt) (translog.Entry, error) {
	why, _ := check(doc)
	if why == "" {
		why = checkPrivate(private)
	}
	if why != "" {
		return translog.Entry{}, fmt.Errorf("%s leaf: %w: %s", kind, translog.ErrMalformed, why)
	}
	return translog.NewEntry(kind, doc, private, salt)
}
