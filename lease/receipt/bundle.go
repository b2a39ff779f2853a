package receipt

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Versions of the bundle's layout: of leases that work on the house's blocks,
// of those that work for a pool of the tenant's, and of those of which some work
// went to the house's pool.
const (
	BundleFormat          = "hashlease-bundle/1"
	PoolBundleFormat      = "hashlease-bundle/2"
	HousePoolBundleFormat = "hashlease-bundle/3"
)

// bundleOf is the version of the bundle of a statement.
func bundleOf(s *Statement) string {
	switch {
	case s.Pool != nil:
		return PoolBundleFormat
	case s.HousePool != nil:
		return HousePoolBundleFormat
	}
	return BundleFormat
}

// Bundle is a statement with all that proves it. Indexes count from zero
// within the bundle.
type Bundle struct {
	Blocks    []Block // the rewards' blocks, in the statement's order
	Jobs      []Job   // those that receipts name
	Receipts  []Receipt
	Statement Statement
	Templates []Template // those that jobs and blocks name
	Terms     lease.Terms
}

// Job is a template made the lease's work at one target.
type Job struct {
	Template  int    `json:"template"` // index
	Lease     string `json:"lease"`
	Tag       B16    `json:"tag"`
	Target    U256   `json:"target"`     // shares at or below it count
	CreatedMs int64  `json:"created_ms"` // Unix milliseconds
}

// Block is a block whose reward the lease shares, found by any lease.
type Block struct {
	Template    int    `json:"template"` // index
	Tag         B16    `json:"tag"`      // of the lease that found it
	Extranonce  Hex    `json:"extranonce"`
	Time        uint32 `json:"time"` // Unix seconds
	Nonce       U32    `json:"nonce"`
	VersionBits U32    `json:"version_bits"`
	Hash        U256   `json:"hash"`
	Height      int64  `json:"height"`
}

// Receipt is a share of one of the bundle's jobs.
type Receipt struct {
	Job         uint32 // index
	Extranonce  []byte // extranonce1 and extranonce2
	Time        uint32 // ntime, Unix seconds
	Nonce       uint32
	VersionBits uint32 // of the header, within the template's mask
}

// Sizes of an encoded receipt in bytes: four numbers and the extranonces.
const (
	receiptNumbers = 4 * 4
	maxReceipt     = receiptNumbers + 2*MaxExtranonce
)

// append writes the receipt: job index, extranonce, ntime, nonce and version
// bits, numbers big-endian.
func (r *Receipt) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, r.Job)
	b = append(b, r.Extranonce...)
	b = binary.BigEndian.AppendUint32(b, r.Time)
	b = binary.BigEndian.AppendUint32(b, r.Nonce)
	return binary.BigEndian.AppendUint32(b, r.VersionBits)
}

// decodeReceipt reads what append writes. The receipt keeps b.
func decodeReceipt(b []byte) (Receipt, error) {
	if len(b) <= receiptNumbers || len(b) > maxReceipt {
		return Receipt{}, fmt.Errorf("%d bytes, want %d to %d", len(b), receiptNumbers+1, maxReceipt)
	}
	end := len(b) - 12
	return Receipt{
		Job:         binary.BigEndian.Uint32(b),
		Extranonce:  b[4:end:end],
		Time:        binary.BigEndian.Uint32(b[end:]),
		Nonce:       binary.BigEndian.Uint32(b[end+4:]),
		VersionBits: binary.BigEndian.Uint32(b[end+8:]),
	}, nil
}

// share is the receipt as its worker submitted it.
func share(extranonce []byte, extranonce1Size int, time, nonce, versionBits uint32) stratum.Share {
	return stratum.Share{
		Extranonce2: extranonce[min(extranonce1Size, len(extranonce)):],
		Time:        time, Nonce: nonce, VersionBits: versionBits, HasVersion: true,
	}
}

