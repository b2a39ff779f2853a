package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// eventText says in a line what an event's body says.
func eventText(e *lease.Event) (string, error) {
	switch e.Kind {
	case lease.EventLeaseAdded:
		return bodyText(e, func(b *lease.LeaseAdded) string {
			text := fmt.Sprintf("%s, %s, from %s to %s, terms %.12s", b.Model, formatSI(b.ContractedHps.Work())+"H/s", formatMs(b.StartMs), formatEnd(b.EndMs), b.Terms)
			if len(b.Rigs) > 0 {
				text += ", rigs " + strings.Join(b.Rigs, " ")
			}
			if len(b.Cores) > 0 {
				text += ", processors " + formatCores(b.Cores)
			}
			return text
		})
	case lease.EventLeasePaused, lease.EventLeaseResumed:
		return bodyText(e, func(b *lease.LeasePaused) string {
			return "by " + string(b.By) + ordered(b.Order) + reasoned(b.Reason)
		})
	case lease.EventLeaseExtended:
		return bodyText(e, func(b *lease.LeaseExtended) string {
			return fmt.Sprintf("from %s to %s", formatEnd(b.FromEndMs), formatEnd(b.ToEndMs))
		})
	case lease.EventLeaseClosed:
		return bodyText(e, func(b *lease.LeaseClosed) string {
			if b.FreeExit {
				return "at " + formatMs(b.AtMs) + ", without a fee"
			}
			return "at " + formatMs(b.AtMs) + ", early exits cost what the terms say"
		})
	case lease.EventLeasePool:
		return bodyText(e, func(b *lease.LeaseRepointed) string {
			return fmt.Sprintf("from %s at %s to %s at %s", b.FromUser, first(b.FromURLs), b.ToUser, first(b.ToURLs)) + ordered(b.Order)
		})
	case lease.EventLowBudget:
		return bodyText(e, func(b *lease.BudgetState) string {
			return fmt.Sprintf("%d sat prepaid, %d sat of it due, %d sat an hour as contracted", b.PrepaidSat, b.OpenSat, b.HourSat)
		})
	case lease.EventPrepaid:
		return bodyText(e, func(b *lease.Prepaid) string { return fmt.Sprintf("%d sat, %s", b.Sat, asLine(b.Ref)) })
	case lease.EventWindowDown:
		return bodyText(e, func(b *lease.SettledHour) string {
			return fmt.Sprintf("the hour from %s: at most %s of %s contracted", formatMs(b.Hour*lease.MsPerHour), formatHashes(b.Upper.Work()), formatHashes(b.Contracted.Work()))
		})
	case lease.EventAlarm:
		return bodyText(e, func(b *lease.Alarm) string {
			of := ""
			if b.Source != "" {
				of = " of " + b.Source
			}
			if b.Reason != "" {
				return fmt.Sprintf("%s%s, %s, of %s: %s", b.Test, of, b.Direction, formatHashes(b.Seen.Work()), asLine(b.Reason))
			}
			return fmt.Sprintf("%s test%s, %s: %s seen, %s expected", b.Test, of, b.Direction, formatHashes(b.Seen.Work()), formatHashes(b.Expected.Work()))
		})
	}
	return eventTextOfMoney(e)
}

func eventTextOfMoney(e *lease.Event) (string, error) {
	switch e.Kind {
	case lease.EventPeriodClosed:
		return bodyText(e, func(b *lease.PeriodClosed) string {
			text := fmt.Sprintf("%s to %s: availability %s %%, credit %d sat of %d sat of fees", formatMs(b.FromMs), formatMs(b.ToMs),
				formatPPM(b.AvailabilityPPM), b.CreditSat, b.FeesSat)
			if b.RefundSat+b.ExitFeeSat > 0 {
				text += fmt.Sprintf(", %d sat refunded, %d sat kept for an early exit", b.RefundSat, b.ExitFeeSat)
			}
			return text
		})
	case lease.EventAddress:
		return bodyText(e, func(b *lease.AddressChanged) string {
			return fmt.Sprintf("to %s, from %s on", b.To, formatMs(b.FromMs)) + ordered(b.Order)
		})
	case lease.EventTerms:
		return bodyText(e, func(b *lease.TermsAdded) string {
			if b.Replaces == "" {
				return b.Hash
			}
			return fmt.Sprintf("%s instead of %.12s", b.Hash, b.Replaces)
		})
	case lease.EventPayout:
		return bodyText(e, func(b *lease.PayoutMoved) string {
			return fmt.Sprintf("%d %s: %d sat, transaction %s", b.ID, b.State, b.Sat, b.Txid) + reasoned(b.Reason)
		})
	case lease.EventCorrected:
		return bodyText(e, func(b *lease.Corrected) string {
			if b.Right == "" {
				return b.Key + " taken back" + reasoned(b.Reason)
			}
			return b.Key + " taken back, " + b.Right + " in its place" + reasoned(b.Reason)
		})
	case lease.EventPoolIncome:
		return bodyText(e, func(b *lease.PoolIncome) string {
			text := fmt.Sprintf("%d sat of the pool's %d sat (%s) for %s to %s", b.GrossSat, b.Sat, asLine(b.Ref), formatMs(b.FromMs), formatMs(b.ToMs))
			if e.Lease == "" {
				return text + ": the house's part; fees of " + fmt.Sprint(b.FeeSat) + " sat on top"
			}
			return text + fmt.Sprintf(", less a fee of %d sat", b.FeeSat)
		})
	case lease.EventFeeMean:
		return bodyText(e, func(b *lease.FeeMean) string {
			return fmt.Sprintf("%d sat a block on %s, of the blocks %d to %d", b.Sat, time.UnixMilli(b.Day*24*lease.MsPerHour).UTC().Format(time.DateOnly), b.FromHeight, b.ToHeight)
		})
	}
	return asLine(string(e.Body)), nil
}

// bodyText reads the body of an event and says what it says.
func bodyText[T any](e *lease.Event, say func(*T) string) (string, error) {
	var body T
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return "", err
	}
	return say(&body), nil
}

func first(urls []string) string {
	if len(urls) == 0 {
		return "-"
	}
	return urls[0]
}

func reasoned(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + asLine(reason)
}

func ordered(order string) string {
	if order == "" {
		return ""
	}
	return ", by the tenant's signed order"
}
