package corewallet

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// FuzzDecode reads transactions: what was read is all there was, and can be
// compared with a request without trouble.
func FuzzDecode(f *testing.F) {
	var coinbase bytes.Buffer
	if err := chaincfg.MainNetParams.GenesisBlock.Transactions[0].Serialize(&coinbase); err != nil {
		f.Fatal(err)
	}
	f.Add(coinbase.Bytes())
	f.Add(coinbase.Bytes()[:50])
	f.Add(append(coinbase.Bytes(), 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := decode(raw)
		if err != nil {
			return
		}
		if len(inputsOf(tx)) == 0 || tx.SerializeSize() > len(raw) {
			t.Fatalf("%d bytes were read as a transaction of %d", len(raw), tx.SerializeSize())
		}
		change, err := matches(tx, nil, nil)
		if (err == nil) != (len(tx.TxOut) == 1 && change == tx.TxOut[0]) {
			t.Fatalf("a transaction with %d outputs was taken for one with change alone: %v", len(tx.TxOut), err)
		}
	})
}
