package render

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/bundle"
)

// leases are the statements of a tenant's leases: of one month, of three days,
// of one without any books, and of a running day.
func leases() ([]*bundle.Statement, Context) {
	s, _, x := month()
	all := []*bundle.Statement{s}
	for i, fixture := range []func() (*bundle.Statement, *bundle.Derived, Context){hosted, empty, preliminary} {
		s, _, _ := fixture()
		s.Lease = []string{"L-0043", "L-0044", "L-0100"}[i]
		all = append(all, s)
	}
	return all, x
}

// tenantForms are those that list what is of each lease.
func tenantForms() map[string]func([]*bundle.Statement, Context) ([]byte, error) {
	return map[string]func([]*bundle.Statement, Context) ([]byte, error){
		"csv": TenantCSV, "csv-hours": TenantHoursCSV, "journal": TenantHledger, "beancount": TenantBeancount,
	}
}

func writeTenant(t testing.TB, name string, all []*bundle.Statement, x Context) []byte {
	t.Helper()
	b, err := tenantForms()[name](all, x)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// TestTenantCSV proves that a tenant's CSV is those of its leases, one after the
// other, below one first line.
func TestTenantCSV(t *testing.T) {
	all, x := leases()
	for name, one := range map[string]func(*bundle.Statement, Context) ([]byte, error){"csv": CSV, "csv-hours": HoursCSV} {
		var want []byte
		for i, s := range all {
			b, err := one(s, x)
			if err != nil {
				t.Fatal(err)
			}
			head, rest, _ := bytes.Cut(b, []byte("\r\n"))
			if i == 0 {
				want = append(head, "\r\n"...)
			}
			want = append(want, rest...)
		}
		have := writeTenant(t, name, all, x)
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not that of the leases", name)
		}
		var order []string
		for _, c := range cells(t, have) {
			order = append(order, c["lease"])
		}
		want2 := []string{"L-0042", "L-0043", "L-0100"} // nothing happened to L-0044
		if order = slices.Compact(order); !slices.Equal(order, want2) {
			t.Errorf("%s has lines of %q, want %q", name, order, want2)
		}
	}
	for _, s := range all {
		checkBooks(t, s, writeTenant(t, "csv", all, x))
	}
}

// TestTenantJournals proves that what is declared is declared once, and that a
// journal of one lease is that lease's.
func TestTenantJournals(t *testing.T) {
	all, x := leases()
	for name, once := range map[string][]string{
		"journal":   {"decimal-mark", "commodity ", "account Assets:Hashlease:L-0042:Acme-ltd:Prepaid\n", "account Assets:Hashlease:L-0043:Acme-ltd:Prepaid\n"},
		"beancount": {`option "title" "tenant acme-ltd"`, `option "operating_currency"`, "open Assets:Hashlease:L-0042:Acme-ltd:Prepaid ", "open Assets:Hashlease:L-0043:Acme-ltd:Prepaid "},
	} {
		text := string(writeTenant(t, name, all, x))
		for _, want := range once {
			if n := strings.Count(text, want); n != 1 {
				t.Errorf("%s: %q is there %d times", name, want, n)
			}
		}
		declared := map[string]bool{}
		for line := range strings.Lines(text) {
			word := strings.Fields(line)
			switch {
			case len(word) > 1 && word[0] == "account", len(word) > 2 && word[1] == "open":
				account := word[len(word)-1]
				if word[0] != "account" {
					account = word[2]
				}
				if declared[account] {
					t.Errorf("%s: %s is declared twice", name, account)
				}
				declared[account] = true
			case len(word) > 0 && strings.Contains(word[0], ":Hashlease:") && !declared[word[0]]:
				t.Errorf("%s: %s is not declared", name, word[0])
			}
		}
	}
}

func TestTenantRefused(t *testing.T) {
	for name, write := range tenantForms() {
		refused := func(what, want string, all []*bundle.Statement, x Context) {
			t.Helper()
			if _, err := write(all, x); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: %v, want %q", name, what, err, want)
			}
		}
		for _, none := range [][]*bundle.Statement{nil, {nil}} {
			if _, err := write(none, Context{}); !errors.Is(err, errNoStatement) {
				t.Errorf("%s of nothing: %v", name, err)
			}
		}
		all, x := leases()
		all[2].Lease = all[0].Lease
		refused("a lease twice", "two statements of lease", all, x)
		all[2].Lease = "l-0042"
		refused("leases with one account", "two statements of lease", all, x)
		all, x = leases()
		all[1].Tenant = "bob"
		refused("two tenants", `is of tenant "bob"`, all, x)
		all, x = leases()
		x.Unit = "bitcoin;"
		refused("a commodity", "commodity", all, x)
		all, x = leases()
		all[3].Period.ToMs = 0
		refused("a period", "the end last", all, x)
	}
}
