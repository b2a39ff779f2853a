package stratum

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "duration"))
		b := bucketOf(d)
		end := bucketEnd(b)
		if d >= 0 && d < 1<<61 && (end <= d-time.Microsecond || end > max(d+d/4, d+time.Microsecond)) {
			t.Fatalf("%v is in a bucket that ends at %v", d, end)
		}
		if b > 0 && bucketEnd(b-1) > max(d, 0) {
			t.Fatalf("%v is not above the bucket before, which ends at %v", d, bucketEnd(b-1))
		}
	})
	var h histogram
	if h.summary() != (Latency{}) {
		t.Error("an empty histogram has values")
	}
	for ms := range 100 {
		h.add(time.Duration(ms+1) * time.Millisecond)
	}
	s := h.summary()
	for _, q := range []struct{ got, want time.Duration }{{s.P50, 50}, {s.P90, 90}, {s.P99, 99}, {s.Max, 100}} {
		want := q.want * time.Millisecond
		if q.got < want || q.got > want+want/4 {
			t.Errorf("%v, want %v or up to a quarter more", q.got, want)
		}
	}
	if s.Max != 100*time.Millisecond || s.Count != 100 {
		t.Errorf("%+v", s)
	}
}
