package sandbox

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/blockchain"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// blockVersion signals no change of rules (BIP9).
const blockVersion = 0x20000000

// maxWarp is how far the first block of a period may lie before the one
// before it (BIP94).
const maxWarp = 600 * time.Second

// Template returns what a block on the present tip may be built from.
func (n *Node) Template(context.Context) (*solo.Template, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.template()
}

func (n *Node) template() (*solo.Template, error) {
	if err := n.usable(); err != nil {
		return nil, err
	}
	chain := n.cache.chain
	best := chain.BestSnapshot()
	tip, err := chain.HeaderByHash(&best.Hash)
	if err != nil {
		return nil, err
	}
	height := best.Height + 1
	t := &solo.Template{
		Height:        int64(height),
		Version:       blockVersion,
		PrevHash:      miner.Hash(best.Hash),
		MinTime:       uint32(best.MedianTime.Unix() + 1),
		CoinbaseValue: blockchain.CalcBlockSubsidy(height, n.params),
		LongPollID:    best.Hash.String(),
	}
	periodStart := height%retargetEvery == 0
	if periodStart {
		t.MinTime = max(t.MinTime, uint32(tip.Timestamp.Add(-maxWarp).Unix()))
	}
	t.CurTime = max(uint32(n.now().Unix()), t.MinTime)
	bits, err := chain.CalcNextRequiredDifficulty(time.Unix(int64(t.CurTime), 0))
	if err != nil {
		return nil, err
	}
	t.Bits = miner.Bits(bits)
	if periodStart {
		return t, nil
	}
	// The right bits depend on the header's time: up to lastHard the real
	// difficulty, after it the easiest one.
	lastHard := uint32(tip.Timestamp.Add(easyAfter).Unix())
	hard, err := chain.CalcNextRequiredDifficulty(time.Unix(int64(lastHard), 0))
	if err != nil {
		return nil, err
	}
	switch {
	case hard == n.params.PowLimitBits:
	case t.CurTime > lastHard:
		t.MinTime = max(t.MinTime, lastHard+1)
	default:
		t.MaxTime = lastHard
	}
	return t, nil
}

// Wait returns a new template when the tip is no longer that of after, when
// the difficulty falls because no block was found for a while, or after half
// a minute.
func (n *Node) Wait(ctx context.Context, after *solo.Template) (*solo.Template, error) {
	delay := refresh
	if after.MaxTime != 0 {
		easy := time.Unix(int64(after.MaxTime)+1, 0)
		delay = min(delay, max(easy.Sub(n.now()), 0))
	}
	due := time.NewTimer(delay)
	defer due.Stop()
	for {
		n.mu.Lock()
		news := n.news
		t, err := n.template()
		n.mu.Unlock()
		if err != nil || t.PrevHash != after.PrevHash {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-news:
		case <-due.C:
			return n.Template(ctx)
		}
	}
}
