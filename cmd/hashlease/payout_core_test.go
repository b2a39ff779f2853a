//go:build core

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// payoutStory is a provider on a bitcoind with two wallets.
type payoutStory struct {
	*testing.T
	node    *rpctest.Node
	data    string
	vars    map[string]string
	credits int
}

func (s *payoutStory) try(args ...string) (code int, stdout, stderr string) {
	s.Helper()
	e, out, log := testEnv()
	withVars(e, s.vars)
	code = run(s.Context(), e, append(args, "--data", s.data))
	return code, out.String(), log.String()
}

func (s *payoutStory) must(args ...string) string {
	s.Helper()
	code, stdout, stderr := s.try(args...)
	if code != exitOK {
		s.Fatalf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// refused wants a command to fail and to say so.
func (s *payoutStory) refused(code int, words string, args ...string) {
	s.Helper()
	if got, stdout, stderr := s.try(args...); got != code || !strings.Contains(stderr, words) {
		s.Fatalf("%q: exit code %d, want %d and %q in\n%s%s", args, got, code, words, stdout, stderr)
	}
}

// credit makes an amount available to alice.
func (s *payoutStory) credit(sat int64) {
	s.Helper()
	p, err := openProvider(s.Context(), s.data, false)
	if err != nil {
		s.Fatal(err)
	}
	defer p.close()
	s.credits++
	party := ledger.Party{Tenant: "alice", Lease: "L-0001"}
	in, err1 := ledger.Prepayment(party, fmt.Sprint(s.credits), sat, 1)
	out, err2 := ledger.Refund(party, fmt.Sprint(s.credits), sat, 1)
	for _, err := range []error{err1, err2, p.store.Post(s.Context(), in), p.store.Post(s.Context(), out)} {
		if err != nil {
			s.Fatal(err)
		}
	}
}

func (s *payoutStory) call(wallet, method string, params ...any) json.RawMessage {
	s.Helper()
	node := s.node
	if wallet != "" {
		node = node.Wallet(wallet)
	}
	return node.Call(s.T, method, params...)
}

func (s *payoutStory) address(wallet string) (address string) {
	s.Helper()
	if err := json.Unmarshal(s.call(wallet, "getnewaddress"), &address); err != nil {
		s.Fatal(err)
	}
	return address
}

func (s *payoutStory) mine(n int) {
	s.Helper()
	s.call("", "generatetoaddress", n, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080")
	s.call("", "syncwithvalidationinterfacequeue")
}

func (s *payoutStory) got(want rpc.Amount) {
	s.Helper()
	var got rpc.Amount
	if err := json.Unmarshal(s.call("alice", "getbalance"), &got); err != nil || got != want {
		s.Errorf("alice got %v, %v, want %v", got, err, want)
	}
}

func TestPayoutOnBitcoind(t *testing.T) {
	binary := os.Getenv("BITCOIND")
	if binary == "" {
		t.Fatal("BITCOIND must hold the path of a bitcoind binary")
	}
	s := &payoutStory{T: t, node: rpctest.StartBitcoind(t, binary, "-keypool=5"), data: filepath.Join(t.TempDir(), "data")}
	s.vars = map[string]string{"HASHLEASE_COIN_RPC": s.node.URL, "HASHLEASE_COIN_USER": s.node.User, "HASHLEASE_COIN_PASSWORD": s.node.Pass,
		"HASHLEASE_COIN_PAYOUT_ADDRESS": "script:51", "HASHLEASE_PAYOUT_WALLET": "till", "HASHLEASE_NODE_THREADS": "1", "HASHLEASE_STRATUM_LISTEN": "127.0.0.1:0",
		"HASHLEASE_PAYOUT_CONFIRMATIONS": "1", "HASHLEASE_PAYOUT_GIVE_UP_CONFIRMATIONS": "2"}
	s.call("", "createwallet", "alice")
	s.must("tenant", "add", "alice", "--address", s.address("alice"))
	s.refused(exitFailed, "listwallets", "payout", "run")
	s.call("", "createwallet", "till")
	if out := s.must("payout", "run"); !strings.Contains(out, "nothing to pay") {
		t.Errorf("%s", out)
	}

	// What the wallet cannot pay it does not pay.
	s.credit(150_000)
	if out := s.must("payout", "run", "--dry-run"); !strings.Contains(out, "1 tenant would get 0.00150000") {
		t.Errorf("%s", out)
	}
	s.refused(exitFailed, "0.00150000 are, it has 0.00000000", "payout", "run")
	s.call("", "generatetoaddress", 3, s.address("till"))
	s.mine(101)
	if out := s.must("payout", "run"); !strings.Contains(out, "payout 1 prepared") || !strings.Contains(out, "payout 1 sent: 0.00150000") {
		t.Errorf("%s", out)
	}

	// It is replaced, and the replacement is confirmed.
	s.refused(exitFailed, "offer more with --fee-rate", "payout", "bump", "1", "--fee-rate", "1")
	s.refused(exitUsage, "there is no payout 9", "payout", "bump", "9", "--fee-rate", "30")
	if out := s.must("payout", "bump", "1", "--fee-rate", "30"); !strings.Contains(out, "instead of payout 1") {
		t.Errorf("%s", out)
	}
	if out := s.must("payout", "show", "2"); !strings.Contains(out, "chain        mempool") || !strings.Contains(out, "instead of   payout 1") {
		t.Errorf("%s", out)
	}
	s.mine(1)
	s.refused(exitFailed, "is in a block, 1 deep", "payout", "bump", "1", "--fee-rate", "50")
	var report struct{ Moved []lease.PayoutMoved }
	if err := json.Unmarshal([]byte(s.must("payout", "run", "--json")), &report); err != nil || len(report.Moved) != 2 ||
		report.Moved[0].State != lease.PayoutConfirmed || report.Moved[0].ID != 2 || report.Moved[1].State != lease.PayoutFailed {
		t.Errorf("%+v, %v", report, err)
	}
	s.got(150_000)

	// The wallet has what the books say, and what it had before them: the
	// coins of three blocks, less the prepayment that was never paid in.
	var list payoutsDoc
	if err := json.Unmarshal([]byte(s.must("payout", "list", "--wallet", "--json")), &list); err != nil || len(list.Payouts) != 2 ||
		list.Wallet.DifferenceSat != 150e8-150_000 || list.Wallet.BooksSat != -list.Payouts[1].FeeSat {
		t.Errorf("%+v %+v, %v", list, list.Wallet, err)
	}
	if out := s.must("payout", "list", "--state", "failed", "--wallet"); !strings.Contains(out, "a difference of 149.99850000") || strings.Contains(out, "confirmed") {
		t.Errorf("%s", out)
	}

	// A node does it by itself.
	s.credit(200_000)
	s.vars["HASHLEASE_PAYOUT_ENABLED"], s.vars["HASHLEASE_PAYOUT_INTERVAL_SECONDS"] = "true", "1"
	s.must("node", "--run-for", "4s")
	delete(s.vars, "HASHLEASE_PAYOUT_ENABLED")
	s.mine(1)
	s.must("payout", "run")
	s.got(350_000)
	s.must("ledger", "check")
}
