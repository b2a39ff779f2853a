package translog

import "slices"

// Kind says what a leaf is about. FORMAT.md lists what of each is public.
type Kind string

// The kinds of leaves.
const (
	KindTerms       Kind = "terms"       // one version of the terms
	KindLease       Kind = "lease"       // a contract, and each change of it
	KindJob         Kind = "job"         // layout and target of work that is about to be handed out
	KindPlacement   Kind = "placement"   // which source works for which lease
	KindBatch       Kind = "batch"       // receipts of a lease in a window: number, work, root
	KindMeter       Kind = "meter"       // what a source counted in a window
	KindBlock       Kind = "block"       // a block found, matured or orphaned
	KindSplit       Kind = "split"       // who is paid what share of a job's block
	KindTransaction Kind = "transaction" // a transaction of the ledger
	KindSLA         Kind = "sla"         // a window that was down, an exclusion, a credit
	KindFeed        Kind = "feed"        // a sample of a price, a tariff or a grid's intensity
	KindStatement   Kind = "statement"   // a statement that was issued
	KindTagMap      Kind = "tagmap"      // root of the tag map from here on
	KindKey         Kind = "key"         // the key that signs from here on
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{
		KindTerms, KindLease, KindJob, KindPlacement, KindBatch, KindMeter, KindBlock,
		KindSplit, KindTransaction, KindSLA, KindFeed, KindStatement, KindTagMap, KindKey,
	}
}

// known tells whether k is one of Kinds.
func (k Kind) known() bool { return slices.Contains(Kinds(), k) }
