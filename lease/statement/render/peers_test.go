//go:build peers

package render

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/bundle"
)

// tool is the path of an accounting program, in the folder that ACCOUNTING
// names or where programs are.
func tool(t *testing.T, name string) string {
	t.Helper()
	if dir := os.Getenv("ACCOUNTING"); dir != "" {
		if file := filepath.Join(dir, name); exec.Command(file, "--version").Run() == nil {
			return file
		}
	}
	file, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("there is no %s: \"make accounting\" fetches it into bin/accounting, which ACCOUNTING must name, or install the packages hledger and beancount", name)
	}
	return file
}

// accepted runs a program on a journal, which it must read without a word on
// standard error, and returns what it prints.
func accepted(t *testing.T, journal []byte, program string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(file, journal, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	c := exec.Command(program, append(args, file)...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if err == nil && errs.Len() > 0 {
		err = fmt.Errorf("%s", errs.Bytes())
	}
	return out.String() + errs.String(), err
}

// TestJournalsAccepted proves that hledger and beancount take the journals of
// all statements, agree with the closing balances, and refuse a journal with a
// satoshi more in any of its asserted amounts.
func TestJournalsAccepted(t *testing.T) {
	hledger, beancount := tool(t, "hledger"), tool(t, "bean-check")
	for name, fixture := range named() {
		for _, unit := range []string{"BTC", "BCH-REGTEST"} {
			s, d, x := fixture()
			x.Unit = unit
			journal := write(t, "journal", s, d, x)
			if out, err := accepted(t, journal, hledger, "check", "--strict", "-f"); err != nil {
				t.Errorf("%s: hledger: %v\n%.600s", name, err, out)
			}
			if out, err := accepted(t, write(t, "beancount", s, d, x), beancount); err != nil {
				t.Errorf("%s: bean-check: %v\n%.600s", name, err, out)
			}
			out, err := accepted(t, journal, hledger, "balance", "--flat", "--empty", "assets", "-O", "csv", "-f")
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range s.Books.Accounts {
				want := fmt.Sprintf(`"%s","%s %s"`, newJournal(s).account(a.Name), coins(a.Closing), unit)
				if a.Closing != 0 && !strings.Contains(strings.ReplaceAll(out, `""`, ""), want) {
					t.Errorf("%s: no %s in\n%s", name, want, out)
				}
			}
		}
	}
	all, x := leases()
	for _, unit := range []string{"BTC", "BCH-REGTEST"} {
		x.Unit = unit
		journal := writeTenant(t, "journal", all, x)
		if out, err := accepted(t, journal, hledger, "check", "--strict", "-f"); err != nil {
			t.Errorf("tenant: hledger: %v\n%.600s", err, out)
		}
		if out, err := accepted(t, writeTenant(t, "beancount", all, x), beancount); err != nil {
			t.Errorf("tenant: bean-check: %v\n%.600s", err, out)
		}
		out, err := accepted(t, journal, hledger, "balance", "--flat", "--empty", "assets", "-O", "csv", "-f")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			for _, a := range s.Books.Accounts {
				want := fmt.Sprintf(`"%s","%s %s"`, newJournal(s).account(a.Name), coins(a.Closing), unit)
				if a.Closing != 0 && !strings.Contains(strings.ReplaceAll(out, `""`, ""), want) {
					t.Errorf("tenant: no %s in\n%s", want, out)
				}
			}
		}
	}
	all[1].Books.Accounts[0].Closing++
	if _, err := accepted(t, writeTenant(t, "journal", all, x), hledger, "check", "-f"); err == nil {
		t.Error("hledger takes another balance of a tenant's second lease")
	}
	if _, err := accepted(t, writeTenant(t, "beancount", all, x), beancount); err == nil {
		t.Error("beancount takes another balance of a tenant's second lease")
	}
	s, d, x := small()
	for i := range s.Books.Accounts {
		for _, off := range []func(a *bundle.Account){func(a *bundle.Account) { a.Opening++ }, func(a *bundle.Account) { a.Closing++ }} {
			wrong := *s
			wrong.Books.Accounts = append([]bundle.Account{}, s.Books.Accounts...)
			off(&wrong.Books.Accounts[i])
			if _, err := accepted(t, write(t, "journal", &wrong, d, x), hledger, "check", "-f"); err == nil {
				t.Errorf("hledger takes another balance of %s", wrong.Books.Accounts[i].Name)
			}
			if _, err := accepted(t, write(t, "beancount", &wrong, d, x), beancount); err == nil {
				t.Errorf("beancount takes another balance of %s", wrong.Books.Accounts[i].Name)
			}
		}
	}
}
