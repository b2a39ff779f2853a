package bundle

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// TestFilledMemory verifies files that are made to fill the memory.
func TestFilledMemory(t *testing.T) {
	x := newVictim(t)
	lines := func(b byte, n int) []byte { return bytes.Repeat(append(bytes.Repeat([]byte{b}, 99), '\n'), n/100) }
	document := must(x.w.s.Encode())
	hollow := func(key, element string) []byte {
		list := strings.Repeat(element+",", maxObjects-100) + element
		text := strings.Replace(string(document), key+"[]", key+"["+list+"]", 1)
		return must(note.Sign(&note.Note{Text: text + "\n"}, x.w.signer()))
	}
	for _, tt := range []struct {
		name string
		file int
		text []byte
	}{
		{"statement", 0, bytes.Repeat([]byte(`{"a":`), 3<<20)},
		{"hollow hours", 0, hollow(`"hours":`, "{}")},
		{"hollow lines", 0, hollow(`"lines":`, "{}")},
		{"hollow rewards", 0, hollow(`"rewards":`, "{}")},
		{"hollow accounts", 0, hollow(`"accounts":`, "{}")},
		{"leaves", 2, lines('1', 16<<20)},
		{"openings", 3, lines('1', 8<<20)},
		{"proof", 4, make([]byte, 16<<20)},
		{"growth", 5, bytes.Repeat([]byte{'['}, 4<<20)},
		{"tags", 6, lines('[', 8<<20)},
		{"receipts", 7, bytes.Repeat([]byte{0, 1, 0xff, 0xff, 0xff, 0xff}, 1<<20)},
		{"headers", 8, make([]byte, 16<<20)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := slices.Clone(x.all)
			all[tt.file].text = tt.text
			file := repack(t, all)
			all, tt.text = nil, nil
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := verify(t, file, Options{})
			runtime.ReadMemStats(&after)
			if r.OK() {
				t.Error("it is accepted")
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
				t.Errorf("%d MiB were allocated: %q", used>>20, failed(r))
			}
		})
	}
}
