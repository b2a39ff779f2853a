package lease

// PPLNS sets the window of the PPLNS scheme.
type PPLNS struct {
	XPPM int64 `json:"x_ppm"` // window in millionths of a block: 2000000 is two blocks' work

	// CarryTo says what becomes of the part of blocks that a window not yet
	// full leaves: CarryHouse.
	CarryTo string `json:"carry_to"`
}

// CarryHouse releases what was carried to the house, with the first block that
// finds the window full.
const CarryHouse = "house"

// Reserve is what the house holds ready so that shares are paid when luck is
// bad.
type Reserve struct {
	Sat     int64 `json:"sat"`
	RuinPPM int64 `json:"ruin_ppm"` // the chance, in millionths, that it is not enough
}

// Direct makes coinbases pay tenants without the house between.
type Direct struct {
	MaxOutputs int64 `json:"max_outputs"` // at most MaxDirectOutputs, the house's included
}

// MaxDirectOutputs is how many outputs with an amount a coinbase has at most,
// the house's included. The output of no amount that commits to the witnesses
// comes on top.
const MaxDirectOutputs = 20

// Prices are what leases are charged. What is nil is not offered for a price:
// leases of that model are free of it.
type Prices struct {
	Work   *Price  `json:"work,omitempty"`    // of model leased
	Power  *Power  `json:"power,omitempty"`   // of model hosted
	RigFee *RigFee `json:"rig_fee,omitempty"` // of model hosted, besides the power
	Slice  *Slice  `json:"slice,omitempty"`   // of model virtual-hosted

	LowBudgetHours int64 `json:"low_budget_hours"` // warn when the prepayment is for fewer hours as contracted
	EarlyExitPPM   int64 `json:"early_exit_ppm"`   // of the unspent prepayment, when a tenant closes a fixed term early without free exit
}

// PayoutTerms say when tenants are paid what is available.
type PayoutTerms struct {
	MinSat         int64 `json:"min_sat"`          // less waits
	AddressDelayMs int64 `json:"address_delay_ms"` // before a changed address counts, milliseconds
}

// Bounds of the terms' numbers.
const (
	MaxPPLNSPPM       = 1_000_000_000 // a thousand blocks
	MaxLowBudgetHours = 24 * 366
	MaxAddressDelayMs = 366 * 24 * MsPerHour
)
