package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Limits of a statement. They are far above what a lease of ten years comes to.
const (
	MaxHours       = 24 * 366 * 20
	MaxLines       = 1 << 19
	MaxPostings    = 64      // of a line
	MaxRewards     = 1 << 16 // blocks
	MaxMonths      = 12 * 20
	MaxIncomes     = 1 << 16
	MaxVerdicts    = 200  // reasons
	MaxHousePools  = 1000 // addresses
	MaxFormerPools = 1000 // accounts
	MaxAccounts    = 16
	maxText        = 300 // bytes of a name, a key or a reference
)

// limits checks that a statement is one in form: that nothing is missing, too
// long, or too large to be added up.
func (s *Statement) limits() error {
	if s.Format != StatementFormat {
		return fmt.Errorf("statement of format %.40q, want %s", s.Format, StatementFormat)
	}
	if s.State != Final && s.State != Preliminary {
		return fmt.Errorf("statement in the state %.40q, want %s or %s", s.State, Final, Preliminary)
	}
	if s.Number < 1 || (s.Number == 1) != (s.Supersedes == nil) {
		return fmt.Errorf("statement number %d: they count from 1, and each but the first names the hash of the one it supersedes", s.Number)
	}
	if s.Delivery.Verdicts == nil || s.Hours == nil || s.Rewards == nil || s.Books.Lines == nil || s.Books.Accounts == nil ||
		s.SLA != nil && s.SLA.Closed == nil || s.HousePool != nil && (s.HousePool.URLs == nil || s.HousePool.Incomes == nil) ||
		s.Pool != nil && (s.Pool.URLs == nil || s.Pool.Former == nil) {
		return errors.New("statement with a null where there must be a list")
	}
	return errors.Join(s.limitTexts(), s.limitCounts(), s.limitAmounts())
}

// limitTexts bounds the names.
func (s *Statement) limitTexts() error {
	texts := []string{s.Origin, s.Tenant, s.Lease, string(s.Model)}
	for reason := range s.Delivery.Verdicts {
		texts = append(texts, reason)
	}
	for i := range s.Books.Lines {
		l := &s.Books.Lines[i]
		texts = append(texts, l.Kind, l.Key, l.Ref)
		for _, p := range l.Postings {
			texts = append(texts, p.Account)
		}
	}
	for i := range s.Books.Accounts {
		texts = append(texts, s.Books.Accounts[i].Name)
	}
	if i := slices.IndexFunc(texts, func(t string) bool { return len(t) > maxText }); i >= 0 {
		return fmt.Errorf("statement with a name of %d bytes, %.40q…: at most %d", len(texts[i]), texts[i], maxText)
	}
	if s.Origin == "" || s.Tenant == "" || s.Lease == "" || s.Lease == lease.House || strings.ContainsAny(s.Tenant, ": ") {
		return fmt.Errorf("statement of tenant %q and lease %q at the log %q: want names", s.Tenant, s.Lease, s.Origin)
	}
	return nil
}

// limitCounts bounds the lists.
func (s *Statement) limitCounts() error {
	type list struct {
		what     string
		n, limit int
	}
	lists := []list{
		{"hours", len(s.Hours), MaxHours}, {"lines", len(s.Books.Lines), MaxLines}, {"accounts", len(s.Books.Accounts), MaxAccounts},
		{"rewards", len(s.Rewards), MaxRewards}, {"reasons of verdicts", len(s.Delivery.Verdicts), MaxVerdicts},
	}
	for i := range s.Books.Lines {
		lists = append(lists, list{"postings of a line", len(s.Books.Lines[i].Postings), MaxPostings})
	}
	if s.SLA != nil {
		lists = append(lists, list{"months", len(s.SLA.Closed), MaxMonths})
	}
	if p := s.HousePool; p != nil {
		lists = append(lists, list{"addresses of pools", len(p.URLs), MaxHousePools}, list{"incomes", len(p.Incomes), MaxIncomes})
	}
	if p := s.Pool; p != nil {
		lists = append(lists, list{"former accounts", len(p.Former), MaxFormerPools})
	}
	for _, l := range lists {
		if l.n > l.limit {
			return fmt.Errorf("statement with %d %s, at most %d", l.n, l.what, l.limit)
		}
	}
	return nil
}

