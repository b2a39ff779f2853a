package lease

// Transaction is one event in the ledger. Its postings sum to zero.
type Transaction struct {
	Seq      int64  // given by the Store
	Key      string // idempotency key: the same event is booked once
	Kind     string // found, matured, orphaned, …
	AtMs     int64  // Unix milliseconds
	Ref      string // what it is about, such as a block hash
	Postings []Posting
}

// Posting changes one account: positive amounts are debits, negative ones
// credits.
type Posting struct {
	Account string
	Lease   string // the lease it is for, or empty
	Sat     int64  // satoshi
}

// Balance is the sum of an account's postings.
type Balance struct {
	Account string
	Lease   string
	Sat     int64
}
