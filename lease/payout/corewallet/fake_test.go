package corewallet_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/address/v2/bech32"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout/corewallet"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// coinSat is what each coin of a fake wallet is worth.
const coinSat = 100_000_000

// fakeNode is a node with a wallet whose transactions need no signatures. It
// is given to the client by an http.RoundTripper.
type fakeNode struct {
	t         testing.TB
	mu        sync.Mutex
	chain     string
	coins     []lease.Outpoint        // the wallet's
	spent     map[lease.Outpoint]bool // by a block, or the mempool
	locked    map[lease.Outpoint]bool //
	txs       map[string]*wire.MsgTx  // of the wallet
	depth     map[string]int          // confirmations; below 0: of a conflict
	mempool   map[string]bool         //
	conflicts []string                // of every transaction
	mine      map[string]bool         // scripts
	options   string                  // of the newest transaction
	feeSat    int64                   // of each transaction
	tamper    func(tx *wire.MsgTx)    // before it is signed
	refuse    map[string]string       // method → code:words
	lose      map[string]bool         // the replies of a method, which is carried out
	down      bool                    // every call fails
	calls     []string                // methods, in order
	answers   map[string]func(p []json.RawMessage) any
}

func newFake(t testing.TB, coins int) *fakeNode {
	f := &fakeNode{t: t, chain: "regtest", spent: map[lease.Outpoint]bool{}, locked: map[lease.Outpoint]bool{}, txs: map[string]*wire.MsgTx{},
		depth: map[string]int{}, mempool: map[string]bool{}, mine: map[string]bool{}, feeSat: 222,
		refuse: map[string]string{}, lose: map[string]bool{}, answers: map[string]func([]json.RawMessage) any{}}
	for i := range coins {
		tx := wire.NewMsgTx(2)
		tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{byte(i), 7}, 0), nil, nil))
		tx.AddTxOut(wire.NewTxOut(5, []byte{0x51}))
		tx.AddTxOut(wire.NewTxOut(coinSat, script(100)))
		f.txs[tx.TxID()], f.depth[tx.TxID()] = tx, 101
		f.coins = append(f.coins, lease.Outpoint{Txid: tx.TxID(), Vout: 1})
	}
	f.mine[string(script(100))], f.mine[string(script(101))] = true, true
	return f
}

// address is the n-th address of a test; those from 100 on are the wallet's.
func address(n int) string {
	digits, err := bech32.ConvertBits(slices.Repeat([]byte{byte(n)}, 20), 8, 5, true)
	if err != nil {
		panic(err)
	}
	text, err := bech32.Encode("bcrt", append([]byte{0}, digits...))
	if err != nil {
		panic(err)
	}
	return text
}

// script pays the n-th address.
func script(n int) []byte { return append([]byte{0, 20}, slices.Repeat([]byte{byte(n)}, 20)...) }

// wallet connects to the fake.
func (f *fakeNode) wallet() *corewallet.Wallet {
	f.t.Helper()
	c, err := rpc.NewClient(rpc.Config{URLs: []string{"http://node"}, HTTPClient: &http.Client{Transport: f}}, "till")
	if err != nil {
		f.t.Fatal(err)
	}
	return corewallet.New(c)
}

// RoundTrip answers one call.
func (f *fakeNode) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if f.down {
		return nil, errors.New("connection refused")
	}
	var req struct {
		Method string
		Params []json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.URL.Path != "/wallet/till" {
		f.t.Errorf("call at %s: %v", r.URL, err)
	}
	f.calls = append(f.calls, req.Method)
	reply := map[string]any{"id": 1}
	refusal, refused := f.refuse[req.Method]
	if !refused {
		var result any
		if result, refusal = f.answer(req.Method, req.Params); refusal == "" {
			reply["result"] = result
		}
	}
	if refusal != "" {
		var code int
		fmt.Sscanf(refusal, "%d:", &code)
		reply["error"] = map[string]any{"code": code, "message": refusal[strings.Index(refusal, ":")+1:]}
	}
	if f.lose[req.Method] {
		return nil, errors.New("connection reset")
	}
	rec := httptest.NewRecorder()
	json.NewEncoder(rec).Encode(reply)
	return rec.Result(), nil
}

// param reads a parameter.
func param[T any](p []json.RawMessage, i int) (v T) {
	if i < len(p) {
		if err := json.Unmarshal(p[i], &v); err != nil {
			panic(err)
		}
	}
	return v
}

