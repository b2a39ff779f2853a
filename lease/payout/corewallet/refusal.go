package corewallet

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// Error codes of the node.
const (
	codeNotFound   = -5
	codeFunds      = -6
	codeParameter  = -8
	codeInChain    = -27 // an output of the transaction is there to be spent
	codePassphrase = -13
)

// saying is a kind of refusal and words that the node has for it.
type saying struct {
	kind  error
	words []string
}

// refusal gives a wallet's refusal its kind. Other errors stay as they are.
func refusal(err error) error {
	code, words, ok := rpc.Refusal(err)
	if !ok {
		return err
	}
	kind := payout.ErrWallet
	switch {
	case code == codeFunds:
		kind = payout.ErrFunds
	case code == codePassphrase:
	default:
		kind = kindOf(words, kind, []saying{
			{payout.ErrFunds, []string{"Insufficient funds", "does not cover the transaction target", "Unconfirmed UTXOs are available"}},
			{payout.ErrFee, []string{"Fee exceeds maximum", "Fee estimation failed", "fee rate", "Fee rate"}},
			{payout.ErrInputs, []string{"Unable to find UTXO", "Not solvable pre-selected input", "unknown transaction", "vout index out of bounds"}},
			{payout.ErrRequest, []string{"Invalid Bitcoin address", "amount too small", "amount out of range", "Transaction too large", "dust"}},
		})
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// relay gives the reason for which a node does not take a transaction its kind.
func relay(reason string) error {
	return kindOf(reason, payout.ErrRefused, []saying{
		{payout.ErrInputs, []string{"missingorspent", "missing-inputs", "Missing inputs"}},
		{payout.ErrConflict, []string{"txn-mempool-conflict", "insufficient fee", "replacement"}},
		{payout.ErrFee, []string{"max-fee-exceeded", "Fee exceeds maximum"}},
	})
}

// kindOf returns the kind whose words occur in a text, else another.
func kindOf(text string, otherwise error, sayings []saying) error {
	for _, s := range sayings {
		for _, words := range s.words {
			if strings.Contains(text, words) {
				return s.kind
			}
		}
	}
	return otherwise
}
