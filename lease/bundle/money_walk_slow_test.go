//go:build slow

package bundle

import "testing"

// TestMoneyEveryFieldOfAll changes every field of statements of all kinds, at
// every place.
func TestMoneyEveryFieldOfAll(t *testing.T) {
	for name := range moneyCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyField(t, name, "", 0)
		})
	}
}
