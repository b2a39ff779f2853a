package bundle

import "testing"

// Four standard deviations of the number that is left may be made up.
func TestThinRoom(t *testing.T) {
	for thin, want := range map[int64]string{0: "about 100.0 %", 1: "about 100.0 %", 100: "about 40.1 %", 540: "about 17.3 %", 16_000: "about 3.2 %", 1 << 62: "about 0.1 %"} {
		if got := thinRoom(thin); got != want {
			t.Errorf("%d are left: %s, want %s", thin, got, want)
		}
	}
}
