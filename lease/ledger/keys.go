package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashlease/hashlease/miner"
)

// Kinds of transactions. Every key begins with its kind and a colon.
const (
	KindFound     = "found"
	KindMatured   = "matured"
	KindUnmatured = "unmatured" // reverses matured
	KindOrphaned  = "orphaned"  // reverses found
	KindLoss      = "orphan-loss"

	KindPrepay = "prepay"
	KindUsage  = "usage"
	KindPower  = "power"
	KindRefund = "refund"
	KindSLA    = "sla"
	KindExit   = "exit"

	KindPPS    = "pps" // and FPPS
	KindIncome = "income"
	KindCarry  = "carry"

	KindIntent    = "payout-intent"
	KindConfirmed = "payout-confirmed"
	KindFailed    = "payout-failed" // reverses payout-intent

	KindReversal = "reversal" // of what a correction takes back
)

// Key is the idempotency key of an event in a block's n-th appearance on the
// chain, counted from 1.
func Key(kind string, block miner.Hash, n int) string {
	return fmt.Sprintf("%s:%v:%d", kind, block, n)
}

// PrepayKey is the key of the prepayment that ref names, such as the output
// of the transaction that paid it: "prepay:REF".
func PrepayKey(ref string) string { return KindPrepay + ":" + ref }

// UsageKey is the key of what a lease used in the hour that begins at hourMs:
// "usage:LEASE:2026-11-20T15Z".
func UsageKey(id string, hourMs int64) string { return hourKey(KindUsage, id, hourMs) }

// PowerKey is the key of a lease's power in an hour: "power:LEASE:HOUR".
func PowerKey(id string, hourMs int64) string { return hourKey(KindPower, id, hourMs) }

// PPSKey is the key of what a lease's shares of an hour earned: "pps:LEASE:HOUR".
func PPSKey(id string, hourMs int64) string { return hourKey(KindPPS, id, hourMs) }

// RefundKey is the key of a refund; ref says on which occasion, such as
// "close": "refund:LEASE:REF".
func RefundKey(id, ref string) string { return KindRefund + ":" + id + ":" + ref }

// SLAKey is the key of a period's credit: "sla:LEASE:2026-11".
func SLAKey(id, period string) string { return KindSLA + ":" + id + ":" + period }

// ExitKey is the key of the fee for leaving a lease early: "exit:LEASE".
func ExitKey(id string) string { return KindExit + ":" + id }

// IncomeKey is the key of what a foreign pool paid to the house: "income:REF".
func IncomeKey(ref string) string { return KindIncome + ":" + ref }

// CarryKey is the key of a release of the startup carry: "carry:REF".
func CarryKey(ref string) string { return KindCarry + ":" + ref }

// PayoutKey is the key of an event of a payout: "payout-intent:ID".
func PayoutKey(kind string, id int64) string { return kind + ":" + strconv.FormatInt(id, 10) }

// ReversalKey is the key of the reversal of what was booked under key:
// "reversal:KEY".
func ReversalKey(key string) string { return KindReversal + ":" + key }

func hourKey(kind, id string, hourMs int64) string {
	return kind + ":" + id + ":" + time.UnixMilli(hourMs).UTC().Format("2006-01-02T15Z")
}

// maxRef bounds a reference in a key, in bytes.
const maxRef = 200

// checkRef refuses what cannot be part of a key: it must be one line of text,
// and '#' begins the number of a corrected version.
func checkRef(what, ref string) error {
	if ref == "" || len(ref) > maxRef || !utf8.ValidString(ref) || strings.ContainsRune(ref, '#') ||
		strings.ContainsFunc(ref, func(r rune) bool { return !unicode.IsPrint(r) }) || ref != strings.TrimSpace(ref) {
		return fmt.Errorf("%s %.60q: want 1 to %d bytes of text in one line, without #", what, ref, maxRef)
	}
	return nil
}

// version splits a key into that of the original and the number of the
// version, which is 1 for the original: the third version of K is "K#3".
func version(key string) (base string, n int, ok bool) {
	base, digits, found := strings.Cut(key, "#")
	if !found {
		return key, 1, true
	}
	for _, d := range digits {
		if d < '0' || d > '9' || n > 1_000_000 {
			return "", 0, false
		}
		n = 10*n + int(d-'0')
	}
	return base, n, n >= 2 && digits[0] != '0'
}

// versionKey is the key of the n-th version of what was booked under base.
func versionKey(base string, n int) string {
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s#%d", base, n)
}
