package sandbox

import (
	"context"

	"github.com/btcsuite/btcd/blockchain"

	"github.com/hashlease/hashlease/stratum/solo"
)

var _ solo.FeeSource = (*Node)(nil)

// Subsidy returns what a block may earn beside its fees; see solo.FeeSource.
func (n *Node) Subsidy(_ context.Context, height int64) (int64, error) {
	return blockchain.CalcBlockSubsidy(int32(height), n.params), nil
}

// RecentFees returns what the coinbases of the newest blocks claimed above the
// subsidy, on the average; see solo.FeeSource.
func (n *Node) RecentFees(_ context.Context, blocks int) (meanSat, from, to int64, err error) {
	if err := solo.CheckFeeBlocks(blocks); err != nil {
		return 0, 0, 0, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.usable(); err != nil {
		return 0, 0, 0, err
	}
	chain := n.cache.chain
	to = int64(chain.BestSnapshot().Height)
	from = max(to-int64(blocks)+1, 1)
	if from > to {
		return 0, from, to, nil
	}
	var sum int64
	for height := int32(from); height <= int32(to); height++ {
		block, err := chain.BlockByHeight(height)
		if err != nil {
			return 0, 0, 0, err
		}
		var claimed int64
		for _, out := range block.MsgBlock().Transactions[0].TxOut {
			claimed += out.Value
		}
		sum += max(claimed-blockchain.CalcBlockSubsidy(height, n.params), 0)
	}
	return sum / (to - from + 1), from, to, nil
}
