package auditor_test

import (
	"testing"

	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/auditor/auditortest"
)

func BenchmarkAuditor(b *testing.B) {
	w := &auditortest.World{}
	var bodies [][]byte
	for _, e := range w.Play(b) {
		bodies = append(bodies, e.Body)
	}
	n := 0
	for b.Loop() {
		auditor.New().AddAll(bodies)
		n += len(bodies)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "leaves/s")
}
