package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

var _ solo.FeeSource = (*Node)(nil)

// firstSubsidy is what a block of these coins earned before the first halving,
// in satoshi.
const firstSubsidy = 50 * 100_000_000

// halvingInterval is how many blocks of a network earn the same.
func halvingInterval(network string) int64 {
	if network == "regtest" {
		return 150
	}
	return 210_000
}

// subsidy returns what a block may earn beside its fees, in satoshi.
func subsidy(network string, height int64) int64 {
	halvings := height / halvingInterval(network)
	if halvings >= 64 {
		return 0
	}
	return firstSubsidy >> halvings
}

// Subsidy returns what a block of the nodes' network may earn beside its fees;
// see solo.FeeSource.
func (n *Node) Subsidy(ctx context.Context, height int64) (int64, error) {
	p, err := n.profile(ctx)
	if err != nil {
		return 0, err
	}
	return subsidy(p.network, height), nil
}

// RecentFees returns the mean fees of the newest blocks; see solo.FeeSource.
// They are what the node's statistics say where it has them (getblockstats),
// and otherwise what the coinbase claims above the subsidy.
func (n *Node) RecentFees(ctx context.Context, blocks int) (meanSat, from, to int64, err error) {
	if err := solo.CheckFeeBlocks(blocks); err != nil {
		return 0, 0, 0, err
	}
	err = n.ask(ctx, func(e *endpoint) error {
		meanSat, from, to, err = e.recentFees(ctx, int64(blocks))
		return err
	})
	if err != nil {
		return 0, 0, 0, err
	}
	return meanSat, from, to, nil
}

// feeAttempts bounds how often the blocks are read anew because the chain was
// reorganised meanwhile.
const feeAttempts = 3

func (e *endpoint) recentFees(ctx context.Context, blocks int64) (meanSat, from, to int64, err error) {
	for range feeAttempts {
		info, _, err := e.chain(ctx)
		if err != nil {
			return 0, 0, 0, err
		}
		to = info.Blocks
		from = max(to-blocks+1, 1)
		if from > to {
			return 0, from, to, nil
		}
		sum, whole, err := e.sumFees(ctx, info, from)
		if err != nil {
			return 0, 0, 0, err
		}
		if whole {
			return sum / (to - from + 1), from, to, nil
		}
	}
	return 0, 0, 0, e.fail("getblockhash", ErrSyncing, "its chain changed each time its fees were read", "wait until it is in step with its network")
}

// sumFees adds up the fees of the blocks from a height to the tip. It reports
// whether that tip was still on the chain afterwards, so that all the blocks
// are of one chain.
func (e *endpoint) sumFees(ctx context.Context, info chainInfo, from int64) (sum int64, whole bool, err error) {
	stats := true
	for height := from; height <= info.Blocks; height++ {
		hash, there, err := e.hashAt(ctx, height)
		if err != nil || !there {
			return 0, false, err
		}
		var fees int64
		if stats {
			fees, stats, err = e.statedFees(ctx, hash, height)
		}
		if err == nil && !stats {
			fees, err = e.claimedFees(ctx, info.Chain, hash, height)
		}
		if err != nil {
			return 0, false, err
		}
		sum += fees
	}
	tip, _, err := e.hashAt(ctx, info.Blocks)
	return sum, tip == info.BestHash, err
}

// statedFees asks the node's statistics, which not every node has. Where they
// are not in whole satoshi (Bitcoin Cash Node's are not) they count as missing.
func (e *endpoint) statedFees(ctx context.Context, hash string, height int64) (fees int64, ok bool, err error) {
	const method = "getblockstats"
	var stats struct {
		TotalFee json.Number `json:"totalfee"`
		Height   int64       `json:"height"`
	}
	err = e.call(ctx, maxAnswer, &stats, method, hash, []string{"totalfee", "height"})
	if _, _, refused := Refusal(err); refused {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if strings.Contains(stats.TotalFee.String(), ".") {
		return 0, false, nil
	}
	fees, err = stats.TotalFee.Int64()
	if err != nil || fees < 0 || fees > maxSatoshi || stats.Height != height {
		return 0, false, e.fail(method, ErrAnswer, "totalfee or height of "+hash+" is missing or impossible", "")
	}
	return fees, true, nil
}

// claimedFees reads the coinbase of a block. Less than the subsidy counts as no
// fees: a miner may claim less than it could.
func (e *endpoint) claimedFees(ctx context.Context, chain, hash string, height int64) (int64, error) {
	const method = "getblock"
	var text string
	if err := e.call(ctx, maxTemplate, &text, method, hash, 0); err != nil {
		return 0, err
	}
	claimed, id, err := coinbaseValue(text)
	if err == nil && id.String() != hash {
		err = fmt.Errorf("it is block %v", id)
	}
	if err != nil {
		return 0, e.fail(method, ErrAnswer, "block "+hash+": "+err.Error(), "")
	}
	return max(claimed-subsidy(networkName(chain), height), 0), nil
}

// coinbaseValue returns what the first transaction of a serialised block pays
// out, in satoshi, and the block's hash. What follows is not read.
func coinbaseValue(block string) (sat int64, hash miner.Hash, err error) {
	tx, header, err := readCoinbase(block)
	if err != nil {
		return 0, hash, err
	}
	hash = header.Hash()
	for _, out := range tx.TxOut {
		if out.Value < 0 || out.Value > maxSatoshi || sat+out.Value > maxSatoshi {
			return 0, hash, errors.New("its coinbase pays more coins than there can be")
		}
		sat += out.Value
	}
	return sat, hash, nil
}