// answer carries a call out. The refusal is "CODE:words", or empty.
func (f *fakeNode) answer(method string, p []json.RawMessage) (result any, refusal string) {
	if reply, ok := f.answers[method]; ok {
		return reply(p), ""
	}
	switch method {
	case "getblockchaininfo":
		return map[string]any{"chain": f.chain, "blocks": 200, "bestblockhash": strings.Repeat("0", 64)}, ""
	case "getnetworkinfo":
		return map[string]any{"subversion": "/Satoshi:29.0.0/"}, ""
	case "getblockcount":
		return 200, ""
	case "getblockhash":
		return fmt.Sprintf("%064d", param[int](p, 0)), ""
	case "listlockunspent":
		locked := []lease.Outpoint{}
		for o := range f.locked {
			locked = append(locked, o)
		}
		return locked, ""
	case "lockunspent":
		return f.lock(param[bool](p, 0), param[[]lease.Outpoint](p, 1))
	case "walletcreatefundedpsbt":
		return f.create(p)
	case "walletprocesspsbt":
		return map[string]any{"psbt": param[string](p, 0), "complete": true}, ""
	case "finalizepsbt":
		return map[string]any{"hex": param[string](p, 0), "complete": true}, ""
	case "decodescript":
		return map[string]any{"address": param[string](p, 0)}, ""
	case "getaddressinfo":
		raw, _ := hex.DecodeString(param[string](p, 0))
		return map[string]any{"ismine": f.mine[string(raw)], "scriptPubKey": param[string](p, 0)}, ""
	case "testmempoolaccept":
		return []any{map[string]any{"allowed": true}}, ""
	case "sendrawtransaction":
		tx := parse(f.t, param[string](p, 0))
		f.txs[tx.TxID()], f.mempool[tx.TxID()] = tx, true
		return tx.TxID(), ""
	case "gettransaction":
		id := param[string](p, 0)
		if f.txs[id] == nil {
			return nil, "-5:Invalid or non-wallet transaction id"
		}
		return map[string]any{"confirmations": f.depth[id], "hex": serialise(f.t, f.txs[id]), "blockheight": 7, "blockhash": "b7", "walletconflicts": f.conflicts}, ""
	case "getmempoolentry":
		if !f.mempool[param[string](p, 0)] {
			return nil, "-5:Transaction not in mempool"
		}
		return map[string]any{}, ""
	case "gettxout":
		if f.spent[lease.Outpoint{Txid: param[string](p, 0), Vout: param[uint32](p, 1)}] {
			return nil, ""
		}
		return map[string]any{}, ""
	}
	return nil, "-32601:Method not found"
}

func (f *fakeNode) lock(free bool, coins []lease.Outpoint) (any, string) {
	for _, o := range coins {
		switch {
		case f.txs[o.Txid] == nil:
			return nil, "-8:Invalid parameter, unknown transaction"
		case f.spent[o]:
			return nil, "-8:Invalid parameter, expected unspent output"
		case free && !f.locked[o]:
			return nil, "-8:Invalid parameter, expected locked output"
		case !free && f.locked[o]:
			return nil, "-8:Invalid parameter, output already locked"
		}
	}
	for _, o := range coins {
		if f.locked[o] = true; free {
			delete(f.locked, o)
		}
	}
	return true, ""
}

// exact is how amounts are to be written.
var exact = regexp.MustCompile(`^[0-9]+\.[0-9]{8}$`)

// create funds a transaction from the coins that are free, in their order.
func (f *fakeNode) create(p []json.RawMessage) (any, string) {
	tx := wire.NewMsgTx(2)
	var have, want int64
	spend := func(o lease.Outpoint) {
		hash, _ := chainhash.NewHashFromStr(o.Txid)
		tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(hash, o.Vout), nil, nil))
		have += coinSat
	}
	forms, _ := solo.FormsOf("btc", "regtest")
	for _, out := range param[[]map[string]json.RawMessage](p, 1) {
		for address, text := range out {
			amount, err := rpc.ParseAmount(string(text))
			if err != nil || !exact.Match(text) {
				f.t.Errorf("amount %s: %v", text, err)
			}
			script, err := forms.Script(address)
			if err != nil {
				return nil, "-5:Invalid Bitcoin address"
			}
			want += int64(amount)
			tx.AddTxOut(wire.NewTxOut(int64(amount), script))
		}
	}
	chosen := param[[]lease.Outpoint](p, 0)
	for _, o := range chosen {
		spend(o)
	}
	for _, o := range f.coins {
		if have < want+f.feeSat && !f.locked[o] && !f.spent[o] && !slices.Contains(chosen, o) {
			spend(o)
		}
	}
	change := have - want - f.feeSat
	if change < 0 {
		return nil, "-4:Insufficient funds"
	}
	if change > 0 {
		tx.AddTxOut(wire.NewTxOut(change, script(101)))
	}
	for _, in := range tx.TxIn {
		f.locked[lease.Outpoint{Txid: in.PreviousOutPoint.Hash.String(), Vout: in.PreviousOutPoint.Index}] = true
	}
	if f.tamper != nil {
		f.tamper(tx)
	}
	f.options = string(p[3])
	return map[string]any{"psbt": serialise(f.t, tx), "fee": rpc.Amount(f.feeSat)}, ""
}

func (f *fakeNode) lockedCoins() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.locked)
}

func serialise(t testing.TB, tx *wire.MsgTx) string {
	var b bytes.Buffer
	if err := tx.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b.Bytes())
}

func parse(t testing.TB, text string) *wire.MsgTx {
	var tx wire.MsgTx
	if err := tx.Deserialize(hex.NewDecoder(strings.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	return &tx
}
