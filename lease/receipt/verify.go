package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Options says what the caller of Verify knows from elsewhere. The zero value
// trusts the keys that the bundle itself names.
type Options struct {
	Key       ed25519.PublicKey // the provider's; nil: not checked
	TenantKey ed25519.PublicKey // the tenant's; nil: not checked
	Strict    bool              // a key that was not given is a failure
	MaxBytes  int64             // limit of the bundle's size; 0: DefaultMaxBytes

	// PoolWork is the work that the tenant's own account at the pool was
	// credited in the statement's period, as the pool shows it; nil: not known.
	PoolWork *miner.Work
}

// Report is the outcome of Verify. Its figures are computed from the receipts
// that hold, not taken from the statement.
type Report struct {
	Lease         string            `json:"lease"`
	Tenant        string            `json:"tenant"`
	Period        Period            `json:"period"`
	Receipts      int64             `json:"receipts"`    // that hold
	ProvenWork    lease.Quantity    `json:"proven_work"` // of them
	DeliveredHps  lease.Quantity    `json:"delivered_hps"`
	IntervalHps   [2]lease.Quantity `json:"interval_hps"` // 95 %
	ContractedHps lease.Quantity    `json:"contracted_hps"`
	Pool          *PoolFigures      `json:"pool,omitempty"`       // nil without a pool
	EarnedSat     string            `json:"earned_sat,omitempty"` // what the receipts that hold are worth by themselves, in satoshi
	PaidTo        []string          `json:"paid_to,omitempty"`    // scripts that coinbases paid the lease's rewards to
	Checks        []Check           `json:"checks"`
	NotApplicable []string          `json:"not_applicable,omitempty"` // checks that such a lease has no use for
	Unchecked     []string          `json:"unchecked"`                // what nobody could tell from this bundle
}

// Check is one thing that Verify compared.
type Check struct {
	Name   string `json:"name"` // stable, such as "receipts"
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was compared, or the first thing that is wrong
}

// OK reports whether every check held.
func (r *Report) OK() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return len(r.Checks) > 0
}

// Verify re-hashes a bundle offline. It goes on after a failure wherever that
// makes sense, so that the report says all that is wrong.
func Verify(bundle []byte, o Options) *Report {
	v := &verifier{Options: o, r: Report{Unchecked: []string{}}}
	var err error
	v.b, v.parts, err = decodeBundle(bundle, o.MaxBytes)
	v.report("form", err, "canonical JSON, %d bytes", len(bundle))
	if err != nil {
		return &v.r
	}
	s := &v.b.Statement
	v.s = s
	v.r.Lease, v.r.Tenant, v.r.Period, v.r.ContractedHps = s.Lease, s.Tenant, s.Period, s.ContractedHps

	v.report("signature", s.checkSignature(), "by provider %x", s.Provider)
	v.pin("provider-key", "provider's key", o.Key, s.Provider)
	v.pin("tenant-key", "tenant's key", o.TenantKey, s.TenantKey)
	v.checkContract()
	if s.Pool != nil {
		v.report("pool", s.Pool.check(), "user %s at %s", s.Pool.User, strings.Join(s.Pool.URLs, ", "))
		v.report("templates", v.checkTemplates(), "%d well-formed, each with one place for a tag", len(v.b.Templates))
		v.report("outputs", v.checkOutputs(), "none that pays anything pays the script of the house")
		v.r.NotApplicable = append(v.r.NotApplicable, "fee and split: the pool pays the tenant itself")
	} else {
		v.report("templates", v.checkTemplates(), "%d well-formed, each with one place for a tag, outputs and split equal to the reward", len(v.b.Templates))
		if p := s.HousePool; p != nil {
			v.report("house-pool", v.checkHousePool(), "at %s", strings.Join(p.URLs, ", "))
		}
		v.report("outputs", v.checkOutputs(), "%s", v.outputsDetail())
		v.report("fee", v.checkFees(), "%d ppm of each block, as in the terms", v.b.Terms.FeePPM)
		v.report("scheme", v.checkScheme(), "splits have the form of %s", v.b.Terms.Scheme)
	}
	v.report("jobs", v.checkJobs(), "%d, all with the tag of lease %s and the target of its contract", len(v.b.Jobs), s.Lease)
	v.checkReceipts()
	v.report("figures", v.checkFigures(), "%d receipts, %s hashes proven", s.Receipts, s.ProvenWork.Work())
	v.checkEarned()
	v.checkCharges()
	v.checkCounted()
	v.checkPool()
	if s.Pool != nil {
		v.report("rewards", v.checkRewards(), "none here: blocks are the pool's")
		v.report("balances", v.checkBalances(), "none here")
	} else {
		v.report("rewards", v.checkRewards(), "%d blocks rebuilt, each paying by its frozen split", len(v.b.Blocks))
		if p := s.HousePool; p != nil {
			v.report("incomes", v.checkIncomes(), "%d payments of the house's pool, each shared by proven work, less the fee", len(p.Incomes))
		}
		v.report("balances", v.checkBalances(), "pending %d sat, available %d sat: the sums of the rewards%s", s.Balances.Pending, s.Balances.Available, s.Balances.note())
	}
	v.report("derived", v.checkDerived(), "delivered %s H/s, 95 %% within %s to %s", v.r.DeliveredHps.Work(), v.r.IntervalHps[0].Work(), v.r.IntervalHps[1].Work())
	v.r.PaidTo = v.directScripts()
	v.unchecked()
	return &v.r
}

