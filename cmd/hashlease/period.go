package main

import (
	"strings"
	"time"
)

// hourLayout names an hour of UTC by its beginning, such as 2026-11-20T14Z.
const hourLayout = "2006-01-02T15Z"

// periodForms lists the forms of a period, for messages.
const periodForms = "a month such as 2026-11, a day such as 2026-11-20, or 2026-11-01..2026-11-08 or 2026-11-20T06Z..2026-11-20T18Z"

// parsePeriod reads a month, a day, or FROM..TO, of which TO is no longer part of
// it, in Unix milliseconds. Periods are of whole hours of UTC, for hours are what
// is settled.
func parsePeriod(s string) (fromMs, toMs int64, err error) {
	first, second, isRange := strings.Cut(s, "..")
	if isRange {
		if fromMs, err = parseHour(s, first); err != nil {
			return 0, 0, err
		}
		if toMs, err = parseHour(s, second); err != nil {
			return 0, 0, err
		}
		if toMs <= fromMs {
			return 0, 0, usage("period %.80q ends before it has begun: want FROM..TO, the later time behind the dots, which is no longer part of it", s)
		}
		return fromMs, toMs, nil
	}
	if month, err := time.Parse("2006-01", s); err == nil && month.Unix() >= 0 {
		return month.UnixMilli(), month.AddDate(0, 1, 0).UnixMilli(), nil
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil && day.Unix() >= 0 {
		return day.UnixMilli(), day.AddDate(0, 0, 1).UnixMilli(), nil
	}
	return 0, 0, usage("period %.80q: want %s", s, periodForms)
}

// parseHour reads one end of a period.
func parseHour(period, s string) (int64, error) {
	for _, layout := range []string{time.DateOnly, hourLayout, time.RFC3339} {
		t, err := time.Parse(layout, s)
		switch {
		case err != nil:
		case t.Unix() < 0:
			return 0, usage("period %.80q: %.40s is before 1970", period, s)
		case !t.Equal(t.Truncate(time.Hour)):
			return 0, usage("period %.80q: %.40s is no full hour of UTC, and hours are what is settled: want one such as %s",
				period, s, t.UTC().Truncate(time.Hour).Format(hourLayout))
		default:
			return t.UnixMilli(), nil
		}
	}
	return 0, usage("period %.80q: %.40q is no time: want %s", period, s, periodForms)
}

// formatPeriod writes a period as parsePeriod reads it, in its shortest form, or
// to the second where it is not of whole hours.
func formatPeriod(fromMs, toMs int64) string {
	from, to := time.UnixMilli(fromMs).UTC(), time.UnixMilli(toMs).UTC()
	midnight := func(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }
	switch {
	case midnight(from) && from.Day() == 1 && to.Equal(from.AddDate(0, 1, 0)):
		return from.Format("2006-01")
	case midnight(from) && to.Equal(from.AddDate(0, 0, 1)):
		return from.Format(time.DateOnly)
	case midnight(from) && midnight(to):
		return from.Format(time.DateOnly) + ".." + to.Format(time.DateOnly)
	case from.Equal(from.Truncate(time.Hour)) && to.Equal(to.Truncate(time.Hour)):
		return from.Format(hourLayout) + ".." + to.Format(hourLayout)
	}
	return from.Format(time.RFC3339) + ".." + to.Format(time.RFC3339)
}
