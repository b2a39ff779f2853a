package bundle

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/note"
)

// TenantFormat is the version of the tenant statement's layout.
const TenantFormat = "hashlease-tenant-statement/1"

// TenantStatement says what all leases of a tenant came to in a period. Each has
// a statement of its own, of the same period as far as the lease lasted, and all
// that is said here follows from these.
type TenantStatement struct {
	Format   string        `json:"format"` // TenantFormat
	Origin   string        `json:"origin"`
	Tenant   string        `json:"tenant"`
	FromMs   int64         `json:"from_ms"`
	ToMs     int64         `json:"to_ms"`
	State    State         `json:"state"`    // final when all statements are
	Leases   []TenantLease `json:"leases"`   // by ID, at least one
	Accounts []Account     `json:"accounts"` // of all leases together, by name
}

// TenantLease is what the statement of one lease says, in short.
type TenantLease struct {
	Lease      string         `json:"lease"`
	Number     int64          `json:"number"`    // of its statement
	Statement  receipt.B32    `json:"statement"` // hash of it, signed
	FromMs     int64          `json:"from_ms"`   // of its period
	ToMs       int64          `json:"to_ms"`
	State      State          `json:"state"`
	ProvenWork lease.Quantity `json:"proven_work"`
	Receipts   int64          `json:"receipts"`
	Charged    int64          `json:"charged"`  // satoshi, like the next two
	Credited   int64          `json:"credited"` // by the SLA
	Earned     int64          `json:"earned"`   // see Statement.Earned
	Accounts   []Account      `json:"accounts"`
}

// maxTenantLeases bounds the leases of a tenant statement.
const maxTenantLeases = 10_000

// Encode writes the statement as canonical JSON.
func (t *TenantStatement) Encode() ([]byte, error) {
	if err := t.limits(); err != nil {
		return nil, err
	}
	return lease.Canonical(t)
}

// DecodeTenantStatement reads what Encode writes, and nothing else.
func DecodeTenantStatement(document []byte) (*TenantStatement, error) {
	t := new(TenantStatement)
	if err := decodeDocument("tenant statement", document, MaxStatement, t); err != nil {
		return nil, err
	}
	return t, t.limits()
}

// Sign makes the statement a signed note, as Statement.Sign does.
func (t *TenantStatement) Sign(signer note.Signer) ([]byte, error) { return signDocument(t, signer) }

// OpenTenantStatement reads a signed tenant statement, as OpenStatement does.
func OpenTenantStatement(msg []byte, keys ...note.Verifier) (*TenantStatement, error) {
	text, signed := openDocument("tenant statement", msg, keys)
	if text == nil {
		return nil, signed
	}
	t, err := DecodeTenantStatement(text)
	if err != nil {
		return nil, err
	}
	return t, signed
}

// limits checks the form.
func (t *TenantStatement) limits() error {
	switch {
	case t.Format != TenantFormat:
		return fmt.Errorf("tenant statement of format %.40q, want %s", t.Format, TenantFormat)
	case t.Origin == "" || len(t.Origin) > maxText || t.Tenant == "" || len(t.Tenant) > maxText:
		return fmt.Errorf("tenant statement of %.40q at the log %.40q: want names", t.Tenant, t.Origin)
	case t.FromMs < 0 || t.ToMs <= t.FromMs || t.ToMs > maxIndex:
		return fmt.Errorf("tenant statement from %d to %d ms, which is no period", t.FromMs, t.ToMs)
	case len(t.Leases) == 0 || len(t.Leases) > maxTenantLeases || t.Accounts == nil:
		return fmt.Errorf("tenant statement of %d leases, want 1 to %d", len(t.Leases), maxTenantLeases)
	}
	for i := range t.Leases {
		if t.Leases[i].Accounts == nil {
			return fmt.Errorf("tenant statement: lease %.40q with a null where there must be a list", t.Leases[i].Lease)
		}
	}
	return nil
}

