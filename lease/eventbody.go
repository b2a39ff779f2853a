package lease

// LeaseAdded is the body of EventLeaseAdded: the contract and what it was
// admitted by.
type LeaseAdded struct {
	Model         Model    `json:"model"`
	ContractedHps Quantity `json:"contracted_hps"`
	StartMs       int64    `json:"start_ms"`
	EndMs         int64    `json:"end_ms"`
	Terms         string   `json:"terms"`
	Tag           string   `json:"tag"`
	LimitHps      Quantity `json:"limit_hps"` // what may be leased in all
	Rigs          []string `json:"rigs,omitempty"`
	Cores         []int    `json:"cores,omitempty"`
}

// LeasePaused is the body of EventLeasePaused and EventLeaseResumed.
type LeasePaused struct {
	By     PauseBy `json:"by"`
	Reason string  `json:"reason,omitempty"`
	Order  string  `json:"order,omitempty"` // the tenant's signed order, canonical JSON
}

// LeaseExtended is the body of EventLeaseExtended.
type LeaseExtended struct {
	FromEndMs int64    `json:"from_end_ms"`
	ToEndMs   int64    `json:"to_end_ms"` // 0: open-ended
	LimitHps  Quantity `json:"limit_hps"`
}

// LeaseClosed is the body of EventLeaseClosed.
type LeaseClosed struct {
	AtMs     int64 `json:"at_ms"`
	FreeExit bool  `json:"free_exit"` // no early-exit fee is due
}

// LeaseRepointed is the body of EventLeasePool. Passwords are never in events.
type LeaseRepointed struct {
	FromURLs []string `json:"from_urls"`
	FromUser string   `json:"from_user"`
	ToURLs   []string `json:"to_urls"`
	ToUser   string   `json:"to_user"`
	Order    string   `json:"order,omitempty"` // the tenant's signed order, canonical JSON
}

// BudgetState is the body of EventLowBudget and what a stop for want of budget
// was decided from.
type BudgetState struct {
	PrepaidSat  int64 `json:"prepaid_sat"`  // in the books
	OpenSat     int64 `json:"open_sat"`     // due for hours that are not settled yet
	HourSat     int64 `json:"hour_sat"`     // due for one hour as contracted
	WarnHours   int64 `json:"warn_hours"`   // of the terms
	SettledHour int64 `json:"settled_hour"` // last settled, in hours since 1970 UTC
}

// Prepaid is the body of EventPrepaid. Its Key is that of the transaction.
type Prepaid struct {
	Sat int64  `json:"sat"`
	Ref string `json:"ref"` // of the payment
}

// PoolIncome is the body of EventPoolIncome: a payment of the house's pool, and
// how it was shared by the work that was proven for the pool in the hours that
// it is for. There is one event about the payment, without a lease, in which the
// part is the house's, and one for each lease that was given a part. The key of
// the former is that of the transaction.
type PoolIncome struct {
	Ref      string   `json:"ref"`       // of the payment
	FromMs   int64    `json:"from_ms"`   // a full hour, Unix milliseconds
	ToMs     int64    `json:"to_ms"`     // likewise, not in it
	Sat      int64    `json:"sat"`       // of the payment
	Work     Quantity `json:"work"`      // of everybody
	Leases   int64    `json:"leases"`    // that were given a part
	OwnWork  Quantity `json:"own_work"`  // what the part is for; the house's with that of leases whose shares are paid by themselves
	GrossSat int64    `json:"gross_sat"` // the part
	FeeSat   int64    `json:"fee_sat"`   // of a lease's part: what the terms give the house of it; of the house's: the sum of these, on top
}

// Corrected is the body of EventCorrected: what was booked by mistake, and why.
type Corrected struct {
	Key      string `json:"key"`             // of the transaction that was wrong
	Reversal string `json:"reversal"`        // key of the one that takes it back
	Right    string `json:"right,omitempty"` // key of the one in its place; empty: there is none
	Reason   string `json:"reason"`
}

