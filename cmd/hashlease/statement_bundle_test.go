package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// A bundle that whoever gets it would find wanting is not handed out.
func TestHeldBundle(t *testing.T) {
	write, err := heldBundle(t.Context(), func(w io.Writer) error {
		_, err := io.WriteString(w, "damaged")
		return err
	})
	if write != nil || err == nil || !strings.Contains(err.Error(), "would not hold") || !strings.Contains(err.Error(), "form: ") {
		t.Errorf("a damaged bundle: %v", err)
	}
	broken := errors.New("broken")
	if _, err := heldBundle(t.Context(), func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a bundle that cannot be made: %v", err)
	}
}
