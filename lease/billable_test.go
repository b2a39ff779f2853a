package lease

import (
	"encoding/json"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestBillableIsCappedByDay(t *testing.T) {
	const day = 20_000 * 24 // its first hour
	var b Billable
	for _, step := range []struct {
		hour                     int64
		proven, contracted, want uint64
	}{
		{day + 3, 120, 100, 100},    // over-delivery waits
		{day + 4, 70, 100, 190},     // and makes up for less
		{day + 5, 0, 100, 190},      // as far as it goes
		{day + 23, 300, 100, 400},   // the day's contract is the cap
		{day + 24, 0, 100, 400},     // a new day owes nothing to the last
		{day + 25, 50, 100, 450},    //
		{day + 25 + 48, 10, 0, 450}, // nothing contracted, nothing charged
		{day + 26 + 48, 0, 100, 460},
	} {
		if err := b.Add(step.hour, miner.Hashes(step.proven), miner.Hashes(step.contracted)); err != nil {
			t.Fatal(err)
		}
		if got := b.Total(); got != miner.Hashes(step.want) {
			t.Errorf("after hour %d: %v billable, want %d", step.hour-day, got, step.want)
		}
	}
	before := b
	for _, hour := range []int64{day + 26 + 48, day, 0, -1} {
		if err := b.Add(hour, miner.Hashes(1), miner.Hashes(1)); err == nil || b != before {
			t.Errorf("hour %d was added once more: %v, %+v", hour-day, err, b)
		}
	}
}

func TestBillableProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b, padded Billable
		var proven, contracted miner.Work
		byDay := make(map[int64][2]miner.Work)
		hour := rapid.Int64Range(0, 500_000).Draw(t, "start")
		for range rapid.IntRange(0, 60).Draw(t, "hours") {
			next := hour + 1
			if rapid.IntRange(0, 4).Draw(t, "gap") == 0 {
				next += rapid.Int64Range(0, 60).Draw(t, "hours left out")
			}
			p, c := miner.Hashes(rapid.Uint64Range(0, 1000).Draw(t, "proven")), miner.Hashes(rapid.Uint64Range(0, 1000).Draw(t, "contracted"))
			last := b.Total()
			if err := b.Add(hour, p, c); err != nil {
				t.Fatal(err)
			}
			for h := padded.Next; h > 0 && h < hour; h++ {
				if err := padded.Add(h, miner.Work{}, miner.Work{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := padded.Add(hour, p, c); err != nil {
				t.Fatal(err)
			}
			d := byDay[hour/24]
			byDay[hour/24] = [2]miner.Work{d[0].Add(p), d[1].Add(c)}
			proven, contracted = proven.Add(p), contracted.Add(c)
			total := b.Total()
			if total.Cmp(last) < 0 || total.Cmp(proven) > 0 || total.Cmp(contracted) > 0 {
				t.Fatalf("%v after %v, of %v proven and %v contracted", total, last, proven, contracted)
			}
			if padded != b {
				t.Fatalf("hours of nothing change %+v to %+v", b, padded)
			}
			text, err := Canonical(b)
			if err != nil {
				t.Fatal(err)
			}
			var back Billable
			if err := json.Unmarshal(text, &back); err != nil || back != b {
				t.Fatalf("%s reads back as %+v, %v", text, back, err)
			}
			b = back
			hour = next
		}
		var want miner.Work
		for _, d := range byDay {
			want = want.Add(smaller(d[0], d[1]))
		}
		if got := b.Total(); got != want {
			t.Fatalf("%v billable, the days say %v", got, want)
		}
	})
}
