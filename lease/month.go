package lease

import "time"

// MonthOf numbers the calendar month, in UTC, that a moment in Unix milliseconds
// lies in.
func MonthOf(ms int64) int64 {
	t := time.UnixMilli(ms).UTC()
	return int64(t.Year())*12 + int64(t.Month()) - 1
}

// MonthStart is the first moment of a month, in Unix milliseconds.
func MonthStart(month int64) int64 {
	return time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// MonthName writes a month as periods are named: 2026-11.
func MonthName(month int64) string {
	return time.UnixMilli(MonthStart(month)).UTC().Format("2006-01")
}
