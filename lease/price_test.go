package lease

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// petahashSeconds is the work of so many PH/s·s.
func petahashSeconds(n uint64) miner.Work { return miner.Hashes(1_000_000_000_000_000).Mul(n) }

func TestPriceCharge(t *testing.T) {
	tests := []struct {
		name string
		p    Price
		work miner.Work
		want int64
	}{
		{"free", Price{}, miner.MaxWork, 0},
		{"no work", Price{55, Quantity(petahashSeconds(100))}, miner.Work{}, 0},
		{"0.55 sat a PHs", Price{55, Quantity(petahashSeconds(100))}, petahashSeconds(2_533_421), 1_393_381},
		{"just less than a satoshi", Price{1, Quantity(miner.Hashes(1000))}, miner.Hashes(999), 0},
		{"just a satoshi", Price{1, Quantity(miner.Hashes(1000))}, miner.Hashes(1000), 1},
		{"all there is", Price{MaxSat, Quantity(miner.MaxWork)}, miner.MaxWork, MaxSat},
		{"all but one hash", Price{MaxSat, Quantity(miner.Hashes(MaxSat))}, miner.Hashes(MaxSat - 1), MaxSat - 1},
	}
	for _, tt := range tests {
		if got, err := tt.p.Charge(tt.work); err != nil || got != tt.want {
			t.Errorf("%s: %d sat, %v, want %d", tt.name, got, err, tt.want)
		}
	}
	dear := Price{2, Quantity(miner.Hashes(1))}
	if got, err := dear.Charge(miner.Hashes(MaxSat)); got != MaxSat || !errors.Is(err, ErrAmount) {
		t.Errorf("beyond all coins: %d sat, %v", got, err)
	}
	for _, bad := range []Price{{-1, Quantity(miner.Hashes(1))}, {MaxSat + 1, Quantity(miner.Hashes(1))}, {Sat: 1}} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
		if _, err := bad.Charge(miner.Hashes(1)); err == nil {
			t.Errorf("%+v can be charged", bad)
		}
	}
}

func TestTimeCharges(t *testing.T) {
	fee, slice := RigFee{SatPerRigDay: 1000}, Slice{SatPerCoreHour: 7}
	tests := []struct {
		name   string
		charge func(int64) (int64, error)
		ms     int64
		want   int64
	}{
		{"three rigs for a day", fee.Charge, 3 * 24 * MsPerHour, 3000},
		{"a rig for 86.399 seconds", fee.Charge, 86_399, 0},
		{"a rig for 86.4 seconds", fee.Charge, 86_400, 1},
		{"four processors for 90 minutes", slice.Charge, 4 * 90 * 60_000, 42},
		{"no time", slice.Charge, 0, 0},
		{"free", (&Slice{}).Charge, math.MaxInt64, 0},
	}
	for _, tt := range tests {
		if got, err := tt.charge(tt.ms); err != nil || got != tt.want {
			t.Errorf("%s: %d sat, %v, want %d", tt.name, got, err, tt.want)
		}
	}
	if _, err := fee.Charge(-1); err == nil {
		t.Error("negative time is charged")
	}
	if got, err := (&Slice{MaxSat}).Charge(math.MaxInt64); got != MaxSat || !errors.Is(err, ErrAmount) {
		t.Errorf("beyond all coins: %d sat, %v", got, err)
	}
	for _, sat := range []int64{-1, MaxSat + 1} {
		if _, err := (&RigFee{sat}).Charge(1); err == nil {
			t.Errorf("a fee of %d sat is charged", sat)
		}
		if _, err := (&Slice{sat}).Charge(1); err == nil {
			t.Errorf("a price of %d sat is charged", sat)
		}
	}
}

