package sandbox

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
)

// Rules of the coin; see the package comment.
const (
	DefaultBits = miner.Bits(0x1e03ffff) // easiest target, about 2^22 hashes

	Maturity = 10 // confirmations until a coinbase may be spent

	blockTime     = 20 * time.Second
	retargetEvery = 20 // blocks
	easyAfter     = 60 * time.Second
	halvingEvery  = 1_000_000 // blocks

	// magic marks the coin's network in btcd's database: "HLSB".
	magic = wire.BitcoinNet(0x42534c48)

	// genesisTime is 1 January 2025, 00:00 UTC.
	genesisTime = 1735689600
)

// chainParams returns the rules with the given easiest target. The genesis
// block names it, so chains of different rules never mix.
func chainParams(easiest miner.Bits) (*chaincfg.Params, error) {
	limit, err := easiest.Target()
	if err != nil {
		return nil, fmt.Errorf("sandbox coin: easiest target: %w", err)
	}
	genesis := genesisBlock(easiest)
	hash := genesis.BlockHash()
	p := &chaincfg.Params{
		Name:         "sandbox",
		Net:          magic,
		GenesisBlock: genesis,
		GenesisHash:  &hash,

		PowLimit:                 limit.Big(),
		PowLimitBits:             uint32(easiest),
		EnforceBIP94:             true,
		BIP0034Height:            1,
		BIP0065Height:            1,
		BIP0066Height:            1,
		CoinbaseMaturity:         Maturity,
		SubsidyReductionInterval: halvingEvery,
		TargetTimespan:           retargetEvery * blockTime,
		TargetTimePerBlock:       blockTime,
		RetargetAdjustmentFactor: 4,
		ReduceMinDifficulty:      true,
		MinDiffReductionTime:     easyAfter,

		RuleChangeActivationThreshold: 108,
		MinerConfirmationWindow:       144,
	}
	for i := range p.Deployments {
		p.Deployments[i] = chaincfg.ConsensusDeployment{
			BitNumber:          uint8(i),
			AlwaysActiveHeight: 1,
			DeploymentStarter:  chaincfg.NewMedianTimeDeploymentStarter(time.Time{}),
			DeploymentEnder:    chaincfg.NewMedianTimeDeploymentEnder(time.Time{}),
		}
	}
	return p, nil
}

// genesisBlock returns the first block. Its output cannot be spent.
func genesisBlock(bits miner.Bits) *wire.MsgBlock {
	const text = "hashlease sandbox coin: worth nothing"
	tx := wire.NewMsgTx(1)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{}, 0xffffffff), append([]byte{byte(len(text))}, text...), nil))
	tx.AddTxOut(wire.NewTxOut(0, []byte{0x6a})) // OP_RETURN
	header := wire.BlockHeader{Version: 1, MerkleRoot: tx.TxHash(), Timestamp: time.Unix(genesisTime, 0), Bits: uint32(bits)}
	block := wire.NewMsgBlock(&header)
	block.Transactions = []*wire.MsgTx{tx}
	return block
}
