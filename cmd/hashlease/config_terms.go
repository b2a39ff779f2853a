package main

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
)

// termsConfig is the terms that new leases are made under, unless a document
// of "hashlease terms add" came after it.
type termsConfig struct {
	Text   string `toml:"text" doc:"The terms in words; tenants find them in every bundle."`
	FeePPM int64  `toml:"fee_ppm" doc:"The provider's part of each block, in millionths (20000 is 2 %)."`

	Scheme          string `toml:"scheme" doc:"How the house's blocks are shared: tides (by the work in a sliding window), pplns (by the last so many blocks' worth of work), solo (a block is its finder's), pps or fpps (each share is paid what it is worth, which needs reserve_sat)."`
	NetworkMultiple int64  `toml:"network_multiple" doc:"The window of tides: so many times the network's work per block ..."`
	MaxDays         int64  `toml:"max_days" doc:"... but at most the work proven in so many days ..."`
	MinSec          int64  `toml:"min_sec" doc:"... and at least the work proven in so many seconds."`
	PPLNSXPPM       int64  `toml:"pplns_x_ppm" doc:"The window of pplns in millionths of a block: 2000000 is two blocks' work."`
	ReserveSat      int64  `toml:"reserve_sat" doc:"What the house holds ready for pps and fpps when luck is bad, in satoshi. The node refuses less than the scheme needs, and says how much that is."`
	RuinPPM         int64  `toml:"ruin_ppm" doc:"The chance that the reserve is not enough after all, in millionths."`
	DirectOutputs   int64  `toml:"direct_outputs" doc:"Outputs of a coinbase that pays tenants directly, 2 to 20; 0: it pays the house, which keeps what is theirs for them."`

	PriceSat       int64  `toml:"price_sat" doc:"The price of leased hash rate: so many satoshi ... 0 is free."`
	PriceHashes    string `toml:"price_hashes" doc:"... for so many proven hashes, such as 1PH. 0.55 satoshi a PH is price_sat = 55 and price_hashes = \"100PH\"."`
	PowerSatPerMWh int64  `toml:"power_sat_per_mwh" doc:"Hosted rigs: satoshi a megawatt hour, by the rigs' nameplates and what they proved."`
	PUEPPM         int64  `toml:"pue_ppm" doc:"Hosted rigs: what the site uses for each unit of the rigs' own energy (PUE), in millionths, 1000000 to 10000000."`
	RigDaySat      int64  `toml:"rig_day_sat" doc:"Hosted rigs: satoshi a rig and day, besides the energy."`
	CoreHourSat    int64  `toml:"core_hour_sat" doc:"Virtual-hosted processors: satoshi a processor and hour, energy included."`
	LowBudgetHours int64  `toml:"low_budget_hours" doc:"A tenant is warned when the prepayment is for fewer hours than this. Without prepayment a lease that has a price stops."`
	EarlyExitPPM   int64  `toml:"early_exit_ppm" doc:"What of the unspent prepayment the house keeps when a tenant leaves a fixed term early without free exit, in millionths."`

	SLA               bool  `toml:"sla" doc:"Whether the contracted rate is promised: hours that were not delivered are credited by the usual tiers, at 99, 97, 95 and 90 %."`
	PayoutMinSat      int64 `toml:"payout_min_sat" doc:"Tenants are paid once this many satoshi are available."`
	AddressDelayHours int64 `toml:"address_delay_hours" doc:"Hours until a changed payout address counts, so that a change nobody wanted can be taken back."`
}

func defaultTerms() termsConfig {
	return termsConfig{
		Text: "Hash rate is leased as it is proven: work counts for a lease when receipts show it. " +
			"Rewards depend on blocks found and are not promised.",
		FeePPM:            20_000,
		Scheme:            lease.SchemeTides,
		NetworkMultiple:   lease.DefaultTides.NetworkMultiple,
		MaxDays:           lease.DefaultTides.MaxDays,
		MinSec:            lease.DefaultTides.MinSec,
		PPLNSXPPM:         2_000_000,
		RuinPPM:           1000,
		PriceHashes:       "1PH",
		PUEPPM:            1_000_000,
		LowBudgetHours:    24,
		SLA:               true,
		PayoutMinSat:      100_000,
		AddressDelayHours: 48,
	}
}

