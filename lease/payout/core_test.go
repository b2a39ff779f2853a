//go:build core

package payout_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/lease/payout/corewallet"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// faultyWallet and faultyStore fail before or after a call was carried out.
type faultyWallet struct {
	*faults
	payout.Wallet
}

func (w faultyWallet) Fund(ctx context.Context, r payout.Request) (payout.Signed, error) {
	return call(w.faults, func() (payout.Signed, error) { return w.Wallet.Fund(ctx, r) })
}

func (w faultyWallet) Broadcast(ctx context.Context, raw []byte) error {
	_, err := call(w.faults, func() (any, error) { return nil, w.Wallet.Broadcast(ctx, raw) })
	return err
}

func (w faultyWallet) Status(ctx context.Context, raw []byte) (payout.Status, error) {
	return call(w.faults, func() (payout.Status, error) { return w.Wallet.Status(ctx, raw) })
}

func (w faultyWallet) Relock(ctx context.Context, inputs []lease.Outpoint) error {
	_, err := call(w.faults, func() (any, error) { return nil, w.Wallet.Relock(ctx, inputs) })
	return err
}

type faultyStore struct {
	*faults
	lease.Store
}

func (s faultyStore) AddPayout(ctx context.Context, p lease.Payout, make func(int64) ([]lease.Transaction, []lease.Event, error)) (lease.Payout, error) {
	return call(s.faults, func() (lease.Payout, error) { return s.Store.AddPayout(ctx, p, make) })
}

func (s faultyStore) MovePayout(ctx context.Context, id int64, from, to lease.PayoutState, height int64, reason string, txs []lease.Transaction, events []lease.Event) error {
	_, err := call(s.faults, func() (any, error) {
		return nil, s.Store.MovePayout(ctx, id, from, to, height, reason, txs, events)
	})
	return err
}

// shop is a provider with a database and a wallet at a bitcoind, and a tenant.
type shop struct {
	*testing.T
	node, till, payee *rpctest.Node
	store             lease.Store
	wallet            payout.Wallet
	faults            *faults
	payer             *payout.Payer
	lease             lease.Lease
	credits           int
}

func newShop(t *testing.T) *shop {
	t.Helper()
	binary := os.Getenv("BITCOIND")
	if binary == "" {
		t.Fatal("BITCOIND must hold the path of the node's binary")
	}
	node := rpctest.StartBitcoind(t, binary, "-keypool=5")
	s := &shop{T: t, node: node, till: node.Wallet("till"), payee: node.Wallet("payee"), faults: &faults{}}
	for _, name := range []string{"till", "payee", "miner"} {
		node.Call(t, "createwallet", name)
	}
	node.Call(t, "generatetoaddress", 20, ask[string](s, s.till, "getnewaddress"))
	s.mine(101)
	client, err := rpc.NewClient(rpc.Config{URLs: []string{node.URL}, User: node.User, Pass: node.Pass, Network: "regtest"}, "till")
	if err != nil {
		t.Fatal(err)
	}
	s.wallet = corewallet.New(client)
	if s.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "books.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	s.addLease()
	s.payer = payout.New(payout.Config{Store: faultyStore{s.faults, s.store}, Wallet: faultyWallet{s.faults, s.wallet}, Now: time.Now,
		Confirmations: 2, GiveUp: 3, Terms: &lease.PayoutTerms{MinSat: 10_000}, Fee: payout.Fee{SatPerKvB: 2000}})
	return s
}

func (s *shop) addLease() {
	s.Helper()
	terms := lease.Terms{Format: lease.TermsFormat, Coin: "btc/regtest", HouseScript: "51", Scheme: lease.SchemeTides, Tides: lease.DefaultTides}
	hash, err := s.store.PutTerms(s.Context(), terms)
	if err != nil {
		s.Fatal(err)
	}
	key := make(ed25519.PublicKey, ed25519.PublicKeySize)
	address := ask[string](s, s.payee, "getnewaddress")
	if err := s.store.AddTenant(s.Context(), lease.Tenant{ID: "acme", Key: key, Address: address, CreatedMs: 1}); err != nil {
		s.Fatal(err)
	}
	s.lease, err = s.store.AddLease(s.Context(), lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, StartMs: 1, ProofMs: 5000, Terms: hash, Nonce: [16]byte{1}},
		1000, func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{1}, nil, nil })
	if err != nil {
		s.Fatal(err)
	}
}

func ask[T any](s *shop, node *rpctest.Node, method string, params ...any) (v T) {
	s.Helper()
	if err := json.Unmarshal(node.Call(s.T, method, params...), &v); err != nil {
		s.Fatalf("%s: %v", method, err)
	}
	return v
}

const nobody = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

func (s *shop) mine(n int) string {
	s.Helper()
	// To a new address, or a block could be the one that was invalidated.
	hashes := ask[[]string](s, s.node, "generatetoaddress", n, ask[string](s, s.node.Wallet("miner"), "getnewaddress"))
	s.sync()
	return hashes[0]
}

// sync waits until the wallets have followed the chain.
func (s *shop) sync() { s.Helper(); ask[any](s, s.node, "syncwithvalidationinterfacequeue") }

