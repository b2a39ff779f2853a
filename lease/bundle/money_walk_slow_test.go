//go:build slow

package bundle

import "testing"

// TestMoneyEveryFieldOfAll changes every field of statements of all kinds, in
// every way and in lists at several places.
func TestMoneyEveryFieldOfAll(t *testing.T) {
	for name := range moneyCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyField(t, name, "", 4)
		})
	}
}
