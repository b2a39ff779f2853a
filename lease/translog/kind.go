package translog

import "slices"

// Kind says what a leaf is about. FORMAT.md lists what of each is public.
type Kind string

// The kinds of leaves.
const (
	KindTerms       Kind = "terms"       // one version of the terms
	KindLease       Kind = "lease"       // a contract, and each change of it
	KindJob         Kind = "job"         // a template that work is about to be handed out on
	KindPlacement   Kind = "placement"   // for whom a source worked in an hour
	KindBatch       Kind = "batch"       // receipts of a lease in a window: number, work, root
	KindBlock       Kind = "block"       // a block found, matured or orphaned
	KindTransaction Kind = "transaction" // a transaction of the ledger
	KindSLA         Kind = "sla"         // a settled hour, or an exclusion
	KindStatement   Kind = "statement"   // a statement that was issued
	KindTagMap      Kind = "tagmap"      // root of the tag map from here on
	KindKey         Kind = "key"         // the key that signs from here on
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{
		KindTerms, KindLease, KindJob, KindPlacement, KindBatch, KindBlock,
		KindTransaction, KindSLA, KindStatement, KindTagMap, KindKey,
	}
}

// known tells whether k is one of Kinds.
func (k Kind) known() bool { return slices.Contains(Kinds(), k) }
