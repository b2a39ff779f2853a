package solo_test

import (
	"encoding/hex"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// The transactions and the merkle root of Bitcoin's block 100000.
func TestMerkleBlock100000(t *testing.T) {
	var ids []miner.Hash
	for _, s := range []string{
		"8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87",
		"fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
		"6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4",
		"e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d",
	} {
		h, err := miner.ParseHash(s)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, h)
	}
	const want = "f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766"
	if got := solo.MerkleRoot(ids).String(); got != want {
		t.Errorf("MerkleRoot = %s, want %s", got, want)
	}
	if got := stratum.FoldBranches(ids[0], solo.MerkleBranches(ids[1:])).String(); got != want {
		t.Errorf("folded branches = %s, want %s", got, want)
	}
}

func hashes(n int) *rapid.Generator[[]miner.Hash] {
	one := rapid.Custom(func(t *rapid.T) (h miner.Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		return h
	})
	return rapid.SliceOfN(one, 0, n)
}

func TestBranchesLeadToRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaf := miner.SHA256d([]byte{rapid.Byte().Draw(t, "leaf")})
		txids := hashes(40).Draw(t, "txids")
		before := append([]miner.Hash{}, txids...)
		root := solo.MerkleRoot(append([]miner.Hash{leaf}, txids...))
		if got := stratum.FoldBranches(leaf, solo.MerkleBranches(txids)); got != root {
			t.Fatalf("%d transactions: folded %v, root %v", len(txids), got, root)
		}
		for i := range before {
			if txids[i] != before[i] {
				t.Fatal("MerkleBranches changed its argument")
			}
		}
	})
}

// randomTxs makes transactions, some with witnesses.
func randomTxs(t *rapid.T, most int) []*wire.MsgTx {
	var txs []*wire.MsgTx
	for i := range rapid.IntRange(0, most).Draw(t, "transactions") {
		tx := wire.NewMsgTx(2)
		in := wire.NewTxIn(&wire.OutPoint{Index: uint32(i)}, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "script"), nil)
		if rapid.Bool().Draw(t, "witness") {
			in.Witness = wire.TxWitness{rapid.SliceOfN(rapid.Byte(), 0, 72).Draw(t, "item")}
		}
		tx.AddTxIn(in)
		tx.AddTxOut(wire.NewTxOut(int64(i), []byte{0x51}))
		txs = append(txs, tx)
	}
	return txs
}

func TestCommitmentMatchesBtcd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		txs := randomTxs(t, 20)
		got := solo.WitnessCommitment(asTemplateTxs(t, txs))
		all := []*btcutil.Tx{btcutil.NewTx(wire.NewMsgTx(1))}
		hasWitness := false
		for _, tx := range txs {
			all = append(all, btcutil.NewTx(tx))
			hasWitness = hasWitness || tx.HasWitness()
		}
		if !hasWitness {
			if got != nil {
				t.Fatalf("commitment %x without any witness", got)
			}
			return
		}
		root := blockchain.CalcMerkleRoot(all, true)
		want := miner.SHA256d(append(root[:], make([]byte, 32)...))
		if hex.EncodeToString(got) != "6a24aa21a9ed"+hex.EncodeToString(want[:]) {
			t.Fatalf("commitment %x, want hash %x", got, want)
		}
	})
}
