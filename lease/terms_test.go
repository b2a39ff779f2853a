package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/miner"
)

func fullTerms() Terms {
	t := sampleTerms()
	sla := DefaultSLA()
	t.Format, t.SLA = TermsFormat, &sla
	t.Prices = &Prices{
		Work:   &Price{Sat: 55, Hashes: Quantity(miner.Hashes(100_000_000_000_000_000))},
		Power:  &Power{SatPerMWh: 90_000, PUEPPM: 1_150_000},
		RigFee: &RigFee{SatPerRigDay: 400}, Slice: &Slice{SatPerCoreHour: 2},
		LowBudgetHours: 24, EarlyExitPPM: 100_000,
	}
	t.Payout = &PayoutTerms{MinSat: 10_000, AddressDelayMs: 48 * MsPerHour}
	return t
}

// The document is what the tag commits to: these are its bytes.
func TestTermsDocument(t *testing.T) {
	terms := fullTerms()
	const want = `{"coin":"regtest","fee_ppm":20000,"format":"hashlease-terms/2","house_script":"51",` +
		`"payout":{"address_delay_ms":172800000,"min_sat":10000},` +
		`"prices":{"early_exit_ppm":100000,"low_budget_hours":24,"power":{"pue_ppm":1150000,"sat_per_mwh":90000},` +
		`"rig_fee":{"sat_per_rig_day":400},"slice":{"sat_per_core_hour":2},"work":{"hashes":"100000000000000000","sat":55}},` +
		`"scheme":"tides","sla":{"down_ppm":900000,"maintenance_ms_per_month":14400000,"tiers":[` +
		`{"at_least_ppm":990000,"credit_ppm":0,"free_exit":false},{"at_least_ppm":970000,"credit_ppm":50000,"free_exit":false},` +
		`{"at_least_ppm":950000,"credit_ppm":100000,"free_exit":false},{"at_least_ppm":900000,"credit_ppm":300000,"free_exit":false},` +
		`{"at_least_ppm":0,"credit_ppm":1000000,"free_exit":true}],"window_ms":3600000},` +
		`"text":"Work is billed as proven.","tides":{"max_days":30,"min_sec":600,"network_multiple":8}}`
	got, err := Canonical(&terms)
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	sum := sha256.Sum256([]byte(want))
	if h, err := terms.Hash(); err != nil || h.String() != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %v, %v, want %x", h, err, sum)
	}
}

