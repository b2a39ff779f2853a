package auditor_test

import (
	"testing"

	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/auditor/auditortest"
)

func BenchmarkAuditor(b *testing.B) {
	w := &auditortest.World{}
	entries := w.Play(b)
	n := 0
	for b.Loop() {
		a := auditor.New()
		for _, e := range entries {
			a.Add(e.Body)
		}
		n += len(entries)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "leaves/s")
}
