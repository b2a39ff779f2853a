package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/transport"
)

// Limits are told when they are met, with what is new, and at most once a
// minute.
func TestLimitsAreTold(t *testing.T) {
	var w limitWatch
	now := time.Unix(1_700_000_000, 0)
	s := stratum.ServerStats{Dropped: map[string]uint64{"left": 5, "closed": 2, "queue-bytes": 0}, Limited: map[string]uint64{"jobs": 9}}
	p := transport.ListenStats{Refused: map[string]uint64{"gone": 3}}
	tell := func() string { return fmt.Sprint(w.news(met(&s, &p), now)...) }
	if got := tell(); got != "" {
		t.Errorf("without any limit met: %s", got)
	}
	s.Dropped["queue-bytes"], p.Refused["slow"] = 2, 1
	if got := tell(); got != "queue-bytes=2 slow=1" {
		t.Errorf("first %q", got)
	}
	s.Dropped["queue-bytes"] = 7
	now = now.Add(limitsPause - time.Second)
	if got := tell(); got != "" {
		t.Errorf("too soon: %s", got)
	}
	now = now.Add(time.Second)
	if got := tell(); got != "queue-bytes=5" {
		t.Errorf("then %q", got)
	}
	now = now.Add(time.Hour)
	if got := tell(); got != "" {
		t.Errorf("nothing new: %s", got)
	}
}

// With rigs, too, a terminal of 80 columns shows all of both tables.
func TestViewWithRigsFits(t *testing.T) {
	tiny, err := miner.ParseDifficulty("0.00000095367431640625")
	if err != nil {
		t.Fatal(err)
	}
	s := &dispatch.Snapshot{Uptime: time.Minute, Rows: []dispatch.Row{
		{Lease: "L-0001", Tenant: "alice", ContractedHps: 123_456_789_000_000, RigHps: 123_456_789_000_000, ProvenHps: 123_456_789_000_000,
			LoHps: 123_456_789_000_000, HiHps: 123_456_789_000_000, Receipts: 123_456, Stale: 123},
		{Lease: lease.House, Tenant: lease.House, CountedHps: 123_456_789},
	}}
	for i := range shownRigs + 3 {
		s.Rigs = append(s.Rigs, dispatch.RigRow{
			Rig: strings.Repeat("x", 31) + string(rune('a'+i)), Lease: "L-0001", Difficulty: tiny, Hps: 123_456_789_000_000, Accepted: 12_345_678, Refused: 12_345,
		})
	}
	s.Rigs[1].Lease = dispatch.Waiting
	for _, columns := range []int{80, 140} {
		var text strings.Builder
		for _, line := range nodeView(s, columns) {
			if n := len([]rune(line.text)); n >= columns {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line.text)
			}
			text.WriteString(line.text + "\n")
		}
		for _, want := range []string{"CONTRACTED", "THREADS", "RIGS", "PROVEN", "RECEIPTS", "REFUSED", "12345678", "9.537e-07", "rigs: 11 connected", "and 3 more"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%d columns: no %s in\n%s", columns, want, text.String())
			}
		}
		if got := strings.Contains(text.String(), "95 %"); got != (columns > 100) {
			t.Errorf("%d columns: interval shown: %v", columns, got)
		}
	}
}

func TestFormatDifficulty(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "1024": "1024", "131072": "131072", "16777216": "16.78 M", "4611686018427387904": "4.612 E",
		"0.5": "0.5", "0.0009765625": "0.0009766", "0.00000095367431640625": "9.537e-07",
	} {
		d, err := miner.ParseDifficulty(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := formatDifficulty(d); got != want {
			t.Errorf("difficulty %s is %q, want %q", text, got, want)
		}
	}
}
