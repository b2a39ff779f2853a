package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

func TestRigDoc(t *testing.T) {
	const nowMs = 1_700_000_700_000 // five minutes into a slot
	from := lease.RecentSlotMs(nowMs)
	r := lease.Rig{Name: "s21-7", Tenant: "bob", CreatedMs: 1_600_000_000_000, DisabledMs: nowMs, Note: "row 3",
		RatedHps: 200_000_000_000_000, RatedMilliJTH: 17_500}
	var m lease.RigMeter
	m.Verdicts = map[string]uint64{lease.Stale: 2, "duplicate": 1}
	m.LastMs = nowMs - 1000
	// A hundred shares that make 200 TH/s of the time since from.
	share := miner.Hashes(2_000_000_000_000 / 1000).Mul(uint64(nowMs - from))
	m.Recent.AddN(share, 100)
	m.Evidence.AddN(share, 1000)
	d := newRigDoc(&r).withMeter(&r, &m, nowMs)
	var text bytes.Buffer
	if err := d.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"rig         s21-7, disabled\n",
		"owner       bob\n",
		"user        bob.s21-7\n",
		"disabled    2023-11-14 22:25:00Z\n",
		"power       17.5 J/TH, 3500 W\n",
		"last seen   2023-11-14 22:24:59Z\n",
		"rate        200.0 TH/s, 95 % interval 162.7–243.3 TH/s, by 100 shares since 2023-11-14 22:10:00Z\n",
		" by 1000 shares\n",
		"refused     1 duplicate, 2 stale\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"recent_receipts":100,"recent_from_ms":1699999800000,`, `"receipts":1000,"rejected":1,"stale":2,"refused":{"duplicate":1,"stale":2}`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if bytes.Contains(b, []byte("token")) {
		t.Errorf("a token in %s", b)
	}
}