func TestPowerCharge(t *testing.T) {
	// 100 TH/s at 20 J/TH are 2 kW: 48 kWh a day, 52.8 with the site's tenth.
	day := EnergyOf(miner.Hashes(100_000_000_000_000).Mul(86_400), 20_000)
	p := Power{SatPerMWh: 200_000, PUEPPM: 1_100_000}
	if got, err := p.Charge(day); err != nil || got != 10_560 {
		t.Errorf("a day of 2 kW: %d sat, %v, want 10560", got, err)
	}
	if got := day.Millijoules(); got != miner.Hashes(172_800_000_000) {
		t.Errorf("a day of 2 kW is %v mJ, want 172800000000", got)
	}
	if got := Energy(miner.Hashes(1_999_999_999_999)).Millijoules(); got != miner.Hashes(1) {
		t.Errorf("just less than 2 mJ is %v mJ", got)
	}
	if got, err := (&Power{MaxSat, 1_000_000}).Charge(Energy(miner.MaxWork)); got != MaxSat || !errors.Is(err, ErrAmount) {
		t.Errorf("beyond all coins: %d sat, %v", got, err)
	}
	if got, err := (&Power{0, 1_000_000}).Charge(Energy(miner.MaxWork)); got != 0 || err != nil {
		t.Errorf("free: %d sat, %v", got, err)
	}
	for _, good := range []Power{{0, 1_000_000}, {MaxSat, 10_000_000}} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Power{{-1, 1_000_000}, {MaxSat + 1, 1_000_000}, {1, 999_999}, {1, 10_000_001}, {}} {
		if _, err := bad.Charge(day); err == nil {
			t.Errorf("%+v can be charged", bad)
		}
	}
}

func TestPricesAreDocuments(t *testing.T) {
	in := struct {
		Price  Price  `json:"price"`
		Power  Power  `json:"power"`
		Fee    RigFee `json:"fee"`
		Slice  Slice  `json:"slice"`
		Energy Energy `json:"energy"`
	}{Price{55, Quantity(petahashSeconds(100))}, Power{200_000, 1_100_000}, RigFee{1000}, Slice{7}, EnergyOf(petahashSeconds(1), 20_000)}
	b, err := Canonical(in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"energy":"20000000000000000000","fee":{"sat_per_rig_day":1000},"power":{"pue_ppm":1100000,"sat_per_mwh":200000},` +
		`"price":{"hashes":"100000000000000000","sat":55},"slice":{"sat_per_core_hour":7}}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	back := in
	back.Energy, back.Price = Energy{}, Price{}
	if err := json.Unmarshal(b, &back); err != nil || back != in {
		t.Errorf("reads back as %+v, %v", back, err)
	}
}

// However often a stream is charged, the sum is that of charging it once, and
// never above the exact price.
func TestStreamsDoNotDependOnSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := Price{rapid.Int64Range(0, 1000).Draw(t, "sat"), Quantity(miner.Hashes(rapid.Uint64Range(1<<12, 1<<40).Draw(t, "hashes")))}
		power := Power{rapid.Int64Range(0, 1_000_000).Draw(t, "tariff"), rapid.Int64Range(1_000_000, 2_000_000).Draw(t, "pue")}
		var work miner.Work
		var energy Energy
		var forWork, forEnergy int64
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			w := miner.Hashes(rapid.Uint64Range(0, 1<<42).Draw(t, "work"))
			work = work.Add(w)
			energy = energy.Add(EnergyOf(w, rapid.Uint64Range(1, 100_000).Draw(t, "mJ/TH")))
			for _, s := range []struct {
				charge  func() (int64, error)
				charged *int64
			}{
				{func() (int64, error) { return price.Charge(work) }, &forWork},
				{func() (int64, error) { return power.Charge(energy) }, &forEnergy},
			} {
				total, err := s.charge()
				if err != nil {
					t.Fatal(err)
				}
				open, err := Open(total, *s.charged)
				if err != nil || open < 0 {
					t.Fatalf("%d open, %v", open, err)
				}
				*s.charged += open
			}
		}
		exact := new(big.Rat).SetFrac(product(work.Big(), price.Sat), price.Hashes.Work().Big())
		checkFloor(t, forWork, exact)
		// fJ·PUE·sat/MWh: 1 MWh is 3.6·10^24 fJ.
		mwh, _ := new(big.Int).SetString("3600000000000000000000000000000", 10) // with the million of ppm
		exact.SetFrac(product(product(miner.Work(energy).Big(), power.PUEPPM), power.SatPerMWh), mwh)
		checkFloor(t, forEnergy, exact)
	})
}

func checkFloor(t *rapid.T, sat int64, exact *big.Rat) {
	rest := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(sat))
	if rest.Sign() < 0 || rest.Cmp(big.NewRat(1, 1)) >= 0 {
		t.Fatalf("%d sat were charged for %v", sat, exact)
	}
}

func TestOpen(t *testing.T) {
	if got, err := Open(10, 4); got != 6 || err != nil {
		t.Errorf("4 of 10: %d open, %v", got, err)
	}
	for _, bad := range [][2]int64{{3, 4}, {3, -1}} {
		if _, err := Open(bad[0], bad[1]); err == nil {
			t.Errorf("%d of %d is accepted", bad[1], bad[0])
		}
	}
}
