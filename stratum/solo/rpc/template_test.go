package rpc

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// gbtJSON writes a template with the given transactions and further fields.
func gbtJSON(txs, more string) []byte {
	return fmt.Appendf(nil, `{"version":536870912,"previousblockhash":%q,"transactions":[%s],"coinbasevalue":5000000000,
		"mintime":1,"curtime":2,"bits":"207fffff","height":7%s}`, miner.SHA256d(nil), txs, more)
}

func TestDecodeTransactions(t *testing.T) {
	data := []byte("any bytes: the hash alone is judged")
	hash := miner.SHA256d(data)
	id := miner.SHA256d([]byte("stripped"))
	with := func(fields string) string { return fmt.Sprintf(`{"data":%q,%s}`, hex.EncodeToString(data), fields) }
	for name, tc := range map[string]struct {
		tx   string
		txid miner.Hash
		bad  bool
	}{
		"core with witness": {with(fmt.Sprintf(`"txid":%q,"hash":%q`, id, hash)), id, false},
		"bchd, hash only":   {with(fmt.Sprintf(`"hash":%q`, hash)), hash, false},
		"txid only":         {with(fmt.Sprintf(`"txid":%q`, hash)), hash, false},
		"other hash":        {with(fmt.Sprintf(`"txid":%q,"hash":%q`, id, id)), id, true},
		"no hash":           {with(`"fee":1`), id, true},
		"bad txid":          {with(fmt.Sprintf(`"txid":"12","hash":%q`, hash)), id, true},
		"no data":           {fmt.Sprintf(`{"txid":%q}`, hash), id, true},
	} {
		got, err := decodeTemplate(gbtJSON(tc.tx, ""))
		if tc.bad != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (got.Txs[0].TxID != tc.txid || got.Txs[0].WTxID != hash) {
			t.Errorf("%s: %+v", name, got.Txs[0])
		}
		if wantCommitment := tc.txid != hash; err == nil && (got.Commitment != nil) != wantCommitment {
			t.Errorf("%s: commitment %x", name, got.Commitment)
		}
	}
}

func TestDecodeCommitment(t *testing.T) {
	const hash = "e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9"
	for given, ok := range map[string]bool{
		hash: true, "6a24aa21a9ed" + hash: true, "6a24aa21a9ed" + hash + "00": true,
		hash[2:]: false, "6a24aa21a9ee" + hash: false, "zz": false,
	} {
		got, err := decodeTemplate(gbtJSON("", fmt.Sprintf(`,"default_witness_commitment":%q`, given)))
		if ok != (err == nil) {
			t.Errorf("%s: %v", given, err)
		}
		if ok && !strings.HasPrefix(hex.EncodeToString(got.Commitment), "6a24aa21a9ed"+hash) {
			t.Errorf("%s: script %x", given, got.Commitment)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	if _, err := decodeTemplate(gbtJSON("", "")); err != nil {
		t.Fatal(err)
	}
	for field, value := range map[string]any{
		"version": -1, "previousblockhash": "00", "coinbasevalue": -1, "mintime": 3, "maxtime": 1, "curtime": "x",
		"bits": "20ffffff", "height": 0, "rules": []string{"!future"}, "transactions": "none",
	} {
		var m map[string]any
		if err := json.Unmarshal(gbtJSON("", ""), &m); err != nil {
			t.Fatal(err)
		}
		m[field] = value
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeTemplate(raw); err == nil {
			t.Errorf("%s = %v was accepted", field, value)
		}
		delete(m, field)
		if raw, err = json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		if _, err := decodeTemplate(raw); err == nil && strings.Contains("previousblockhash coinbasevalue bits height curtime", field) {
			t.Errorf("a template without %s was accepted", field)
		}
	}
}

// Whatever decodes makes a job, or is refused by BuildJob without harm.
func FuzzTemplate(f *testing.F) {
	data := []byte("tx")
	f.Add(gbtJSON("", ""))
	f.Add(gbtJSON(fmt.Sprintf(`{"data":%q,"hash":%q,"txid":%q}`, hex.EncodeToString(data), miner.SHA256d(data), miner.SHA256d(nil)),
		`,"rules":["!segwit"],"longpollid":"x","maxtime":9,"default_witness_commitment":"`+strings.Repeat("00", 32)+`"`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tmpl, err := decodeTemplate(raw)
		if err != nil {
			return
		}
		job, err := solo.BuildJob(tmpl, "1", [16]byte{}, []stratum.Output{{Value: tmpl.CoinbaseValue, Script: []byte{0x51}}})
		if err != nil {
			t.Fatal(err)
		}
		en := make([]byte, 6)
		if _, err := solo.AssembleBlock(tmpl, job.Coinbase(en), job.Header(en, job.Version, job.Time, 0)); err != nil {
			t.Fatal(err)
		}
	})
}
