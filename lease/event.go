package lease

import "fmt"

// EventKind says what happened.
type EventKind string

// Kinds of events. The body of each is the struct in this package that its
// line names, as canonical JSON: what was decided, with all that it was
// decided from.
const (
	EventLeaseAdded    EventKind = "lease-added"    // LeaseAdded
	EventLeasePaused   EventKind = "lease-paused"   // LeasePaused
	EventLeaseResumed  EventKind = "lease-resumed"  // LeasePaused
	EventLeaseExtended EventKind = "lease-extended" // LeaseExtended
	EventLeaseClosed   EventKind = "lease-closed"   // LeaseClosed
	EventLeasePool     EventKind = "lease-pool"     // LeaseRepointed
	EventLowBudget     EventKind = "low-budget"     // BudgetState
	EventWindowDown    EventKind = "window-down"    // SettledHour
	EventAlarm         EventKind = "alarm"          // Alarm
	EventPeriodClosed  EventKind = "period-closed"  // PeriodClosed
	EventAddress       EventKind = "payout-address" // AddressChanged
	EventTerms         EventKind = "terms"          // TermsAdded
	EventPlacement     EventKind = "placement"      // as lease/dispatch writes it
	EventPayout        EventKind = "payout"         // PayoutMoved
	EventFeeMean       EventKind = "fee-mean"       // FeeMean
	EventPrepaid       EventKind = "prepaid"        // Prepaid
	EventCorrected     EventKind = "corrected"      // Corrected
	EventPoolIncome    EventKind = "pool-income"    // PoolIncome
)

// Event is something that was decided, for people, statements and auditors.
type Event struct {
	Seq    int64  // given by the Store
	Key    string // idempotency key, unique; an event whose key is known is not stored again; empty: none
	AtMs   int64  // Unix milliseconds
	Kind   EventKind
	Lease  string // the lease it is about, or empty
	Tenant string // the tenant it is about, or empty
	Body   []byte // canonical JSON, at most MaxEventBody bytes
}

// MaxEventBody bounds an event's body in bytes.
const MaxEventBody = 64 * 1024

// NewEvent makes an event of a body, which is one of this package's structs.
func NewEvent(kind EventKind, atMs int64, key string, body any) (Event, error) {
	b, err := Canonical(body)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", kind, err)
	}
	if len(b) > MaxEventBody {
		return Event{}, fmt.Errorf("event %s of %d bytes: want at most %d", kind, len(b), MaxEventBody)
	}
	return Event{Key: key, AtMs: atMs, Kind: kind, Body: b}, nil
}

// Of names the lease and the tenant that an event is about.
func (e Event) Of(l *Lease) Event {
	e.Lease, e.Tenant = l.ID, l.Tenant
	return e
}

// EventFilter selects events; its zero value selects all.
type EventFilter struct {
	AfterSeq int64
	FromMs   int64 // AtMs > FromMs, when not 0
	ToMs     int64 // AtMs ≤ ToMs, when not 0
	Lease    string
	Tenant   string
	Kinds    []EventKind
}