// unchecked says what cannot be told from the bundle.
func (v *verifier) unchecked() {
	list := []string{"that jobs were built on the chain's tip of their time: the bundle carries no block headers"}
	if v.s.Pool != nil {
		list = v.uncheckedOfPool()
	}
	if v.s.HousePool != nil {
		list = append(list, v.uncheckedOfHousePool()...)
	}
	list = append(list,
		"that the contracted rate and the proof interval are those agreed on, and the statement was logged before: there is no public log and no witness")
	if v.s.Pool == nil {
		list = append(list,
			"what other leases were entitled to of each block's split, and so how large a carry is: their work is not in the bundle",
			"that no block was left out, and that the listed ones are on the chain: ask a coin node")
	}
	list = append(list, v.uncheckedOfCharges()...)
	if len(v.r.PaidTo) > 0 {
		list = append(list, "that the scripts which coinbases paid the lease to are the tenant's own: "+strings.Join(v.r.PaidTo, ", "))
	}
	if n := v.uncommitted(); n > 0 {
		list = append(list, fmt.Sprintf("that the same work was not described otherwise to somebody else: coinbases of %d templates are of format %s, which commit to nothing", n, TemplateFormat1))
	}
	v.r.Unchecked = append(v.r.Unchecked, append(list, "rejected and stale shares, counted hashes, running time: the provider's word")...)
}

// outputsDetail says what the coinbases pay.
func (v *verifier) outputsDetail() string {
	direct := 0
	for i := range v.b.Templates {
		direct += len(v.b.Templates[i].Direct)
	}
	if direct == 0 {
		return "every output that pays anything pays the script of the terms"
	}
	return fmt.Sprintf("%d outputs pay leases their part of the split, every other one that pays anything the script of the terms", direct)
}

// note says what of the balances the rewards do not show.
func (b *Balances) note() string {
	if b.Other == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d sat of other entries, which are the provider's word", b.Other)
}

// uncommitted counts the well-formed templates whose coinbases commit to
// nothing.
func (v *verifier) uncommitted() (n int) {
	for i := range v.b.Templates {
		if v.usable[i] && v.b.Templates[i].Format == TemplateFormat1 {
			n++
		}
	}
	return n
}

