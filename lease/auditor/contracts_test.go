package auditor

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/auditor/auditortest"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
)

// A lease may get another one's place at pools while it runs, but not before the
// other's work is over, whatever moment a map claims to be of.
func TestPlaceAtPools(t *testing.T) {
	const over = auditortest.BeginMs + lease.MsPerHour
	for _, tt := range []struct {
		name       string
		at, job    int64 // Unix milliseconds
		running, m bool
		want       string
	}{
		{"when it is over", over + leaf.TagLingerMs, over + leaf.TagLingerMs, false, true, ""},
		{"while it lingers", over + leaf.TagLingerMs - 1, over + leaf.TagLingerMs, false, true, "tag is used twice"},
		{"while it runs", over + leaf.TagLingerMs, over + leaf.TagLingerMs, true, true, "tag is used twice"},
		{"while it runs, in no map", over + leaf.TagLingerMs, over + leaf.TagLingerMs, true, false, "tag is in no map"},
		{"by a map that is ahead", over + leaf.TagLingerMs, over, false, true, "ahead of its time"},
	} {
		w := &auditortest.World{}
		w.After = func(w *auditortest.World, _ int64, doc any) {
			if d, ok := doc.(*leaf.TagMap); !ok || d.Entries != 2 {
				return
			}
			w.After = nil
			first, second := w.Lease("L-0003", 1, leaf.DestinationPool), w.Lease("L-0004", 1, leaf.DestinationHouse)
			first.Tag, second.Tag = receipt.B16{9, 9, 1}, receipt.B16{9, 9, 2}
			w.Add(first)
			w.Add(second)
			w.TagMap(auditortest.BeginMs)
			if first.EndMs, first.StopMs = over, over; !tt.running {
				w.Add(first)
			}
			second.Destinations = []string{leaf.DestinationHouse, leaf.DestinationPool}
			w.Add(second)
			if tt.m {
				m := &leaf.TagMap{AtMs: tt.at}
				tags := leaf.Tags{}
				for _, l := range []*leaf.Lease{w.Lease(auditortest.First, 1, leaf.DestinationHouse), w.Lease(auditortest.Second, 1, leaf.DestinationPool), second} {
					tags.Add(*l)
				}
				made, err := tags.Map(tt.at)
				if err != nil {
					t.Fatal(err)
				}
				m.TagRoot = made.Root()
				w.Add(m)
			}
			document, err := auditortest.HouseTemplate(t, w.Terms).Encode()
			if err != nil {
				t.Fatal(err)
			}
			w.Add(&leaf.Job{CreatedMs: tt.job, Template: document})
			w.Add(w.Batch(second.Lease, 1, auditortest.BeginMs))
		}
		a := New()
		for _, e := range w.Play(t) {
			a.Add(e.Body)
			if a.kinds["batch"] == 1 {
				break
			}
		}
		if tt.want == "" && len(a.findings) != 0 {
			t.Errorf("%s: %+v", tt.name, a.findings)
		}
		if tt.want != "" && (len(a.findings) == 0 || a.findings[0].Check != Tags || !strings.Contains(a.findings[0].What, tt.want)) {
			t.Errorf("%s: %+v, want %q", tt.name, a.findings, tt.want)
		}
	}
}
