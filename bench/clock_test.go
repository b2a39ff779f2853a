package bench

import "testing"

func TestChain(t *testing.T) {
	x, a, b := uint64(7), uint64(0x1234567), uint64(0x89abcdef)
	want := x
	for range 3 * chainLength / 4 {
		want = (want + a) ^ b
		want = (want + b) ^ a
	}
	if got := chain(3, x, a, b); got != want {
		t.Errorf("the chain gives %x, want %x: it has not %d instructions", got, want, chainLength)
	}
}

func TestClockHz(t *testing.T) {
	if hz := clockHz(func() {}); hz != 0 && (hz < minClockHz || hz > maxClockHz) {
		t.Errorf("a clock of %d Hz", hz)
	}
}

func BenchmarkClock(b *testing.B) {
	var hz uint64
	for b.Loop() {
		hz = clockHz(func() {})
	}
	b.ReportMetric(float64(hz)/1e9, "GHz")
}