func TestTermsValidate(t *testing.T) {
	reserve := &Reserve{Sat: 1_000_000, RuinPPM: 1000}
	tests := []struct {
		name   string
		change func(*Terms)
		want   string // in the error; empty when valid
	}{
		{"full", func(*Terms) {}, ""},
		{"solo", func(x *Terms) { x.Scheme = SchemeSolo }, ""},
		{"pplns", func(x *Terms) { x.Scheme, x.PPLNS = SchemePPLNS, &PPLNS{XPPM: 2_000_000, CarryTo: CarryHouse} }, ""},
		{"pps", func(x *Terms) { x.Scheme, x.Reserve = SchemePPS, reserve }, ""},
		{"fpps", func(x *Terms) { x.Scheme, x.Reserve = SchemeFPPS, reserve }, ""},
		{"direct", func(x *Terms) { x.Direct = &Direct{MaxOutputs: 20} }, ""},
		{"new things in the old format", func(x *Terms) { x.Format = TermsFormat1 }, "hashlease-terms/1 hold"},
		{"another scheme in the old format", func(x *Terms) { *x = sampleTerms(); x.Scheme = SchemeSolo }, "hashlease-terms/1 hold"},
		{"a format to come", func(x *Terms) { x.Format = "hashlease-terms/3" }, "want hashlease-terms/2"},
		{"prop", func(x *Terms) { x.Scheme = "prop" }, "can be hopped"},
		{"smpps", func(x *Terms) { x.Scheme = "smpps" }, "infinite on average"},
		{"esmpps", func(x *Terms) { x.Scheme = "esmpps" }, "infinite on average"},
		{"rsmpps", func(x *Terms) { x.Scheme = "rsmpps" }, "infinite on average"},
		{"cppsrb", func(x *Terms) { x.Scheme = "cppsrb" }, "infinite on average"},
		{"a scheme in capitals", func(x *Terms) { x.Scheme = "PPS" }, "reward scheme"},
		{"unknown scheme", func(x *Terms) { x.Scheme = "best" }, "reward scheme"},
		{"pplns without a window", func(x *Terms) { x.Scheme = SchemePPLNS }, "want a window"},
		{"pplns over no blocks", func(x *Terms) { x.Scheme, x.PPLNS = SchemePPLNS, &PPLNS{CarryTo: CarryHouse} }, "want a window"},
		{"pplns over too many", func(x *Terms) { x.Scheme, x.PPLNS = SchemePPLNS, &PPLNS{XPPM: MaxPPLNSPPM + 1, CarryTo: CarryHouse} }, "want a window"},
		{"pplns carried nowhere", func(x *Terms) { x.Scheme, x.PPLNS = SchemePPLNS, &PPLNS{XPPM: 1} }, "carried to"},
		{"a window for nobody", func(x *Terms) { x.PPLNS = &PPLNS{XPPM: 1, CarryTo: CarryHouse} }, "no window"},
		{"pps without a reserve", func(x *Terms) { x.Scheme = SchemePPS }, "state the reserve"},
		{"pps without a fee", func(x *Terms) { x.Scheme, x.Reserve, x.FeePPM = SchemePPS, reserve, 0 }, "without a fee"},
		{"pps certain to be ruined", func(x *Terms) { x.Scheme, x.Reserve = SchemePPS, &Reserve{Sat: 1, RuinPPM: million} }, "chance of ruin"},
		{"a reserve for nothing", func(x *Terms) { x.Reserve = reserve }, "needs no reserve"},
		{"fpps with direct coinbases", func(x *Terms) { x.Scheme, x.Reserve, x.Direct = SchemeFPPS, reserve, &Direct{MaxOutputs: 20} }, "paid the tenants already"},
		{"too many outputs", func(x *Terms) { x.Direct = &Direct{MaxOutputs: 21} }, "2 to 20"},
		{"negative price", func(x *Terms) { x.Prices.Work = &Price{Sat: -1, Hashes: Quantity(miner.Hashes(1))} }, "price"},
		{"price of no hashes", func(x *Terms) { x.Prices.Work = &Price{Sat: 1} }, "price"},
		{"power gained in cooling", func(x *Terms) { x.Prices.Power.PUEPPM = 999_999 }, "effectiveness"},
		{"negative fee a rig", func(x *Terms) { x.Prices.RigFee = &RigFee{SatPerRigDay: -1} }, "fee a rig"},
		{"negative price a core", func(x *Terms) { x.Prices.Slice = &Slice{SatPerCoreHour: -1} }, "core"},
		{"early exit for more than all", func(x *Terms) { x.Prices.EarlyExitPPM = million + 1 }, "early exit"},
		{"a warning for ever", func(x *Terms) { x.Prices.LowBudgetHours = -1 }, "warning"},
		{"negative threshold", func(x *Terms) { x.Payout.MinSat = -1 }, "payouts"},
		{"address after years", func(x *Terms) { x.Payout.AddressDelayMs = MaxAddressDelayMs + 1 }, "addresses"},
		{"a long text", func(x *Terms) { x.Text = strings.Repeat("t", 60_000) }, ""},
		{"a text without end", func(x *Terms) { x.Text = strings.Repeat("t", MaxTerms) }, "at most 65000"},
		{"a text of no characters", func(x *Terms) { x.Text = "\xff" }, "U+FFFD"},
		{"SLA without tiers", func(x *Terms) { x.SLA.Tiers = nil }, "SLA"},
	}
	for _, tt := range tests {
		terms := fullTerms()
		tt.change(&terms)
		err := terms.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
