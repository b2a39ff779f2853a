package main

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParsePeriod(t *testing.T) {
	ms := func(s string) int64 {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixMilli()
	}
	for _, c := range [][3]string{
		{"2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		{"2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"2028-02", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"2026-11-20", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"2026-11-01..2026-11-08", "2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z"},
		{"2026-11-20T06Z..2026-11-20T18Z", "2026-11-20T06:00:00Z", "2026-11-20T18:00:00Z"},
		{"2026-11-20T06:00:00+01:00..2026-11-20T18:00:00Z", "2026-11-20T05:00:00Z", "2026-11-20T18:00:00Z"},
		{"2026-11-20..2026-11-20T18Z", "2026-11-20T00:00:00Z", "2026-11-20T18:00:00Z"},
	} {
		from, to, err := parsePeriod(c[0])
		if err != nil || from != ms(c[1]) || to != ms(c[2]) {
			t.Errorf("%s: %d to %d, %v", c[0], from, to, err)
		}
	}
	for text, want := range map[string]string{
		"":                                      "want a month such as",
		"2026":                                  "want a month such as",
		"2026-13":                               "want a month such as",
		"2026-11-31":                            "want a month such as",
		"1969-12":                               "want a month such as",
		"november":                              "want a month such as",
		"2026-11-20..2026-11-20":                "ends before it has begun",
		"2026-11-20..2026-11-19":                "ends before it has begun",
		"2026-11-20..":                          `"" is no time`,
		"..2026-11-20":                          `"" is no time`,
		"2026-11..2026-12":                      `"2026-11" is no time`,
		"1960-01-01..2026-01-01":                "before 1970",
		"2026-11-20T06:30:00Z..2026-11-21":      "no full hour of UTC, and hours are what is settled: want one such as 2026-11-20T06Z",
		"2026-11-20..2026-11-21T00:00:00+05:30": "no full hour of UTC",
	} {
		from, to, err := parsePeriod(text)
		if exitCode(err) != exitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d to %d, %v, want %q", text, from, to, err, want)
		}
	}
}

// What formatPeriod writes parsePeriod reads, if it is of whole hours.
func TestFormatPeriod(t *testing.T) {
	for _, s := range []string{"2026-11", "2028-02", "2026-11-20", "2026-11-01..2026-11-08", "2026-11-20T06Z..2026-11-20T18Z"} {
		from, to, err := parsePeriod(s)
		if err != nil || formatPeriod(from, to) != s {
			t.Errorf("%s: %s, %v", s, formatPeriod(from, to), err)
		}
	}
	if s := formatPeriod(1, 2001); s != "1970-01-01T00:00:00Z..1970-01-01T00:00:02Z" {
		t.Error(s)
	}
	rapid.Check(t, func(t *rapid.T) {
		const hour = 3600_000
		from := rapid.Int64Range(0, 1_000_000).Draw(t, "from") * hour
		to := from + rapid.Int64Range(1, 2000).Draw(t, "hours")*hour
		if f, u, err := parsePeriod(formatPeriod(from, to)); err != nil || f != from || u != to {
			t.Fatalf("%s: %d to %d, %v", formatPeriod(from, to), f, u, err)
		}
	})
}
