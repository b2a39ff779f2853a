package stratum

import (
	"github.com/hashlease/hashlease/miner"
	rules "github.com/hashlease/hashlease/stratum/work" // the name work is taken
)

// What judges shares is package work; these are its words as the wire needs
// them.
type (
	Job      = rules.Job
	Issue    = rules.Issue
	Share    = rules.Share
	Seen     = rules.Seen
	Coinbase = rules.Coinbase
	Output   = rules.Output
	Error    = rules.Error
)

// Limits and rules of work, as package work has them.
const (
	VersionMask     = rules.VersionMask
	MaxBranches     = rules.MaxBranches
	MaxCoinbaseSize = rules.MaxCoinbaseSize
	MaxJobIDLen     = rules.MaxJobIDLen
	MinScriptSig    = rules.MinScriptSig
	MaxScriptSig    = rules.MaxScriptSig
)

// Error codes of Stratum V1, as package work has them.
const (
	CodeOther          = rules.CodeOther
	CodeJobNotFound    = rules.CodeJobNotFound
	CodeDuplicate      = rules.CodeDuplicate
	CodeLowDifficulty  = rules.CodeLowDifficulty
	CodeUnauthorized   = rules.CodeUnauthorized
	CodeNotSubscribed  = rules.CodeNotSubscribed
	CodeMethodNotFound = rules.CodeMethodNotFound
)

// FoldBranches is work.FoldBranches.
func FoldBranches(leaf miner.Hash, branches []miner.Hash) miner.Hash {
	return rules.FoldBranches(leaf, branches)
}

// SwapPrevHash is work.SwapPrevHash.
func SwapPrevHash(h miner.Hash) miner.Hash { return rules.SwapPrevHash(h) }

// ParseCoinbase is work.ParseCoinbase.
func ParseCoinbase(tx []byte) (*Coinbase, error) { return rules.ParseCoinbase(tx) }