// Sign adds up the receipts, puts the figures that follow from the rest of
// the bundle into the statement (provider, terms, receipts, proven work,
// evidence, derived), and signs it.
func (b *Bundle) Sign(key ed25519.PrivateKey) error {
	s := &b.Statement
	perJob := make([]uint64, len(b.Jobs))
	for i, r := range b.Receipts {
		if int64(r.Job) >= int64(len(b.Jobs)) {
			return fmt.Errorf("receipt %d names job %d of %d", i, r.Job, len(b.Jobs))
		}
		perJob[r.Job]++
	}
	var ev lease.Evidence
	for i, n := range perJob {
		ev.AddN(miner.Target(b.Jobs[i].Target).Work(), n)
	}
	terms, err := b.Terms.Hash()
	if err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	p, err := b.parts()
	if err != nil {
		return err
	}
	if s.Rewards == nil {
		s.Rewards = []Reward{}
	}
	if s.Verdicts == nil {
		s.Verdicts = map[string]uint64{}
	}
	copy(s.Provider[:], key.Public().(ed25519.PublicKey))
	s.Terms = B32(terms)
	s.Receipts, s.ProvenWork = int64(len(b.Receipts)), lease.Quantity(ev.Sum)
	s.Evidence = p.evidence()
	derived := s.derive(ev, b.poolUnit(ev, perJob))
	s.Derived = &derived
	return s.sign(key)
}

// Encode writes the bundle in its one form: canonical JSON.
func (b *Bundle) Encode() ([]byte, error) {
	p, err := b.parts()
	if err != nil {
		return nil, err
	}
	statement, err := b.Statement.Encode()
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	format := openFormat + bundleOf(&b.Statement) + `"`
	return slices.Concat(
		[]byte(openBlocks), p.blocks, []byte(format+openJobs), p.jobs, []byte(openReceipts), p.receipts,
		[]byte(openStatement), statement, []byte(openTemplates), p.templates, []byte(openTerms), p.terms, []byte("}"),
	), nil
}

// What stands between the values of a bundle. The keys of canonical JSON are
// sorted, so the order is fixed.
const (
	openBlocks    = `{"blocks":`
	openFormat    = `,"format":"`
	openJobs      = `,"jobs":`
	openReceipts  = `,"receipts":`
	openStatement = `,"statement":`
	openTemplates = `,"templates":`
	openTerms     = `,"terms":`
)

// parts are the values of the evidence, in canonical JSON.
type parts struct{ blocks, jobs, receipts, templates, terms []byte }

// evidence hashes the object of the five parts.
func (p *parts) evidence() (sum B32) {
	h := sha256.New()
	for _, b := range [][]byte{
		[]byte(openBlocks), p.blocks, []byte(openJobs), p.jobs, []byte(openReceipts), p.receipts,
		[]byte(openTemplates), p.templates, []byte(openTerms), p.terms, []byte("}"),
	} {
		h.Write(b)
	}
	h.Sum(sum[:0])
	return sum
}

func (b *Bundle) parts() (p parts, err error) {
	if p.blocks, err = appendArray("blocks", b.Blocks); err != nil {
		return p, err
	}
	if p.jobs, err = appendArray("jobs", b.Jobs); err != nil {
		return p, err
	}
	if p.templates, err = appendArray("templates", b.Templates); err != nil {
		return p, err
	}
	if p.terms, err = lease.Canonical(b.Terms); err != nil {
		return p, fmt.Errorf("terms: %w", err)
	}
	var raw [maxReceipt]byte
	p.receipts = append(make([]byte, 0, 2+len(b.Receipts)*50), '[')
	for i := range b.Receipts {
		if n := len(b.Receipts[i].Extranonce); n < 1 || n > 2*MaxExtranonce {
			return p, fmt.Errorf("receipts[%d]: extranonce of %d bytes, want 1 to %d", i, n, 2*MaxExtranonce)
		}
		if i > 0 {
			p.receipts = append(p.receipts, ',')
		}
		p.receipts = append(p.receipts, '"')
		p.receipts = hex.AppendEncode(p.receipts, b.Receipts[i].append(raw[:0]))
		p.receipts = append(p.receipts, '"')
	}
	p.receipts = append(p.receipts, ']')
	return p, nil
}

func appendArray[T any](name string, list []T) ([]byte, error) {
	out := []byte{'['}
	for i := range list {
		if i > 0 {
			out = append(out, ',')
		}
		element, err := lease.Canonical(&list[i])
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", name, i, err)
		}
		out = append(out, element...)
	}
	return append(out, ']'), nil
}
