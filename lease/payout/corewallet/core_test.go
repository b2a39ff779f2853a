//go:build core

package corewallet_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/lease/payout/corewallet"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// bench is a bitcoind with a wallet that has ten coins, and another wallet
// that is paid.
type bench struct {
	*testing.T
	node, till, payee *rpctest.Node
	wallet            *corewallet.Wallet
}

func newBench(t *testing.T, kind string) *bench {
	t.Helper()
	binary := os.Getenv("BITCOIND")
	if binary == "" {
		t.Fatal("BITCOIND must hold the path of the node's binary")
	}
	node := rpctest.StartBitcoind(t, binary, "-keypool=5") // 1000 take seconds
	b := &bench{T: t, node: node, till: node.Wallet("till"), payee: node.Wallet("payee")}
	for _, name := range []string{"till", "payee"} {
		node.Call(t, "createwallet", name)
	}
	client, err := rpc.NewClient(rpc.Config{URLs: []string{node.URL}, User: node.User, Pass: node.Pass, Network: "regtest"}, "till")
	if err != nil {
		t.Fatal(err)
	}
	b.wallet = corewallet.New(client)
	if err := b.wallet.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	earner := ask[string](b, b.till, "getnewaddress", "", kind)
	ask[[]string](b, node, "generatetoaddress", 10, earner)
	b.mine(101)
	return b
}

// ask has a node answer.
func ask[T any](b *bench, node *rpctest.Node, method string, params ...any) (v T) {
	b.Helper()
	if err := json.Unmarshal(node.Call(b.T, method, params...), &v); err != nil {
		b.Fatalf("%s: %v", method, err)
	}
	return v
}

// mine adds blocks whose coins nobody here gets, and returns the last one.
func (b *bench) mine(n int) string {
	b.Helper()
	hashes := ask[[]string](b, b.node, "generatetoaddress", n, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080")
	ask[any](b, b.node, "syncwithvalidationinterfacequeue") // the wallets follow
	return hashes[n-1]
}

func (b *bench) fund(rate int64, inputs []lease.Outpoint, sats ...int64) payout.Signed {
	b.Helper()
	r := payout.Request{ID: "1", Fee: payout.Fee{SatPerKvB: rate, MaxSat: 100_000}, Inputs: inputs}
	for _, sat := range sats {
		r.Outputs = append(r.Outputs, payout.Output{Address: ask[string](b, b.payee, "getnewaddress"), Sat: sat})
	}
	s, err := b.wallet.Fund(b.Context(), r)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) send(s payout.Signed, want error) {
	b.Helper()
	if err := b.wallet.Broadcast(b.Context(), s.Raw); !errors.Is(err, want) {
		b.Errorf("broadcast: %v, want %v", err, want)
	}
}

func (b *bench) want(s payout.Signed, state payout.State, depth int64) {
	b.Helper()
	got, err := b.wallet.Status(b.Context(), s.Raw)
	if err != nil || got.State != state || got.Depth != depth || (got.Block != "") != (state == payout.Confirmed) {
		b.Errorf("status %+v, %v, want %s %d", got, err, state, depth)
	}
}

func (b *bench) locked() int { return len(ask[[]lease.Outpoint](b, b.till, "listlockunspent")) }

func TestBitcoindPayout(t *testing.T) {
	for _, kind := range []string{"legacy", "bech32", "bech32m"} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t, kind)
			before, err := b.wallet.Balance(t.Context())
			if err != nil || before.SpendableSat != 500e8 || before.ImmatureSat != 0 {
				t.Fatalf("balance %+v, %v", before, err)
			}
			s := b.fund(2000, nil, 49_99999999, 1_00000001, 60e8, 546*2)
			if s.FeeSat < 400 || s.FeeSat > 5000 || len(s.Inputs) != 3 || b.locked() != 3 {
				t.Errorf("%+v with %d locked", s, b.locked())
			}
			b.want(s, payout.Unknown, 0)

			// Another payout meanwhile has other coins.
			s2 := b.fund(2000, nil, 3e8)
			if slices.ContainsFunc(s2.Inputs, func(in lease.Outpoint) bool { return slices.Contains(s.Inputs, in) }) {
				t.Errorf("%v and %v share an input", s.Inputs, s2.Inputs)
			}
			if err := b.wallet.Unlock(t.Context(), s2.Inputs); err != nil || b.locked() != 3 {
				t.Errorf("unlock: %v, %d locked", err, b.locked())
			}

			// A crash before the broadcast, of the node too: the stored
			// transaction is locked again, and sent.
			b.node.Call(t, "unloadwallet", "till")
			if err := b.wallet.Check(t.Context()); !errors.Is(err, payout.ErrWallet) {
				t.Errorf("a wallet that is not loaded: %v", err)
			}
			b.node.Call(t, "loadwallet", "till")
			stray := b.fund(2000, nil, 1e8) // its result is lost in the crash
			if err := b.wallet.Relock(t.Context(), s.Inputs); err != nil || b.locked() != 3 {
				t.Errorf("relock: %v, %d locked, strays %v", err, b.locked(), stray.Inputs)
			}
			b.send(s, nil)
			b.want(s, payout.InMempool, 0)
			b.send(s, nil)
			if err := b.wallet.Relock(t.Context(), s.Inputs); err != nil || b.locked() != 0 {
				t.Errorf("relock of what is sent: %v, %d locked", err, b.locked())
			}
			b.mine(2)
			b.want(s, payout.Confirmed, 2)
			b.send(s, nil)
			got := ask[rpc.Amount](b, b.payee, "getbalance")
			if want := rpc.Amount(49_99999999 + 1_00000001 + 60e8 + 546*2); got != want {
				t.Errorf("paid %v, want %v", got, want)
			}
			after, err := b.wallet.Balance(t.Context())
			if err != nil || before.SpendableSat-after.SpendableSat != int64(got)+s.FeeSat {
				t.Errorf("balance %+v, %v: %v paid with a fee of %d", after, err, got, s.FeeSat)
			}

			// Its outputs are spent, change and all: it was sent nonetheless.
			ask[any](b, b.payee, "sendall", []string{ask[string](b, b.payee, "getnewaddress")})
			ask[any](b, b.till, "sendall", []string{ask[string](b, b.till, "getnewaddress")})
			b.mine(1)
			b.send(s, nil)
			b.want(s, payout.Confirmed, 3)
		})
	}
}

