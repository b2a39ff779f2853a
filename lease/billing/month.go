package billing

import "time"

// monthOf numbers the calendar month, in UTC, that a moment lies in.
func monthOf(ms int64) int64 {
	t := time.UnixMilli(ms).UTC()
	return int64(t.Year())*12 + int64(t.Month()) - 1
}

// monthStart is the first moment of a month, in Unix milliseconds.
func monthStart(month int64) int64 {
	return time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// monthName writes a month as periods are named: 2026-11.
func monthName(month int64) string {
	return time.UnixMilli(monthStart(month)).UTC().Format("2006-01")
}

// stamp writes a moment for people.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04Z") }
