package lease

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestSLAValidate(t *testing.T) {
	good := DefaultSLA()
	if err := good.Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for name, change := range map[string]func(*SLA){
		"no window":            func(s *SLA) { s.WindowMs = 0 },
		"other window":         func(s *SLA) { s.WindowMs = 7 * 60_000 },
		"never down":           func(s *SLA) { s.DownPPM = 0 },
		"down above all":       func(s *SLA) { s.DownPPM = 1_000_001 },
		"negative maintenance": func(s *SLA) { s.MaintenanceMsPerMonth = -1 },
		"always maintenance":   func(s *SLA) { s.MaintenanceMsPerMonth = 29 * 24 * MsPerHour },
		"no tier":              func(s *SLA) { s.Tiers = nil },
		"many tiers":           func(s *SLA) { s.Tiers = make([]Tier, 17) },
		"no last tier":         func(s *SLA) { s.Tiers = s.Tiers[:4] },
		"tiers out of order":   func(s *SLA) { s.Tiers[1].AtLeastPPM = 990_000 },
		"less for less":        func(s *SLA) { s.Tiers[2].CreditPPM = 1 },
		"exit taken back":      func(s *SLA) { s.Tiers[0].FreeExit = true },
		"credit above fees":    func(s *SLA) { s.Tiers[4].CreditPPM = 1_000_001 },
		"negative credit":      func(s *SLA) { s.Tiers[0].CreditPPM = -1 },
		"negative bound":       func(s *SLA) { s.Tiers[4].AtLeastPPM = -1 },
		"bound above all":      func(s *SLA) { s.Tiers[0].AtLeastPPM = 1_000_001 },
	} {
		s := DefaultSLA()
		change(&s)
		if err := s.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The ends of what may be are in it.
func TestSLAValidateAtItsBounds(t *testing.T) {
	for name, change := range map[string]func(*SLA){
		"down below one part": func(s *SLA) { s.DownPPM = 1 },
		"down below all":      func(s *SLA) { s.DownPPM = million },
		"no maintenance":      func(s *SLA) { s.MaintenanceMsPerMonth = 0 },
		"most maintenance":    func(s *SLA) { s.MaintenanceMsPerMonth = 28 * 24 * MsPerHour },
		"one tier":            func(s *SLA) { s.Tiers = []Tier{{}} },
		"perfection":          func(s *SLA) { s.Tiers[0].AtLeastPPM = million },
		"most tiers": func(s *SLA) {
			s.Tiers = nil
			for i := range int64(16) {
				s.Tiers = append(s.Tiers, Tier{AtLeastPPM: 15 - i})
			}
		},
	} {
		s := DefaultSLA()
		change(&s)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSLAIsADocument(t *testing.T) {
	b, err := Canonical(DefaultSLA())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"down_ppm":900000,"maintenance_ms_per_month":14400000,"tiers":[` +
		`{"at_least_ppm":990000,"credit_ppm":0,"free_exit":false},` +
		`{"at_least_ppm":970000,"credit_ppm":50000,"free_exit":false},` +
		`{"at_least_ppm":950000,"credit_ppm":100000,"free_exit":false},` +
		`{"at_least_ppm":900000,"credit_ppm":300000,"free_exit":false},` +
		`{"at_least_ppm":0,"credit_ppm":1000000,"free_exit":true}],"window_ms":3600000}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var back SLA
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, DefaultSLA()) {
		t.Errorf("reads back as %+v, %v", back, err)
	}
}

func TestMaintenanceHasALimit(t *testing.T) {
	s := DefaultSLA()
	for _, tt := range []struct{ announced, used, want int64 }{
		{MsPerHour, 0, MsPerHour},
		{5 * MsPerHour, 0, 4 * MsPerHour},
		{MsPerHour, 4*MsPerHour - 1, 1},
		{MsPerHour, 4 * MsPerHour, 0},
		{MsPerHour, 9 * MsPerHour, 0},
		{-1, 0, 0},
	} {
		if got := s.Maintenance(tt.announced, tt.used); got != tt.want {
			t.Errorf("%d ms after %d: %d excluded, want %d", tt.announced, tt.used, got, tt.want)
		}
	}
}

// So many receipts that bounds are near what was delivered.
func delivery(up, down int64, due, sum uint64) SLAPeriod {
	p := SLAPeriod{Up: up, Down: down, Due: miner.Hashes(due).Mul(1 << 60), Unit: miner.Hashes(1 << 30)}
	p.Evidence.AddN(miner.Hashes(1<<30), sum<<30)
	return p
}

func TestCreditTiers(t *testing.T) {
	s := DefaultSLA()
	tests := []struct {
		name string
		p    SLAPeriod
		want SLACredit
	}{
		{"nothing counted", SLAPeriod{Excluded: 3, Idle: 2}, SLACredit{1_000_000, 1_000_000, 1_000_000, 0, false}},
		{"all up", delivery(720, 0, 1000, 1000), SLACredit{1_000_000, 1_000_001, 1_000_000, 0, false}},
		{"over-delivery repairs nothing", delivery(710, 10, 1000, 1500), SLACredit{986_111, 1_500_002, 986_111, 50_000, false}},
		{"99 % up", delivery(99, 1, 1000, 1000), SLACredit{990_000, 1_000_001, 990_000, 0, false}},
		{"seven of 720 down", delivery(713, 7, 1000, 1000), SLACredit{990_277, 1_000_001, 990_277, 0, false}},
		{"eight of 720 down", delivery(712, 8, 1000, 1000), SLACredit{988_888, 1_000_001, 988_888, 50_000, false}},
		{"rounded down below 97 %", delivery(2_910_000, 90_001, 1000, 1000), SLACredit{969_999, 1_000_001, 969_999, 100_000, false}},
		{"a little short everywhere", delivery(720, 0, 1000, 960), SLACredit{1_000_000, 960_001, 960_001, 100_000, false}},
		{"94 %", delivery(720, 0, 1000, 940), SLACredit{1_000_000, 940_001, 940_001, 300_000, false}},
		{"below 90 %", delivery(89, 11, 1000, 950), SLACredit{890_000, 950_001, 890_000, 1_000_000, true}},
		{"nothing", SLAPeriod{Down: 24, Due: miner.Hashes(3_688_900), Unit: miner.Hashes(100)}, SLACredit{0, 100, 0, 1_000_000, true}},
		{"absurdly much", SLAPeriod{Up: 1, Due: miner.Hashes(1), Evidence: delivery(0, 0, 0, 9).Evidence}, SLACredit{1_000_000, 1_000_000_000, 1_000_000, 0, false}},
	}
	for _, tt := range tests {
		if got := s.Credit(tt.p); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestCreditIsOfTheFees(t *testing.T) {
	for _, tt := range []struct{ fees, ppm, want int64 }{
		{1_393_382, 50_000, 69_669},
		{19, 50_000, 0},
		{20, 50_000, 1},
		{MaxSat, 1_000_000, MaxSat},
		{MaxSat, 300_000, MaxSat * 3 / 10},
		{0, 1_000_000, 0},
		{-5, 1_000_000, 0},
	} {
		if got := (SLACredit{CreditPPM: tt.ppm}).Sat(tt.fees); got != tt.want {
			t.Errorf("%d ppm of %d sat = %d, want %d", tt.ppm, tt.fees, got, tt.want)
		}
	}
}

// Less delivered never gets less credit.
func TestCreditIsMonotone(t *testing.T) {
	s := DefaultSLA()
	rapid.Check(t, func(t *rapid.T) {
		up, down := rapid.Int64Range(0, 800).Draw(t, "up"), rapid.Int64Range(0, 800).Draw(t, "down")
		n := rapid.Uint64Range(0, 2_000_000).Draw(t, "receipts")
		p := SLAPeriod{Up: up, Down: down, Due: miner.Hashes(1_000_000_000), Unit: miner.Hashes(1000)}
		p.Evidence.AddN(miner.Hashes(1000), n)
		a := s.Credit(p)
		p.Down++
		b := s.Credit(p)
		p.Evidence = Evidence{}
		p.Evidence.AddN(miner.Hashes(1000), n/2)
		c := s.Credit(p)
		if b.CreditPPM < a.CreditPPM || c.CreditPPM < b.CreditPPM || a.FreeExit && !b.FreeExit || b.FreeExit && !c.FreeExit {
			t.Fatalf("%+v, one more down %+v, half the work %+v", a, b, c)
		}
		if a.InputPPM != min(a.AvailabilityPPM, a.DeliveredPPM) {
			t.Fatalf("input of %+v", a)
		}
	})
}

func TestPeriodCounts(t *testing.T) {
	s := DefaultSLA()
	window := func(n uint64, excludedMs int64) Window {
		w := Window{Contracted: miner.Hashes(400_000), Unit: miner.Hashes(1000), Ms: MsPerHour, ExcludedMs: excludedMs}
		w.Evidence.AddN(miner.Hashes(1000), n)
		return w
	}
	var p SLAPeriod
	var want Evidence
	for _, w := range []Window{
		window(400, 0),
		window(390, 0),
		window(100, 0),
		window(100, MsPerHour*3/4),
		window(500, MsPerHour),
		{Unit: miner.Hashes(1 << 40), Evidence: window(7, 0).Evidence},
	} {
		before := w.Evidence
		j := s.Judge(w)
		p.Add(w, j)
		if j.Kind == WindowUp || j.Kind == WindowDown {
			want.AddN(miner.Hashes(1000), w.Evidence.N)
		}
		if !reflect.DeepEqual(before, w.Evidence) {
			t.Errorf("counting changed %+v to %+v", before, w.Evidence)
		}
	}
	if p.Up != 3 || p.Down != 1 || p.Excluded != 1 || p.Idle != 1 || p.Due != miner.Hashes(1_600_000) || p.Unit != miner.Hashes(1000) {
		t.Errorf("counted %+v", p)
	}
	if p.Evidence.N != want.N || p.Evidence.Sum != want.Sum || p.Evidence.SumSq.Cmp(want.SumSq) != 0 || p.Evidence.Max != want.Max {
		t.Errorf("evidence %+v, want %+v", p.Evidence, want)
	}
}

func TestMergeIsAddition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b, all Evidence
		for range rapid.IntRange(0, 8).Draw(t, "receipts") {
			w, n := drawWork(t, "work"), rapid.Uint64Range(0, 1000).Draw(t, "n")
			to := &a
			if rapid.Bool().Draw(t, "second") {
				to = &b
			}
			to.AddN(w, n)
			all.AddN(w, n)
		}
		kept := b
		a.Merge(b)
		if !reflect.DeepEqual(a, all) || !reflect.DeepEqual(b, kept) {
			t.Fatalf("merged %+v, want %+v", a, all)
		}
	})
}