// terms is the document that the configuration stands for.
func (c *termsConfig) terms(coin string, houseScript []byte) (lease.Terms, error) {
	t := lease.Terms{
		Format:      lease.TermsFormat,
		Text:        c.Text,
		Coin:        coin,
		HouseScript: fmt.Sprintf("%x", houseScript),
		FeePPM:      c.FeePPM,
		Scheme:      c.Scheme,
		Tides:       lease.Tides{NetworkMultiple: c.NetworkMultiple, MaxDays: c.MaxDays, MinSec: c.MinSec},
		Payout:      &lease.PayoutTerms{MinSat: c.PayoutMinSat},
	}
	switch c.Scheme {
	case lease.SchemePPLNS:
		t.PPLNS = &lease.PPLNS{XPPM: c.PPLNSXPPM, CarryTo: lease.CarryHouse}
	case lease.SchemePPS, lease.SchemeFPPS:
		if err := c.wantReserve(); err != nil {
			return t, err
		}
		t.Reserve = &lease.Reserve{Sat: c.ReserveSat, RuinPPM: c.RuinPPM}
	}
	if c.DirectOutputs != 0 {
		t.Direct = &lease.Direct{MaxOutputs: c.DirectOutputs}
	}
	if c.SLA {
		sla := lease.DefaultSLA()
		t.SLA = &sla
	}
	if c.AddressDelayHours < 0 || c.AddressDelayHours > lease.MaxAddressDelayMs/lease.MsPerHour {
		return t, fmt.Errorf("address_delay_hours is %d: want 0 to %d", c.AddressDelayHours, lease.MaxAddressDelayMs/lease.MsPerHour)
	}
	t.Payout.AddressDelayMs = c.AddressDelayHours * lease.MsPerHour
	var err error
	t.Prices, err = c.prices()
	return t, err
}

// wantReserve refuses to pay by the share out of nothing, and says what it
// takes: how many satoshi that is, only the coin node knows.
func (c *termsConfig) wantReserve() error {
	if c.ReserveSat != 0 {
		return nil
	}
	const coin = 100_000_000
	needed, err := reward.Reserve(coin, c.FeePPM, c.RuinPPM)
	if err != nil {
		return fmt.Errorf("scheme %s: %w", c.Scheme, err)
	}
	return fmt.Errorf("scheme %s pays shares whether blocks are found or not, out of a reserve: reserve_sat is not set (with fee_ppm = %d and ruin_ppm = %d it takes %d times what a block pays)",
		c.Scheme, c.FeePPM, c.RuinPPM, (needed+coin-1)/coin)
}

// prices is nil where nothing has a price.
func (c *termsConfig) prices() (*lease.Prices, error) {
	hashes, err := parseHashes(c.PriceHashes)
	if err != nil {
		return nil, fmt.Errorf("price_hashes: %w", err)
	}
	if c.PriceSat == 0 && c.PowerSatPerMWh == 0 && c.RigDaySat == 0 && c.CoreHourSat == 0 {
		if c.EarlyExitPPM != 0 {
			return nil, fmt.Errorf("early_exit_ppm is %d, but nothing has a price, so there is no prepayment to keep a part of: set a price, or 0", c.EarlyExitPPM)
		}
		return nil, nil
	}
	p := &lease.Prices{LowBudgetHours: c.LowBudgetHours, EarlyExitPPM: c.EarlyExitPPM}
	if c.PriceSat != 0 {
		p.Work = &lease.Price{Sat: c.PriceSat, Hashes: lease.Quantity(hashes)}
	}
	if c.PowerSatPerMWh != 0 {
		p.Power = &lease.Power{SatPerMWh: c.PowerSatPerMWh, PUEPPM: c.PUEPPM}
	}
	if c.RigDaySat != 0 {
		p.RigFee = &lease.RigFee{SatPerRigDay: c.RigDaySat}
	}
	if c.CoreHourSat != 0 {
		p.Slice = &lease.Slice{SatPerCoreHour: c.CoreHourSat}
	}
	return p, nil
}

// validate checks the values, those too that no document would hold, for they
// would be surprising later. The house script stands in for one that only the
// coin's node can make.
func (c *termsConfig) validate() error {
	t, err := c.terms("-", []byte{0})
	if err == nil {
		err = t.Validate()
	}
	switch {
	case err != nil:
	case c.PUEPPM < 1_000_000 || c.PUEPPM > 10_000_000:
		err = fmt.Errorf("pue_ppm is %d: want 1000000 to 10000000", c.PUEPPM)
	case c.LowBudgetHours < 0 || c.LowBudgetHours > lease.MaxLowBudgetHours:
		err = fmt.Errorf("low_budget_hours is %d: want 0 to %d", c.LowBudgetHours, lease.MaxLowBudgetHours)
	case c.PPLNSXPPM < 1 || c.PPLNSXPPM > lease.MaxPPLNSPPM:
		err = fmt.Errorf("pplns_x_ppm is %d: want 1 to %d", c.PPLNSXPPM, lease.MaxPPLNSPPM)
	case c.RuinPPM < 1 || c.RuinPPM >= 1_000_000:
		err = fmt.Errorf("ruin_ppm is %d: want 1 to 999999", c.RuinPPM)
	case c.ReserveSat < 0 || c.ReserveSat > lease.MaxSat:
		err = fmt.Errorf("reserve_sat is %d: want 0 to %d", c.ReserveSat, int64(lease.MaxSat))
	}
	if err != nil {
		return fmt.Errorf("[terms]: %w", err)
	}
	return nil
}