// NewTenantStatement sums up the statements of a tenant's leases, by lease ID,
// given with their signed forms.
func NewTenantStatement(fromMs, toMs int64, statements []*Statement, signed [][]byte) (*TenantStatement, error) {
	if len(statements) == 0 || len(statements) != len(signed) {
		return nil, fmt.Errorf("tenant statement of %d statements, %d of them signed: there must be one", len(statements), len(signed))
	}
	first := statements[0]
	t := &TenantStatement{
		Format: TenantFormat, Origin: first.Origin, Tenant: first.Tenant, FromMs: fromMs, ToMs: toMs, State: Final, Accounts: []Account{},
	}
	for i, s := range statements {
		switch {
		case s.Origin != t.Origin || s.Tenant != t.Tenant:
			return nil, fmt.Errorf("tenant statement of %s: lease %s is of tenant %s in the log %s", t.Tenant, s.Lease, s.Tenant, s.Origin)
		case i > 0 && s.Lease <= statements[i-1].Lease:
			return nil, fmt.Errorf("tenant statement of %s: lease %s comes after %s", t.Tenant, s.Lease, statements[i-1].Lease)
		case s.Period.FromMs < fromMs || s.Period.ToMs > toMs:
			return nil, fmt.Errorf("tenant statement of %s: the statement of lease %s is of another time", t.Tenant, s.Lease)
		}
		if s.State != Final {
			t.State = s.State
		}
		t.Leases = append(t.Leases, s.summary(StatementHash(signed[i])))
		t.Accounts = addAccounts(t.Accounts, s.Books.Accounts)
	}
	return t, nil
}

// summary is what a tenant statement says of a statement.
func (s *Statement) summary(hash receipt.B32) TenantLease {
	l := TenantLease{
		Lease: s.Lease, Number: s.Number, Statement: hash, FromMs: s.Period.FromMs, ToMs: s.Period.ToMs, State: s.State,
		ProvenWork: s.Delivery.ProvenWork, Receipts: s.Delivery.Receipts,
		Credited: s.Credited(), Earned: s.Earned(), Accounts: s.Books.Accounts,
	}
	if s.Charges != nil {
		l.Charged = s.Charges.Charged
	}
	return l
}

// addAccounts adds up accounts, both by name.
func addAccounts(a, b []Account) []Account {
	sum := make([]Account, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Name < b[0].Name:
			sum, a = append(sum, a[0]), a[1:]
		case len(a) == 0 || b[0].Name < a[0].Name:
			sum, b = append(sum, b[0]), b[1:]
		default:
			sum = append(sum, Account{a[0].Name, a[0].Opening + b[0].Opening, a[0].Closing + b[0].Closing})
			a, b = a[1:], b[1:]
		}
	}
	return sum
}

// Credited is what the SLA gave in the period, in satoshi, without what
// corrections changed.
func (s *Statement) Credited() (sat int64) {
	for i := range s.Books.Lines {
		if l := &s.Books.Lines[i]; l.Kind == ledger.KindSLA {
			sat += l.owed("")
		}
	}
	return sat
}

// Earned is what rewards, shares and incomes added in the period to what the
// tenant gets, in satoshi: what is pending included, and what coinbases pay
// without the provider between. It is below zero where more was reversed.
func (s *Statement) Earned() (sat int64) {
	direct := make(map[string]bool)
	for i := range s.Rewards {
		if s.Rewards[i].Direct > 0 {
			direct[miner.Hash(s.Rewards[i].Block).String()] = true
		}
	}
	for i := range s.Books.Lines {
		l := &s.Books.Lines[i]
		switch l.Kind {
		case ledger.KindMatured, ledger.KindUnmatured:
			if !direct[l.Ref] { // else it leaves what is pending, and does not pass here
				sat += l.owed("")
			}
		case ledger.KindFound, ledger.KindOrphaned, ledger.KindLoss, ledger.KindPPS, ledger.KindIncome, ledger.KindCarry:
			sat += l.owed("")
		}
	}
	return sat
}

// owed is what the line adds to an account of the tenant's, to all of them for
// "", in satoshi.
func (l *Line) owed(account string) (sat int64) {
	for _, p := range l.Postings {
		if p.Account == account || account == "" && strings.HasPrefix(p.Account, lease.Liability) {
			sat -= p.Sat
		}
	}
	return sat
}
