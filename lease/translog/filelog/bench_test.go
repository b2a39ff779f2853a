package filelog

import (
	"fmt"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
)

// BenchmarkAppend makes leaves, stores them durably in batches, and signs for
// every tenth batch. The figure is leaves/s.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			ctx := b.Context()
			s := openDir(b, b.TempDir())
			l, err := translog.Open(ctx, config(b, s))
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				batch := make([]translog.Entry, size)
				for i := range batch {
					batch[i] = entry(b, n%1000)
					n++
				}
				if _, err := l.Append(ctx, batch...); err != nil {
					b.Fatal(err)
				}
				if n/size%10 == 0 {
					if _, err := l.Sign(ctx); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}
