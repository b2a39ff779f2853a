package main

import (
	"testing"
	"time"
)

func TestLeaseTerm(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ms := func(s string) int64 {
		if s == "" {
			return 0
		}
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixMilli()
	}
	for _, c := range []struct{ start, end, term, wantStart, wantEnd string }{
		{"", "", "", "2026-11-20T12:00:00Z", ""},
		{"+2h", "", "30d", "2026-11-20T14:00:00Z", "2026-12-20T14:00:00Z"},
		{"2026-12-01", "2026-12-02", "", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"},
		{"2026-12-01T08:30:00+01:00", "+30d", "", "2026-12-01T07:30:00Z", "2026-12-20T12:00:00Z"},
		{"", "", "90m", "2026-11-20T12:00:00Z", "2026-11-20T13:30:00Z"},
	} {
		start, end, err := leaseTerm(now, c.start, c.end, c.term)
		if err != nil || start != ms(c.wantStart) || end != ms(c.wantEnd) {
			t.Errorf("%+v: %d to %d, %v", c, start, end, err)
		}
	}
	for _, c := range [][3]string{
		{"2026-11-19", "", ""}, {"soon", "", ""}, {"", "2026-13-01", ""}, {"", "", "-1h"}, {"", "", "month"}, {"", "", "99999d"}, {"+x", "", ""},
	} {
		if start, end, err := leaseTerm(now, c[0], c[1], c[2]); exitCode(err) != exitUsage {
			t.Errorf("%q: %d to %d, %v", c, start, end, err)
		}
	}
	if _, err := parseDuration("99999d"); err == nil || err.Error() != `duration "99999d" is longer than 65535d` {
		t.Error(err)
	}
}
