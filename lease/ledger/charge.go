package ledger

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// transfer makes a transaction of two postings about a lease.
func transfer(kind, key, ref string, debit, credit lease.Posting, sat, atMs int64) (lease.Transaction, error) {
	t := lease.Transaction{Key: key, Kind: kind, AtMs: atMs, Ref: ref}
	if sat <= 0 {
		return t, fmt.Errorf("transaction %s: %d sat, want an amount above zero", key, sat)
	}
	debit.Sat, credit.Sat = sat, -sat
	t.Postings = []lease.Posting{debit, credit}
	return t, t.Validate()
}

// hourly is a transfer about one hour of a lease.
func hourly(kind string, p Party, hourMs int64, debit, credit string, sat, atMs int64) (lease.Transaction, error) {
	if err := p.check(); err != nil {
		return lease.Transaction{}, fmt.Errorf("%s: %w", kind, err)
	}
	if hourMs%lease.MsPerHour != 0 || hourMs < firstMs || hourMs > lastMs {
		return lease.Transaction{}, fmt.Errorf("%s of lease %s: no hour of a year of four digits begins at %d ms", kind, p.Lease, hourMs)
	}
	return transfer(kind, hourKey(kind, p.Lease, hourMs), p.Lease,
		lease.Posting{Account: debit, Lease: p.Lease}, lease.Posting{Account: credit, Lease: p.Lease}, sat, atMs)
}

// Prepayment books money that came in for a lease. ref names it for good, and
// is the key (PrepayKey): it is booked once.
func Prepayment(p Party, ref string, sat, atMs int64) (lease.Transaction, error) {
	if err := p.check(); err != nil {
		return lease.Transaction{}, fmt.Errorf("prepayment: %w", err)
	}
	if err := checkRef("prepayment", ref); err != nil {
		return lease.Transaction{}, err
	}
	return transfer(KindPrepay, PrepayKey(ref), ref,
		lease.Posting{Account: Wallet}, lease.Posting{Account: Prepaid(p.Tenant), Lease: p.Lease}, sat, atMs)
}

// Usage books what a lease used in the hour that begins at hourMs (UsageKey).
func Usage(p Party, hourMs, sat, atMs int64) (lease.Transaction, error) {
	return hourly(KindUsage, p, hourMs, Prepaid(p.Tenant), LeaseRevenue, sat, atMs)
}

// PowerUsage books the power of a lease's rigs in an hour (PowerKey).
func PowerUsage(p Party, hourMs, sat, atMs int64) (lease.Transaction, error) {
	return hourly(KindPower, p, hourMs, Prepaid(p.Tenant), Power, sat, atMs)
}

// Refund books that prepaid money of a lease may be paid back. ref is the
// occasion, such as "close" (RefundKey).
func Refund(p Party, ref string, sat, atMs int64) (lease.Transaction, error) {
	if err := p.check(); err != nil {
		return lease.Transaction{}, fmt.Errorf("refund: %w", err)
	}
	if err := checkRef("refund", ref); err != nil {
		return lease.Transaction{}, err
	}
	return transfer(KindRefund, RefundKey(p.Lease, ref), p.Lease,
		lease.Posting{Account: Prepaid(p.Tenant), Lease: p.Lease}, lease.Posting{Account: Available(p.Tenant), Lease: p.Lease}, sat, atMs)
}

// SLACredit books what a period's shortfall is worth, such as "2026-11"
// (SLAKey): prepaid while the lease can still use it, else to be paid out.
func SLACredit(p Party, period string, closed bool, sat, atMs int64) (lease.Transaction, error) {
	if err := p.check(); err != nil {
		return lease.Transaction{}, fmt.Errorf("SLA credit: %w", err)
	}
	if err := checkRef("period", period); err != nil {
		return lease.Transaction{}, err
	}
	to := Prepaid(p.Tenant)
	if closed {
		to = Available(p.Tenant)
	}
	return transfer(KindSLA, SLAKey(p.Lease, period), p.Lease,
		lease.Posting{Account: SLAExpense, Lease: p.Lease}, lease.Posting{Account: to, Lease: p.Lease}, sat, atMs)
}

// ExitFee books what leaving a lease early costs (ExitKey).
func ExitFee(p Party, sat, atMs int64) (lease.Transaction, error) {
	if err := p.check(); err != nil {
		return lease.Transaction{}, fmt.Errorf("exit fee: %w", err)
	}
	return transfer(KindExit, ExitKey(p.Lease), p.Lease,
		lease.Posting{Account: Prepaid(p.Tenant), Lease: p.Lease}, lease.Posting{Account: ExitFees, Lease: p.Lease}, sat, atMs)
}
