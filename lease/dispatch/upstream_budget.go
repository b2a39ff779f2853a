package dispatch

import "time"

// What the jobs of one pool may take of the store, in bytes: pools say what
// they like, as often as they like, and all that is worked on is kept for ever.
// A usual pool's job is some 3000 bytes every half a minute; this is ten
// times as much, or 86 MB a day.
const (
	jobsBurst = 1 << 20
	jobsRate  = 1000 // a second
)

// budget is what is left of that.
type budget struct {
	used int64     // of jobsBurst
	at   time.Time // as of then
}

// wait tells how long a job of so many bytes has to wait; if not at all, it is
// taken off. One that is larger than everything waits until nothing is used.
func (b *budget) wait(bytes int, now time.Time) time.Duration {
	if d := now.Sub(b.at); d > 0 {
		b.used -= min(b.used, int64(min(d, jobsBurst*time.Second)/(time.Second/jobsRate)))
		b.at = now
	}
	if over := b.used + int64(bytes) - jobsBurst; over > 0 && b.used > 0 {
		return time.Duration(min(over, b.used)) * (time.Second / jobsRate)
	}
	b.used += int64(bytes)
	return 0
}