func (s *shop) credit(sat int64) {
	s.Helper()
	s.credits++
	party := ledger.Party{Tenant: "acme", Lease: s.lease.ID}
	in, err := ledger.Prepayment(party, fmt.Sprint(s.credits), sat, 1)
	if err == nil {
		err = s.store.Post(s.Context(), in)
	}
	if err != nil {
		s.Fatal(err)
	}
	out, err := ledger.Refund(party, fmt.Sprint(s.credits), sat, 1)
	if err == nil {
		err = s.store.Post(s.Context(), out)
	}
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shop) run() payout.Report {
	s.Helper()
	s.faults.arm(0, false)
	r, err := s.payer.Run(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return r
}

// wantPaid wants the tenant to have got an amount in all, and the books to
// agree with both wallets.
func (s *shop) wantPaid(sat int64) {
	s.Helper()
	if got := ask[rpc.Amount](s, s.payee, "getbalance"); int64(got) != sat {
		s.Fatalf("the tenant got %v, want %d satoshi", got, sat)
	}
	if err := ledger.Check(s.Context(), s.store); err != nil {
		s.Fatal(err)
	}
	balances, err := s.store.Balances(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	sums := make(map[string]int64)
	for _, b := range balances {
		sums[b.Account] += b.Sat
	}
	if sums[ledger.Inflight("acme")] != 0 || sums[ledger.Available("acme")] != 0 {
		s.Fatalf("balances %v", sums)
	}
	// The wallet began with 20 coins of 50 that the books know nothing of.
	b, err := s.wallet.Balance(s.Context())
	if err != nil || b.SpendableSat != 1000e8-sat-sums[ledger.TxFee] {
		s.Fatalf("the wallet has %+v, %v; %d were paid, fees of %d booked", b, err, sat, sums[ledger.TxFee])
	}
}

func (s *shop) states() string {
	s.Helper()
	all, err := s.store.Payouts(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	var states []string
	for i := range all {
		states = append(states, string(all[i].State))
	}
	return strings.Join(states, " ")
}

// TestBitcoindCrashAnywhere ends the process before and after every step of a
// payout, while the first block it is in is orphaned.
func TestBitcoindCrashAnywhere(t *testing.T) {
	s := newShop(t)
	var paid int64
	for at := 1; ; at++ {
		s.credit(50_000 + int64(at))
		paid += 50_000 + int64(at)
		failed := false
		s.faults.arm(at, true)
		pass := func() {
			if _, err := s.payer.Run(t.Context()); err != nil {
				failed = true
				s.faults.arm(0, false)
				if at%3 == 0 { // the node's wallet begins anew, too
					s.node.Call(t, "unloadwallet", "till")
					s.node.Call(t, "loadwallet", "till")
				}
			}
		}
		pass()
		block := s.mine(1)
		pass()
		s.node.Call(t, "invalidateblock", block)
		s.sync()
		pass()
		s.mine(2)
		pass()
		s.run()
		s.mine(2)
		s.run()
		s.wantPaid(paid)
		if want := strings.TrimSuffix(strings.Repeat("confirmed ", at), " "); s.states() != want {
			t.Fatalf("fault %d: payouts are %s", at, s.states())
		}
		if !failed {
			if at < 15 {
				t.Errorf("only %d fault points", at)
			}
			return
		}
	}
}

// TestBitcoindBump replaces a payout, and the chain takes the first one.
func TestBitcoindBump(t *testing.T) {
	s := newShop(t)
	s.credit(30e8)
	s.run()
	second, _, err := s.payer.Bump(t.Context(), 1, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if s.states() != "sent sent" {
		t.Errorf("payouts are %s", s.states())
	}
	block := s.mine(1)
	s.run()
	if got, err := s.wallet.Status(t.Context(), second.Raw); err != nil || got.State != payout.Confirmed {
		t.Errorf("%+v, %v", got, err)
	}
	first, err := s.store.Payout(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	s.node.Call(t, "invalidateblock", block)
	s.sync()
	s.node.Call(t, "generateblock", nobody, []string{fmt.Sprintf("%x", first.Raw)})
	s.mine(1)
	s.run()
	if s.states() != "confirmed failed" {
		t.Errorf("payouts are %s", s.states())
	}
	s.wantPaid(30e8)
}

// TestBitcoindByHand has people replace a payout in the wallet, and spend the
// coins of another.
func TestBitcoindByHand(t *testing.T) {
	s := newShop(t)
	s.credit(1e8)
	s.run()
	first, err := s.store.Payout(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	bumped := ask[struct{ Txid string }](s, s.till, "bumpfee", first.Txid)
	s.mine(2)
	s.run()
	if first, err = s.store.Payout(t.Context(), 1); err != nil || first.State != lease.PayoutConfirmed || !strings.Contains(first.Reason, bumped.Txid) {
		t.Errorf("%+v, %v", first, err)
	}
	s.wantPaid(1e8)

	// The coins of the next one go elsewhere: it is paid anew.
	s.credit(2e8)
	s.run()
	next, err := s.store.Payout(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	change := ask[string](s, s.till, "getnewaddress")
	raw := ask[string](s, s.till, "createrawtransaction", next.Inputs, []map[string]any{{change: 40}})
	signed := ask[struct{ Hex string }](s, s.till, "signrawtransactionwithwallet", raw)
	s.node.Call(t, "generateblock", nobody, []string{signed.Hex})
	s.mine(1)
	s.run()
	if s.states() != "confirmed sent" {
		t.Errorf("payouts are %s", s.states())
	}
	s.mine(1)
	s.run()
	s.mine(2)
	s.run()
	if s.states() != "confirmed failed confirmed" {
		t.Errorf("payouts are %s", s.states())
	}
	if got := ask[rpc.Amount](s, s.payee, "getbalance"); got != 3e8 {
		t.Errorf("the tenant got %v", got)
	}
}
