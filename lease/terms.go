package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// TermsHash names one version of the terms.
type TermsHash [32]byte

// String writes 64 hexadecimal digits.
func (h TermsHash) String() string { return hex.EncodeToString(h[:]) }

// ParseTermsHash reads what String writes.
func ParseTermsHash(s string) (TermsHash, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(TermsHash{}) {
		return TermsHash{}, fmt.Errorf("terms hash %.70q: want 64 hexadecimal digits", s)
	}
	return TermsHash(b), nil
}

// Terms is one version of what the provider promises. A lease is bound to one
// version for its life; a change makes another version, for new leases. TERMS.md
// specifies the document.
type Terms struct {
	Format      string `json:"format"` // TermsFormat, or TermsFormat1 without what came after it
	Text        string `json:"text"`
	Coin        string `json:"coin"`
	HouseScript string `json:"house_script"` // hexadecimal; what house coinbases pay
	FeePPM      int64  `json:"fee_ppm"`      // of each block, in millionths
	Scheme      string `json:"scheme"`       // reward scheme
	Tides       Tides  `json:"tides"`

	// What follows came with TermsFormat.
	PPLNS   *PPLNS       `json:"pplns,omitempty"`   // with SchemePPLNS
	Reserve *Reserve     `json:"reserve,omitempty"` // with SchemePPS and SchemeFPPS
	Direct  *Direct      `json:"direct,omitempty"`  // nil: coinbases pay the house alone
	Prices  *Prices      `json:"prices,omitempty"`  // nil: nothing is charged
	SLA     *SLA         `json:"sla,omitempty"`     // nil: no rate is promised
	Payout  *PayoutTerms `json:"payout,omitempty"`  // nil: what is available is not paid out by itself
}

// Versions of the document's layout. Leases made under TermsFormat1 go on
// under it.
const (
	TermsFormat  = "hashlease-terms/2"
	TermsFormat1 = "hashlease-terms/1"
)

// The reward schemes.
const (
	SchemeSolo  = "solo"  // a block is its finder's
	SchemePPS   = "pps"   // each share is paid what it is worth on average
	SchemeFPPS  = "fpps"  // likewise, with the mean of the fees
	SchemePPLNS = "pplns" // a block is shared by the last so many blocks' worth of work
	SchemeTides = "tides" // a block is shared by the work in a sliding window
)

// Tides sets the window of the TIDES scheme.
type Tides struct {
	NetworkMultiple int64 `json:"network_multiple"` // window in units of the network's work per block
	MaxDays         int64 `json:"max_days"`         // at most the work proven in so many days
	MinSec          int64 `json:"min_sec"`          // at least the work proven in so many seconds
}

// DefaultTides is eight blocks' work, at most 30 days' and at least ten
// minutes' of the node's own.
var DefaultTides = Tides{NetworkMultiple: 8, MaxDays: 30, MinSec: 600}

// Hash is SHA-256 of the canonical JSON of the terms.
func (t *Terms) Hash() (TermsHash, error) {
	b, err := Canonical(t)
	if err != nil {
		return TermsHash{}, err
	}
	return sha256.Sum256(b), nil
}
