package stratumtest

import (
	"bytes"
	"math/rand/v2"
	"strings"
)

// garbage draws a line that no peer should send, its end included. None is a
// message that could be taken for one.
func garbage(r *rand.Rand) []byte {
	switch r.IntN(8) {
	case 0:
		return []byte("\n")
	case 1:
		return []byte(" \t\r\n")
	case 2:
		return []byte(`{"id":1,"method":"mining.subm` + "\n") // cut off
	case 3:
		return []byte(strings.Repeat("[", 1+r.IntN(2000)) + "\n")
	case 4:
		return []byte(`{"id":` + strings.Repeat("9", 1+r.IntN(400)) + `,"method":7,"params":{}}` + "\n")
	case 5:
		return []byte("\xff\xfe\x00{}\xed\xa0\x80\n")
	case 6:
		return []byte("null\n")
	}
	b := make([]byte, 1+r.IntN(200))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return append(bytes.ReplaceAll(b, []byte("\n"), []byte("\v")), '\n')
}
