package receipt

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestFindTag(t *testing.T) {
	tag := lease.Tag{1, 2, 3, 15: 4}
	push := append([]byte{16}, tag[:]...)
	other := append([]byte{16}, make([]byte, 16)...)
	for name, c := range map[string]struct {
		script []byte
		height int64
	}{
		"OP_1":              {slices.Concat([]byte{0x51}, push), 1},
		"OP_16":             {slices.Concat([]byte{0x60}, push, []byte("more")), 16},
		"one byte":          {slices.Concat([]byte{1, 17}, push), 17},
		"three bytes":       {slices.Concat([]byte{3, 1, 2, 3}, push, []byte{6, 0, 0, 0, 0, 0, 0}), 0x030201},
		"height of pushes":  {slices.Concat([]byte{3, 16, 16, 16}, push), 0x101010},
		"another one after": {slices.Concat([]byte{1, 17}, push, other), 17},
	} {
		if got, err := FindTag(c.script); err != nil || got != tag {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if height, _, err := TagPlace(c.script); err != nil || height != c.height {
			t.Errorf("%s: height %d, %v", name, height, err)
		}
	}
	for name, script := range map[string][]byte{
		"nothing":          nil,
		"no height":        push,
		"OP_0":             slices.Concat([]byte{0}, push),
		"height of 6":      slices.Concat([]byte{6, 1, 2, 3, 4, 5, 6}, push),
		"height alone":     {3, 1, 2, 3},
		"cut height":       {3, 1},
		"OP_PUSHDATA1":     slices.Concat([]byte{1, 17, 0x4c}, push),
		"15 bytes":         slices.Concat([]byte{1, 17, 15}, tag[:15]),
		"17 bytes":         slices.Concat([]byte{1, 17, 17}, tag[:], []byte{0}),
		"cut tag":          slices.Concat([]byte{1, 17, 16}, tag[:15]),
		"something before": slices.Concat([]byte{1, 17, 1, 1}, push),
		"two heights":      slices.Concat([]byte{1, 17, 0x51}, push),
	} {
		if got, err := FindTag(script); !errors.Is(err, ErrNoTag) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func FuzzFindTag(f *testing.F) {
	f.Add(append([]byte{3, 1, 2, 3, 16}, make([]byte, 16)...))
	f.Add(append([]byte{0x51, 16}, make([]byte, 20)...))
	f.Fuzz(func(t *testing.T, script []byte) {
		tag, err := FindTag(script)
		if err != nil {
			return
		}
		// Wherever else the tag is, this is its first possible place.
		at := bytes.Index(script, append([]byte{16}, tag[:]...))
		if at < 0 || at > 6 {
			t.Fatalf("tag %s found at %d in %x", tag, at, script)
		}
	})
}