// A replacement spends an input of what it replaces, so that one of the two is
// confirmed, whatever the chain does.
func TestBitcoindReplacement(t *testing.T) {
	b := newBench(t, "bech32")
	first := b.fund(1000, nil, 20e8)
	b.send(first, nil)
	poor := payout.Request{ID: "2", Inputs: first.Inputs[:1], Fee: payout.Fee{SatPerKvB: 1000, MaxSat: 10_000},
		Outputs: []payout.Output{{Address: ask[string](b, b.payee, "getnewaddress"), Sat: 20e8}}}
	if _, err := b.wallet.Fund(t.Context(), poor); !errors.Is(err, payout.ErrConflict) {
		t.Errorf("a replacement that pays no more: %v", err)
	}
	second := b.fund(20_000, first.Inputs[:1], 20e8, 15e8, 30e8) // needs more coins, and not the change of the first
	for _, in := range second.Inputs {
		if in.Txid == first.Txid {
			t.Errorf("the replacement spends %v, which it replaces", in)
		}
	}
	b.send(second, nil)
	b.want(first, payout.Dropped, 0)
	b.want(second, payout.InMempool, 0)
	b.send(first, payout.ErrConflict)
	block := b.mine(1)
	b.want(second, payout.Confirmed, 1)
	b.want(first, payout.Conflicted, 1)
	b.send(first, payout.ErrInputs)
	b.mine(3)
	b.want(first, payout.Conflicted, 4)

	// The blocks are orphaned: the replacement returns to the mempool, and
	// the first one may come true on the other branch after all.
	b.node.Call(t, "invalidateblock", block)
	ask[any](b, b.node, "syncwithvalidationinterfacequeue")
	b.want(second, payout.InMempool, 0)
	b.want(first, payout.Dropped, 0)
	b.node.Call(t, "generateblock", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", []string{hex.EncodeToString(first.Raw)})
	ask[any](b, b.node, "syncwithvalidationinterfacequeue")
	b.want(first, payout.Confirmed, 1)
	b.want(second, payout.Conflicted, 1)
	b.send(second, payout.ErrInputs)
	if got := ask[rpc.Amount](b, b.payee, "getbalance"); got != 20e8 {
		t.Errorf("paid %v, want the first payout's alone", got)
	}
}

// A payout without witnesses whose signatures somebody changed is paid, under
// another id.
func TestBitcoindMutated(t *testing.T) {
	for _, sent := range []bool{true, false} {
		b := newBench(t, "legacy")
		s := b.fund(1000, nil, 20e8)
		if sent {
			b.send(s, nil)
		}
		mutant := parse(t, hex.EncodeToString(s.Raw))
		mutant.TxIn[0].SignatureScript = append([]byte{0x61}, mutant.TxIn[0].SignatureScript...) // OP_NOP
		b.node.Call(t, "generateblock", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", []string{serialise(t, mutant)})
		b.mine(1)
		status, err := b.wallet.Status(t.Context(), s.Raw)
		if err != nil || status.State != payout.Confirmed || status.Depth != 2 || status.Txid != mutant.TxID() || status.Txid == s.Txid {
			t.Errorf("sent %v: %+v, %v", sent, status, err)
		}
		b.send(s, nil)
	}
}

// Coins that are spent otherwise before a payout is sent make it impossible,
// and that can be seen though the wallet never had it.
func TestBitcoindSpentOtherwise(t *testing.T) {
	b := newBench(t, "bech32")
	s := b.fund(1000, nil, 20e8)
	ask[any](b, b.till, "sendall", []string{ask[string](b, b.till, "getnewaddress")}) // the locked ones are left out
	if err := b.wallet.Unlock(t.Context(), s.Inputs); err != nil {
		t.Fatal(err)
	}
	ask[any](b, b.till, "sendall", []string{ask[string](b, b.payee, "getnewaddress")}, nil, "unset", 50)
	b.want(s, payout.Unknown, 0)
	b.send(s, payout.ErrConflict)
	b.mine(160)
	b.want(s, payout.Conflicted, 160)
	b.send(s, payout.ErrInputs)
	if err := b.wallet.Relock(t.Context(), s.Inputs); err != nil || b.locked() != 0 {
		t.Errorf("relock of what is spent: %v, %d locked", err, b.locked())
	}
}

// What the wallet or the node refuses is told apart, and locks nothing.
func TestBitcoindRefusals(t *testing.T) {
	b := newBench(t, "bech32")
	to := ask[string](b, b.payee, "getnewaddress")
	for name, tc := range map[string]struct {
		out  payout.Output
		fee  payout.Fee
		in   []lease.Outpoint
		want error
	}{
		"too much": {payout.Output{Address: to, Sat: 500e8}, payout.Fee{MaxSat: 1000}, nil, payout.ErrFunds},
		"dust":     {payout.Output{Address: to, Sat: 10}, payout.Fee{MaxSat: 1000}, nil, payout.ErrRequest},
		"dear":     {payout.Output{Address: to, Sat: 1e8}, payout.Fee{SatPerKvB: 50_000, MaxSat: 1000}, nil, payout.ErrFee},
		"absurd":   {payout.Output{Address: to, Sat: 1e8}, payout.Fee{SatPerKvB: 1e9, MaxSat: 1e9}, nil, payout.ErrFee},
		"too low":  {payout.Output{Address: to, Sat: 1e8}, payout.Fee{SatPerKvB: 1, MaxSat: 1000}, nil, payout.ErrRefused},
		"no such input": {payout.Output{Address: to, Sat: 1e8}, payout.Fee{MaxSat: 1000},
			[]lease.Outpoint{{Txid: "00000000000000000000000000000000000000000000000000000000000000aa"}}, payout.ErrInputs},
	} {
		r := payout.Request{ID: "1", Outputs: []payout.Output{tc.out}, Fee: tc.fee, Inputs: tc.in}
		if _, err := b.wallet.Fund(t.Context(), r); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if b.locked() != 0 {
			t.Errorf("%s: %d coins are locked", name, b.locked())
		}
	}
	// An encrypted wallet makes a transaction and cannot sign it.
	b.till.Call(t, "encryptwallet", "secret")
	r := payout.Request{ID: "1", Outputs: []payout.Output{{Address: to, Sat: 1e8}}, Fee: payout.Fee{MaxSat: 10_000}}
	if _, err := b.wallet.Fund(t.Context(), r); !errors.Is(err, payout.ErrWallet) || b.locked() != 0 {
		t.Errorf("locked with a passphrase: %v, %d coins locked", err, b.locked())
	}
	b.till.Call(t, "walletpassphrase", "secret", 600)
	if _, err := b.wallet.Fund(t.Context(), r); err != nil {
		t.Error(err)
	}
}
