package solo

import (
	"context"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Template is what a block on the node's present tip may be built from.
type Template struct {
	Height   int64 // of the block to be made
	Version  uint32
	PrevHash miner.Hash
	Bits     miner.Bits

	// CurTime is the time to put into the header; MinTime and MaxTime are
	// the smallest and the largest one for which the template holds (a
	// MaxTime of 0 says no more than the network's rules), all in Unix
	// seconds. They are narrow on networks whose difficulty falls when no
	// block was found for a while.
	CurTime, MinTime, MaxTime uint32

	CoinbaseValue int64  // satoshi: subsidy and fees, all of it to be paid out
	Txs           []Tx   // in block order, without the coinbase
	Commitment    []byte // script of the witness commitment, nil when the block needs none
	LongPollID    string // for the node that gave the template; "" when it cannot wait
}

// Tx is a transaction of a template.
type Tx struct {
	Data  []byte     // full serialisation, witness included
	TxID  miner.Hash // without the witness
	WTxID miner.Hash // of Data; equal to TxID when there is no witness
}

// Params are the lasting facts of a node's chain.
type Params struct {
	Coin        string        // "btc", "bch", "sandbox"
	Network     string        // "main", "testnet3", "testnet4", "signet", "regtest", "simnet", "sandbox"
	Maturity    int64         // confirmations until a coinbase may be spent
	MinBlockGap time.Duration // least time between own blocks where the network target is trivial, else 0
}

// Place is where a block stands, as a node sees it.
type Place struct {
	OnChain       bool // part of the best chain
	Known         bool // the node has the block, on whatever branch
	Height        int64
	Confirmations int64 // 1 for the tip; 0 when not OnChain
}

// Node is a source of templates and the judge of blocks. Implementations are
// safe for concurrent use.
type Node interface {
	// Params returns the facts of the chain.
	Params(ctx context.Context) (Params, error)

	// Template returns what a block may be built from now.
	Template(ctx context.Context) (*Template, error)

	// Wait returns a template as soon as the tip or the transactions are
	// others than those of after, or when after is due for a refresh.
	Wait(ctx context.Context, after *Template) (*Template, error)

	// Submit hands a serialised block to the node. It returns nil when the
	// node took it, which does not mean that it is part of the best chain:
	// see Adopt. The errors are ErrStale, ErrRejected or a failure to reach
	// the node.
	Submit(ctx context.Context, block []byte) error

	// Locate says where a block that belongs at the given height stands. An
	// unknown block is no error.
	Locate(ctx context.Context, hash miner.Hash, height int64) (Place, error)

	// Tip returns hash and height of the best block.
	Tip(ctx context.Context) (miner.Hash, int64, error)

	// AddressScript turns an address of this node's coin and network into
	// the output script that pays it.
	AddressScript(address string) ([]byte, error)
}
