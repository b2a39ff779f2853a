package sandbox

import (
	"testing"
	"time"
)

// BenchmarkOpenNew is the first start in an empty directory.
func BenchmarkOpenNew(b *testing.B) {
	for b.Loop() {
		n, err := Open(Config{Dir: b.TempDir(), Easiest: trivial})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		n.Close()
		b.StartTimer()
	}
}

// BenchmarkSubmit is one block with its sync to the disk.
func BenchmarkSubmit(b *testing.B) {
	clk := newClock()
	n := open(b, b.TempDir(), clk)
	for b.Loop() {
		b.StopTimer()
		clk.tick(22 * time.Second)
		blk := solve(b, template(b, n), 0)
		b.StartTimer()
		if err := n.Submit(b.Context(), blk.raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReplay is a start after a kill with 2000 blocks in the log.
func BenchmarkReplay(b *testing.B) {
	const blocks = 2000
	clk := newClock()
	n := open(b, b.TempDir(), clk)
	for range blocks {
		clk.tick(22 * time.Second)
		mineOne(b, n, 0)
	}
	for b.Loop() {
		b.StopTimer()
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
		removeCache(b, n.dir)
		b.StartTimer()
		n = open(b, n.dir, clk)
		if _, height := tip(b, n); height != blocks {
			b.Fatalf("height %d", height)
		}
	}
	b.ReportMetric(float64(blocks)*float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
}
