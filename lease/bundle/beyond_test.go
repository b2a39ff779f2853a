package bundle

import (
	"fmt"
	"strings"
	"testing"
)

// TestBlockBeyond leaves out the header of a block that is to be hidden.
func TestBlockBeyond(t *testing.T) {
	w := honest(t, 4)
	b := w.bundle()
	b.Headers, b.Forks = b.Headers[:14], b.Forks[:1]
	r := verify(t, pack(t, b), Options{Chain: coin{w, 14}})
	if text := fmt.Sprintf("%+v", r); !strings.Contains(text, "the block of height 114, which has the lease's tag") {
		t.Error(text)
	}
}
