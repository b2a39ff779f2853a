package billing

import "time"

// stamp writes a moment for people.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04Z") }
