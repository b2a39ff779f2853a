package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// maturity is how many confirmations a coinbase needs on every network of
// these coins.
const maturity = 100

// regtestGap is the least time between own blocks where any hash is a block.
const regtestGap = time.Second

// profile says which chain a node is on.
type profile struct{ coin, network string }

func (p profile) params() solo.Params {
	out := solo.Params{Coin: p.coin, Network: p.network, Maturity: maturity}
	if p.network == "regtest" || p.network == "simnet" {
		out.MinBlockGap = regtestGap
	}
	return out
}

// chainInfo is the answer to getblockchaininfo as far as it is used here.
type chainInfo struct {
	Chain     string          `json:"chain"`
	Blocks    int64           `json:"blocks"`
	BestHash  string          `json:"bestblockhash"`
	SoftForks json.RawMessage `json:"softforks"`
	BIP9      json.RawMessage `json:"bip9_softforks"`
}

// chain returns the node's best block.
func (e *endpoint) chain(ctx context.Context) (info chainInfo, best miner.Hash, err error) {
	const method = "getblockchaininfo"
	if err = e.call(ctx, maxAnswer, &info, method); err != nil {
		return info, best, err
	}
	if best, err = miner.ParseHash(info.BestHash); err != nil {
		return info, best, e.fail(method, ErrAnswer, "bestblockhash: "+err.Error(), "")
	}
	if info.Blocks < 0 || info.Blocks > maxHeight {
		return info, best, e.fail(method, ErrAnswer, fmt.Sprintf("%d blocks", info.Blocks), "")
	}
	return info, best, nil
}

// identify asks the node for its chain, once.
func (e *endpoint) identify(ctx context.Context, coin string) (profile, error) {
	e.mu.Lock()
	known := e.known
	e.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	info, _, err := e.chain(ctx)
	if err != nil {
		return profile{}, err
	}
	p := profile{coin, networkName(info.Chain)}
	if p.coin == "" {
		if p.coin, err = e.coin(ctx, info); err != nil {
			return profile{}, err
		}
	}
	e.mu.Lock()
	e.known = &p
	e.mu.Unlock()
	return p, nil
}

// coin tells Bitcoin from Bitcoin Cash, whose chains begin alike: by the name
// of the software, or where it has none to give (btcd) by segwit.
func (e *endpoint) coin(ctx context.Context, info chainInfo) (string, error) {
	const method = "getnetworkinfo"
	var network struct {
		Subversion string `json:"subversion"`
	}
	err := e.call(ctx, maxAnswer, &network, method)
	var refused *Error
	if errors.As(err, &refused) && refused.Kind == ErrCall {
		if bytes.Contains(info.BIP9, []byte(`"segwit"`)) || bytes.Contains(info.SoftForks, []byte(`"segwit"`)) {
			return "btc", nil
		}
		return "", e.fail(method, ErrNetwork, "it does not tell which coin it is for", "name the coin in the configuration")
	}
	if err != nil {
		return "", err
	}
	name := strings.ToLower(network.Subversion)
	for _, cash := range []string{"bchd", "bitcoin cash", "bitcoincash", "bchn", "bchunlimited"} {
		if strings.Contains(name, cash) {
			return "bch", nil
		}
	}
	return "btc", nil
}

// networkName gives one name to each network, whatever the node calls it.
func networkName(chain string) string {
	switch chain {
	case "mainnet":
		return "main"
	case "test", "testnet":
		return "testnet3"
	}
	return chain
}
