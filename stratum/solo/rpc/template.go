package rpc

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// gbt is the answer to getblocktemplate (BIP22, BIP23, BIP9, BIP145) as far
// as it is used here.
type gbt struct {
	Version       uint32   `json:"version"`
	Rules         []string `json:"rules"`
	PrevHash      string   `json:"previousblockhash"`
	Transactions  []gbtTx  `json:"transactions"`
	CoinbaseValue *int64   `json:"coinbasevalue"`
	LongPollID    string   `json:"longpollid"`
	MinTime       uint32   `json:"mintime"`
	MaxTime       uint32   `json:"maxtime"`
	CurTime       uint32   `json:"curtime"`
	Bits          string   `json:"bits"`
	Height        int64    `json:"height"`
	Commitment    string   `json:"default_witness_commitment"`
}

type gbtTx struct {
	Data string `json:"data"`
	TxID string `json:"txid"`
	Hash string `json:"hash"` // of Data; nodes without segwit give this one alone
}

// Limits of a template, far above what networks allow today.
const (
	maxTxs     = 1_000_000
	maxHeight  = 1<<31 - 1
	maxSatoshi = 21_000_000 * 100_000_000
)

// decodeTemplate reads an answer to getblocktemplate. Every transaction must
// have the hash that the node says it has.
func decodeTemplate(raw []byte) (*solo.Template, error) {
	var g gbt
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, err
	}
	for _, rule := range g.Rules {
		if required, ok := strings.CutPrefix(rule, "!"); ok && required != "segwit" {
			return nil, fmt.Errorf("blocks need rule %q, which is unknown here", required)
		}
	}
	prev, err := miner.ParseHash(g.PrevHash)
	if err != nil {
		return nil, fmt.Errorf("previousblockhash: %w", err)
	}
	bits, err := parseBits(g.Bits)
	if err != nil {
		return nil, fmt.Errorf("bits: %w", err)
	}
	switch {
	case g.Height < 1 || g.Height > maxHeight:
		return nil, fmt.Errorf("height %d", g.Height)
	case g.CoinbaseValue == nil || *g.CoinbaseValue < 0 || *g.CoinbaseValue > maxSatoshi:
		return nil, errors.New("coinbasevalue is missing or impossible")
	case g.CurTime < g.MinTime || g.MaxTime != 0 && g.CurTime > g.MaxTime:
		return nil, fmt.Errorf("curtime %d outside mintime %d to maxtime %d", g.CurTime, g.MinTime, g.MaxTime)
	case len(g.Transactions) > maxTxs:
		return nil, fmt.Errorf("%d transactions, at most %d", len(g.Transactions), maxTxs)
	}
	t := &solo.Template{
		Height: g.Height, Version: g.Version, PrevHash: prev, Bits: bits,
		CurTime: g.CurTime, MinTime: g.MinTime, MaxTime: g.MaxTime,
		CoinbaseValue: *g.CoinbaseValue, LongPollID: g.LongPollID,
		Txs: make([]solo.Tx, len(g.Transactions)),
	}
	for i := range g.Transactions {
		if t.Txs[i], err = decodeTx(&g.Transactions[i]); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	if t.Commitment, err = decodeCommitment(g.Commitment, t.Txs); err != nil {
		return nil, fmt.Errorf("default_witness_commitment: %w", err)
	}
	return t, nil
}

// parseBits reads 8 hexadecimal digits and judges the target behind them.
func parseBits(s string) (miner.Bits, error) {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || len(s) != 8 {
		return 0, fmt.Errorf("%.20q: want 8 hexadecimal digits", s)
	}
	if _, err := miner.Bits(n).Target(); err != nil {
		return 0, err
	}
	return miner.Bits(n), nil
}

func decodeTx(g *gbtTx) (solo.Tx, error) {
	data, err := hex.DecodeString(g.Data)
	if err != nil || len(data) == 0 {
		return solo.Tx{}, errors.New("data is not hexadecimal")
	}
	tx := solo.Tx{Data: data, WTxID: miner.SHA256d(data)}
	given := g.Hash
	if given == "" {
		given = g.TxID
	}
	hash, err := miner.ParseHash(given)
	if err != nil {
		return solo.Tx{}, err
	}
	if hash != tx.WTxID {
		return solo.Tx{}, fmt.Errorf("data hashes to %v, the node says %v", tx.WTxID, hash)
	}
	tx.TxID = hash
	if g.TxID != "" {
		if tx.TxID, err = miner.ParseHash(g.TxID); err != nil {
			return solo.Tx{}, err
		}
	}
	return tx, nil
}

// decodeCommitment reads the whole script (Bitcoin Core) or the bare hash in
// it (btcd); where there is none it makes the one that the transactions need.
func decodeCommitment(s string, txs []solo.Tx) ([]byte, error) {
	if s == "" {
		return solo.WitnessCommitment(txs), nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, err
	}
	if len(b) == 32 {
		return solo.CommitmentScript(miner.Hash(b)), nil
	}
	if prefix := solo.CommitmentScript(miner.Hash{}); len(b) < len(prefix) || len(b) > 10_000 || !slices.Equal(b[:6], prefix[:6]) {
		return nil, fmt.Errorf("%d bytes, neither a hash nor a commitment's script", len(b))
	}
	return b, nil
}
