package solo_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

func asTemplateTxs(t interface{ Fatal(...any) }, txs []*wire.MsgTx) []solo.Tx {
	var out []solo.Tx
	for _, tx := range txs {
		var b bytes.Buffer
		if err := tx.Serialize(&b); err != nil {
			t.Fatal(err)
		}
		out = append(out, solo.Tx{Data: b.Bytes(), TxID: miner.Hash(tx.TxHash()), WTxID: miner.Hash(tx.WitnessHash())})
	}
	return out
}

func testTemplate() *solo.Template {
	return &solo.Template{
		Height: 840_000, Version: 0x30400007, PrevHash: miner.SHA256d([]byte("previous")), Bits: 0x207fffff,
		CurTime: 1_700_000_000, MinTime: 1_699_990_000, CoinbaseValue: 312_500_000,
	}
}

var (
	testTag  = [16]byte{0: 0xab, 15: 0xcd}
	allToOne = []stratum.Output{{Value: 312_500_000, Script: []byte{0x51}}}
)

// Whatever the template holds, the block that comes out of job, extranonce
// and header is the one that btcd's own code reads, with the right merkle
// root, witness commitment, height and outputs.
func TestBlockIsWhatBtcdReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		txs := randomTxs(t, 9)
		tmpl := testTemplate()
		tmpl.Height = rapid.Int64Range(1, 1<<31-1).Draw(t, "height")
		tmpl.Txs = asTemplateTxs(t, txs)
		if rapid.Bool().Draw(t, "commitment given") {
			tmpl.Commitment = solo.WitnessCommitment(tmpl.Txs)
		}
		part := rapid.Int64Range(0, tmpl.CoinbaseValue).Draw(t, "part")
		outputs := []stratum.Output{{Value: part, Script: []byte{0x51}}, {Value: tmpl.CoinbaseValue - part, Script: []byte{0x52, 0x53}}}
		job, err := solo.BuildJob(tmpl, "1f", testTag, outputs)
		if err != nil {
			t.Fatal(err)
		}
		en := rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "extranonce")
		version := job.Version | rapid.Uint32Range(0, 0xffff).Draw(t, "rolled")<<13
		header := job.Header(en, version, tmpl.CurTime+5, 77)
		raw, err := solo.AssembleBlock(tmpl, job.Coinbase(en), header)
		if err != nil {
			t.Fatal(err)
		}
		block, err := btcutil.NewBlockFromBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		msg := block.MsgBlock()
		if again, _ := block.Bytes(); !bytes.Equal(again, raw) || msg.SerializeSize() != len(raw) {
			t.Fatal("the block is not in its one serialisation")
		}
		if miner.Hash(msg.BlockHash()) != header.Hash() || uint32(msg.Header.Version) != version {
			t.Fatal("header differs")
		}
		if root := blockchain.CalcMerkleRoot(block.Transactions(), false); root != msg.Header.MerkleRoot {
			t.Fatalf("merkle root %v, want %v", msg.Header.MerkleRoot, root)
		}
		if err := blockchain.ValidateWitnessCommitment(block); err != nil {
			t.Fatal(err)
		}
		coinbase := block.Transactions()[0]
		if !blockchain.IsCoinBase(coinbase) {
			t.Fatal("first transaction is no coinbase")
		}
		if h, err := blockchain.ExtractCoinbaseHeight(coinbase); err != nil || int64(h) != tmpl.Height {
			t.Fatalf("height %d, %v, want %d", h, err, tmpl.Height)
		}
		for i, o := range outputs {
			if got := coinbase.MsgTx().TxOut[i]; got.Value != o.Value || !bytes.Equal(got.PkScript, o.Script) {
				t.Fatalf("output %d = %v", i, got)
			}
		}
		height, tag, gotEN, err := solo.ParseScriptSig(coinbase.MsgTx().TxIn[0].SignatureScript)
		if err != nil || height != tmpl.Height || tag != testTag || !bytes.Equal(gotEN, en) {
			t.Fatalf("ParseScriptSig = %d %x %x, %v", height, tag, gotEN, err)
		}
	})
}

func TestBuildJobRefuses(t *testing.T) {
	commitment := append([]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}, make([]byte, 32)...)
	for name, tc := range map[string]struct {
		change  func(*solo.Template)
		outputs []stratum.Output
		want    string
	}{
		"short":      {nil, []stratum.Output{{Value: 312_499_999, Script: []byte{0x51}}}, "must be equal"},
		"over":       {nil, []stratum.Output{{Value: 312_500_001, Script: []byte{0x51}}}, "must be equal"},
		"none":       {nil, nil, "0 outputs"},
		"negative":   {nil, []stratum.Output{{Value: 312_500_001, Script: []byte{0x51}}, {Value: -1, Script: []byte{0x51}}}, "cannot be paid"},
		"overflow":   {nil, []stratum.Output{{Value: 1<<63 - 1, Script: []byte{0x51}}, {Value: 1<<63 - 1, Script: []byte{0x51}}}, "cannot be paid"},
		"no script":  {nil, []stratum.Output{{Value: 312_500_000}}, "script of 0 bytes"},
		"commitment": {nil, append(allToOne[:1:1], stratum.Output{Script: commitment}), "witness commitment"},
		"height":     {func(t *solo.Template) { t.Height = 1 << 31 }, allToOne, "height"},
		"genesis":    {func(t *solo.Template) { t.Height = 0 }, allToOne, "height"},
		"bits":       {func(t *solo.Template) { t.Bits = 0 }, allToOne, "bits"},
	} {
		tmpl := testTemplate()
		if tc.change != nil {
			tc.change(tmpl)
		}
		_, err := solo.BuildJob(tmpl, "1", testTag, tc.outputs)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}

func TestJobZeroesRolledVersionBits(t *testing.T) {
	job, err := solo.BuildJob(testTemplate(), "1", testTag, allToOne)
	if err != nil {
		t.Fatal(err)
	}
	if job.Version != 0x20000007 {
		t.Errorf("version %08x, want 20000007", job.Version)
	}
}

func TestAssembleBlockRefusesForeignHeader(t *testing.T) {
	tmpl := testTemplate()
	job, err := solo.BuildJob(tmpl, "1", testTag, allToOne)
	if err != nil {
		t.Fatal(err)
	}
	en := make([]byte, 6)
	good := job.Header(en, job.Version, job.Time, 0)
	for name, h := range map[string]miner.Header{
		"root":     miner.NewHeader(job.Version, job.PrevHash, miner.Hash{1}, job.Time, job.Bits, 0),
		"previous": miner.NewHeader(job.Version, miner.Hash{1}, good.Root(), job.Time, job.Bits, 0),
		"bits":     miner.NewHeader(job.Version, job.PrevHash, good.Root(), job.Time, 0x1d00ffff, 0),
	} {
		if _, err := solo.AssembleBlock(tmpl, job.Coinbase(en), h); err == nil {
			t.Errorf("%s: a foreign header was taken", name)
		}
	}
	if _, err := solo.AssembleBlock(tmpl, job.Coinbase(en)[:50], good); err == nil {
		t.Error("half a coinbase was taken")
	}
}
