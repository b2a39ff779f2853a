package bench

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestLedger(t *testing.T) {
	var lines []string
	folder := t.TempDir()
	r, err := Ledger(t.Context(), LedgerConfig{Leases: 21, Shares: 2500, Folder: folder, Progress: func(line string) { lines = append(lines, line) }})
	if err != nil {
		t.Fatal(err)
	}
	// Parts of 21 leases, and of fee and reward, once found and once settled.
	if r.Meter.Stored != 2500 || r.Settle.Stored != 21*ledgerRounds || r.Tides.Stored != 21 || r.Booking.Size != 23+46 || r.Booking.Stored != 10*r.Booking.Size {
		t.Errorf("stored: %+v", r)
	}
	for name, run := range map[string]LedgerRun{"meter": r.Meter, "settle": r.Settle, "tides": r.Tides, "booking": r.Booking} {
		if run.Rounds < 5 || run.Fastest <= 0 || run.Fastest > run.WallNs || run.WallNs > run.Slowest || run.CPUNs <= 0 {
			t.Errorf("%s: %+v", name, run)
		}
	}
	if r.SharesPerSec <= 0 || r.SettleHourMs <= 0 || r.Tides100kMs <= 0 || r.PostingsPerSec <= 0 || r.SharesWall <= 0 {
		t.Errorf("figures: %+v", r)
	}
	if len(r.Goals) != 2 {
		t.Errorf("goals: %+v", r.Goals)
	}
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "metering, 0 of 2500 shares") || !strings.Contains(text, "hour 5 of 5") {
		t.Errorf("progress: %s", text)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
}

func TestLedgerGoals(t *testing.T) {
	r := LedgerResults{Leases: 1000, Meter: LedgerRun{Size: 100_000, CPUNs: 1e9, WallNs: 2e9}, Settle: LedgerRun{CPUNs: 1e9 - 1}, Tides: LedgerRun{CPUNs: 50e6}}
	r.sum()
	if r.SharesPerSec != 100_000 || r.SharesWall != 50_000 || r.Tides100kMs != 50 {
		t.Errorf("figures: %+v", r)
	}
	if g := r.Goals; len(g) != 3 || !g[0].Met || !g[1].Met || g[2].Met {
		t.Errorf("goals: %+v", g)
	}
	if m := medians([]round{{3, 1}, {1, 5}, {2, 4}}); m != (round{2, 4}) {
		t.Errorf("medians: %v", m)
	}
	if begin := time.UnixMilli(ledgerBegin).UTC().Format(time.RFC3339); begin != "2026-11-20T10:00:00Z" {
		t.Errorf("hours begin at %s", begin)
	}
}

// Every key of the document is in its specification.
func TestLedgerSpecified(t *testing.T) {
	text, err := os.ReadFile("LEDGER.md")
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(LedgerResults{Load: new(Load)})
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(document, &keys); err != nil {
		t.Fatal(err)
	}
	for key := range keys {
		if !strings.Contains(string(text), "`"+key+"`") {
			t.Errorf("LEDGER.md does not have %s", key)
		}
	}
	if !strings.Contains(string(text), LedgerSchema) {
		t.Errorf("LEDGER.md is not of %s", LedgerSchema)
	}
}

func TestLedgerRefuses(t *testing.T) {
	for _, c := range []LedgerConfig{{Leases: -1}, {Leases: MaxLedgerLeases + 1}, {Shares: -1}, {Shares: MaxLedgerShares + 1}, {Folder: "nowhere/at/all"}} {
		if _, err := Ledger(t.Context(), c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