// verifier is one run of Verify.
type verifier struct {
	Options
	parts
	b       *Bundle
	s       *Statement
	r       Report
	usable  []bool         // templates that are well-formed
	sound   []bool         // by job: it can be judged by
	last    int            // number of the job that issue is of
	issue   *stratum.Issue // one at a time: a bundle may name millions of jobs
	ev      lease.Evidence // of the receipts that hold
	perJob  []uint64       // of those, by job
	settled []uint64       // of those, by job, of settled hours
	due     []uint64       // of those, by job, such as the pool takes for shares
	shared  []miner.Work   // of those on jobs of the house's pool, by income
	income  int            // that the last one was of
	unit    *big.Rat       // see poolUnit
	derived Derived        // as it should be
}

// report notes one check; the detail is for the case that it held.
func (v *verifier) report(name string, err error, detail string, args ...any) {
	c := Check{Name: name, OK: err == nil}
	if c.Detail = fmt.Sprintf(detail, args...); err != nil {
		c.Detail = strings.ReplaceAll(err.Error(), "\n", "; ") // of errors.Join
	}
	v.r.Checks = append(v.r.Checks, c)
}

// pin compares a key of the statement with the one the caller knows.
func (v *verifier) pin(name, what string, want ed25519.PublicKey, have B32) {
	switch {
	case want != nil && !bytes.Equal(want, have[:]):
		v.report(name, fmt.Errorf("the bundle names %x, you expect %x", have, []byte(want)), "")
	case want != nil:
		v.report(name, nil, "the %s is the one you gave", what)
	case v.Strict:
		v.report(name, fmt.Errorf("not given: without it anybody could have made this bundle"), "")
	default:
		v.r.Unchecked = append(v.r.Unchecked, fmt.Sprintf("that the %s %x is the right one: give it to check", what, have))
	}
}

// checkContract checks the documents that the statement binds together.
func (v *verifier) checkContract() {
	s := v.s
	v.report("evidence", same("hash of the evidence", v.evidence(), s.Evidence), "%x", s.Evidence)

	err := same("hash of the terms", B32(sha256.Sum256(v.terms)), s.Terms)
	v.report("terms", errors.Join(err, v.b.Terms.Validate()), "%x", s.Terms)

	tag := lease.NewTag(lease.TagInput{
		Provider: s.Provider[:], Lease: s.Lease, Tenant: s.TenantKey[:], Nonce: s.Nonce, Terms: lease.TermsHash(s.Terms),
	})
	v.report("tag", same("tag of this provider, lease, tenant, nonce and terms", B16(tag), s.Tag), "%s", tag)
	v.report("period", s.checkPeriod(), "%d to %d, running for %d of %d ms",
		s.Period.FromMs, s.Period.ToMs, s.Period.RunningMs, s.Period.ToMs-s.Period.FromMs)
}

func (s *Statement) checkPeriod() error {
	p, format := s.Period, s.FormatOf()
	switch {
	case s.Format != format:
		return fmt.Errorf("statement of format %.40q, want %s", s.Format, format)
	case p.FromMs < 0 || p.ToMs <= p.FromMs:
		return fmt.Errorf("from %d to %d ms is no period", p.FromMs, p.ToMs)
	case p.RunningMs < 0 || p.RunningMs > p.ToMs-p.FromMs:
		return fmt.Errorf("running for %d ms of %d", p.RunningMs, p.ToMs-p.FromMs)
	}
	return nil
}

// same compares what was computed with what the statement says.
func same[T comparable](what string, have, want T) error {
	if have != want {
		return fmt.Errorf("%s is %v, the statement says %v", what, text(have), text(want))
	}
	return nil
}

// text makes bytes readable.
func text(v any) any {
	switch v := v.(type) {
	case B16:
		return fmt.Sprintf("%x", v[:])
	case B32:
		return fmt.Sprintf("%x", v[:])
	case lease.Quantity:
		return v.Work()
	}
	return v
}
