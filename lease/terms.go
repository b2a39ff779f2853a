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
// version for its life.
type Terms struct {
	Format      string `json:"format"` // TermsFormat
	Text        string `json:"text"`
	Coin        string `json:"coin"`
	HouseScript string `json:"house_script"` // hexadecimal; what house coinbases pay
	FeePPM      int64  `json:"fee_ppm"`      // of each block, in millionths
	Scheme      string `json:"scheme"`       // reward scheme
	Tides       Tides  `json:"tides"`
}

// TermsFormat is the version of the document's layout.
const TermsFormat = "hashlease-terms/1"

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

// Validate checks that the terms can be carried out.
func (t *Terms) Validate() error {
	if t.Format != TermsFormat {
		return fmt.Errorf("terms of format %.40q: want %s", t.Format, TermsFormat)
	}
	if t.FeePPM < 0 || t.FeePPM > 1_000_000 {
		return fmt.Errorf("terms: fee of %d ppm, want 0 to 1000000", t.FeePPM)
	}
	if t.Scheme != SchemeTides {
		return fmt.Errorf("terms: reward scheme %.30q, want %s", t.Scheme, SchemeTides)
	}
	if t.Tides.NetworkMultiple < 1 || t.Tides.MaxDays < 1 || t.Tides.MinSec < 1 {
		return fmt.Errorf("terms: the TIDES window needs positive bounds, has %+v", t.Tides)
	}
	if b, err := hex.DecodeString(t.HouseScript); err != nil || len(b) == 0 {
		return fmt.Errorf("terms: house script %.80q: want hexadecimal bytes", t.HouseScript)
	}
	return nil
}

// Hash is SHA-256 of the canonical JSON of the terms.
func (t *Terms) Hash() (TermsHash, error) {
	b, err := Canonical(t)
	if err != nil {
		return TermsHash{}, err
	}
	return sha256.Sum256(b), nil
}