// limitAmounts bounds what is summed up, so that no sum leaves 64 bits.
func (s *Statement) limitAmounts() error {
	var sats, counts []int64
	for i := range s.Hours {
		h := &s.Hours[i]
		sats = append(sats, h.DueSat, h.ChargedSat, h.EarnedSat)
		if h.Hour > maxIndex/lease.MsPerHour-1 {
			return fmt.Errorf("statement of hour %d, which ends after all time", h.Hour)
		}
		counts = append(counts, h.Hour, h.OwedMs, h.ExcludedMs, h.RunningMs, h.Receipts)
	}
	for i := range s.Rewards {
		sats = append(sats, s.Rewards[i].Sat, s.Rewards[i].Direct)
		counts = append(counts, s.Rewards[i].Height, s.Rewards[i].Job, s.Rewards[i].Leaf)
	}
	for i := range s.Books.Lines {
		counts = append(counts, s.Books.Lines[i].Leaf, s.Books.Lines[i].AtMs)
		for _, p := range s.Books.Lines[i].Postings {
			sats = append(sats, max(p.Sat, -p.Sat))
		}
	}
	for i := range s.Books.Accounts {
		a := &s.Books.Accounts[i]
		sats = append(sats, max(a.Opening, -a.Opening), max(a.Closing, -a.Closing))
	}
	if c := s.Charges; c != nil {
		counts = append(counts, c.Due, c.Charged)
	}
	if s.SLA != nil {
		counts = append(counts, s.SLA.Up, s.SLA.Down, s.SLA.Excluded, s.SLA.Idle)
		for i := range s.SLA.Closed {
			m := &s.SLA.Closed[i]
			sats = append(sats, m.FeesSat, m.CreditSat, m.ExitSat)
			counts = append(counts, m.FromMs, m.ToMs, m.Leaf+1) // -1: there is none
		}
	}
	if p := s.HousePool; p != nil {
		for i := range p.Incomes {
			in := &p.Incomes[i]
			sats = append(sats, in.Sat, in.GrossSat, in.FeeSat)
			counts = append(counts, in.FromMs, in.ToMs, in.Leaf+1)
		}
	}
	if p := s.Pool; p != nil {
		for i := range p.Former {
			counts = append(counts, p.Former[i].UntilMs)
		}
	}
	counts = append(counts, s.ProofMs, s.StartMs, s.StopMs, s.Period.FromMs, s.Period.ToMs, s.Period.RunningMs, s.Period.SettledMs,
		s.Delivery.Receipts, s.Delivery.FirstBatch, s.Delivery.Batches, s.Delivery.FirstLeaf, s.Delivery.LastLeaf, s.Books.FirstLine)
	if p := s.Period; p.ToMs <= p.FromMs || p.ToMs-p.FromMs > MaxHours*lease.MsPerHour || p.SettledMs > p.ToMs {
		return fmt.Errorf("statement from %d to %d ms, settled up to %d: want a period of at most %d hours", p.FromMs, p.ToMs, p.SettledMs, MaxHours)
	}
	if i := slices.IndexFunc(sats, func(n int64) bool { return n < 0 || n > lease.MaxSat }); i >= 0 {
		return fmt.Errorf("statement with an amount of %d sat, want 0 to %d", sats[i], int64(lease.MaxSat))
	}
	if i := slices.IndexFunc(counts, func(n int64) bool { return n < 0 || n > maxIndex }); i >= 0 {
		return fmt.Errorf("statement with the number %d, want 0 to 2^53", counts[i])
	}
	return nil
}