// Alarm is the body of EventAlarm: what a sequential test says, or that what an
// hour's shares would earn cannot be, which is then not paid.
type Alarm struct {
	Test        string   `json:"test"` // contract, counter or pool; earnings
	Source      string   `json:"source,omitempty"`
	Direction   string   `json:"direction"`      // short or excess
	Hour        int64    `json:"hour"`           // after which it was seen, in hours since 1970 UTC
	EvidenceMLn int64    `json:"evidence_milln"` // thousandths of the natural logarithm of the evidence ratio, rounded down
	Expected    Quantity `json:"expected"`       // work
	Seen        Quantity `json:"seen"`           // work
	Unit        Quantity `json:"unit"`           // largest work of one share
	Reason      string   `json:"reason,omitempty"`
}

// PeriodClosed is the body of EventPeriodClosed: how a period ended and what
// is credited for it.
type PeriodClosed struct {
	FromMs          int64    `json:"from_ms"`
	ToMs            int64    `json:"to_ms"`
	Up              int64    `json:"up"`   // windows
	Down            int64    `json:"down"` // windows
	Excluded        int64    `json:"excluded"`
	Contracted      Quantity `json:"contracted"` // work, of the windows not excluded
	Delivered       Quantity `json:"delivered"`  // work, likewise
	AvailabilityPPM int64    `json:"availability_ppm"`
	UpperPPM        int64    `json:"upper_ppm"` // of delivered to contracted
	FeesSat         int64    `json:"fees_sat"`
	CreditPPM       int64    `json:"credit_ppm"`
	CreditSat       int64    `json:"credit_sat"`
	FreeExit        bool     `json:"free_exit"`
	RefundSat       int64    `json:"refund_sat"` // of unspent prepayment, when the lease is over
	ExitFeeSat      int64    `json:"exit_fee_sat"`
}

// AddressChanged is the body of EventAddress.
type AddressChanged struct {
	From   string `json:"from"`
	To     string `json:"to"`
	FromMs int64  `json:"from_ms"` // when the new address begins to count, Unix milliseconds
	Order  string `json:"order,omitempty"`
}

// TermsAdded is the body of EventTerms.
type TermsAdded struct {
	Hash     string `json:"hash"`
	Replaces string `json:"replaces,omitempty"` // for new leases; old ones keep theirs
}

// FeeMean is the body of EventFeeMean: what FPPS adds to the subsidy for the
// shares of one UTC day, fixed before its first.
type FeeMean struct {
	Day        int64 `json:"day"` // days since 1970 UTC
	Sat        int64 `json:"sat"`
	FromHeight int64 `json:"from_height"`
	ToHeight   int64 `json:"to_height"`
}

// PayoutMoved is the body of EventPayout: what became of a payout, and what
// that was decided from. In an event about a tenant the amounts are its own.
type PayoutMoved struct {
	ID       int64       `json:"id"`
	State    PayoutState `json:"state"` // empty where nothing could be paid
	Txid     string      `json:"txid"`
	FeeSat   int64       `json:"fee_sat"`
	Sat      int64       `json:"sat"`
	Reason   string      `json:"reason,omitempty"`
	Replaces int64       `json:"replaces,omitempty"`

	Address string `json:"address,omitempty"` // of the tenant that the event is about
	MinSat  int64  `json:"min_sat,omitempty"` // from which on it is paid

	InBlock     string `json:"in_block,omitempty"`     // the transaction in a block that decided it
	Height      int64  `json:"height,omitempty"`       // of that block
	Depth       int64  `json:"depth,omitempty"`        // blocks from it to the tip, both counted
	NeededDepth int64  `json:"needed_depth,omitempty"` // from which on it is final
	HaveSat     int64  `json:"have_sat,omitempty"`     // what the wallet had, where it was too little
}
