package lease

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// appendColumn writes the smallest value, the number of bits of what the
// largest is above it, and that many bits of each, lowest first.
func appendColumn(b []byte, values []uint64) []byte {
	least := slices.Min(values)
	width := bits.Len64(slices.Max(values) - least)
	b = append(binary.AppendUvarint(b, least), byte(width))
	var held uint64
	filled := 0
	for _, v := range values {
		v -= least
		held |= v << filled
		if filled += width; filled >= 64 {
			b = binary.LittleEndian.AppendUint64(b, held)
			filled -= 64
			held = v >> (width - filled)
		}
	}
	for ; filled > 0; filled -= 8 {
		b = append(b, byte(held))
		held >>= 8
	}
	return b
}

// unpacker reads from b what PackReceipts writes. After an error it reads
// zeros.
type unpacker struct {
	b   []byte
	err error
}

func (u *unpacker) fail(format string, args ...any) {
	if u.err == nil {
		u.err = fmt.Errorf("%w: %s", errPacked, fmt.Sprintf(format, args...))
	}
	u.b = nil
}

// take reads so many bytes.
func (u *unpacker) take(n uint64) []byte {
	if n > uint64(len(u.b)) {
		u.fail("they end too soon")
		return nil
	}
	taken := u.b[:n]
	u.b = u.b[n:]
	return taken
}

func (u *unpacker) byte() byte {
	if b := u.take(1); b != nil {
		return b[0]
	}
	return 0
}

// number reads a number in the one way in which it is written.
func (u *unpacker) number() uint64 {
	v, n := binary.Uvarint(u.b)
	if n <= 0 || n > 1 && u.b[n-1] == 0 {
		u.fail("a number is cut off, too large or too long")
		return 0
	}
	u.b = u.b[n:]
	return v
}

// count reads how many there are, at most limit.
func (u *unpacker) count(limit int) int {
	n := u.number()
	if n > uint64(limit) {
		u.fail("%d of something, at most %d are possible", n, limit)
		return 0
	}
	return int(n)
}

// tables reads what packTables.append writes of n receipts.
func (u *unpacker) tables(n int) *packTables {
	t := new(packTables)
	for range u.count(n) {
		b := u.take(uint64(u.byte()))
		w, ok := miner.WorkFromBig(new(big.Int).SetBytes(b))
		if !ok || len(b) > 0 && b[0] == 0 || len(t.works) > 0 && w.Cmp(t.works[len(t.works)-1]) <= 0 {
			u.fail("works that are too large, or not in order")
		}
		if u.err != nil {
			return t
		}
		t.works = append(t.works, w)
	}
	for range u.count(n) {
		s := string(u.take(uint64(u.count(maxSource))))
		if len(t.sources) > 0 && s <= t.sources[len(t.sources)-1] {
			u.fail("sources that are not in order")
		}
		if u.err != nil {
			return t
		}
		t.sources = append(t.sources, s)
	}
	if len(t.works) == 0 || len(t.sources) == 0 {
		u.fail("no work or no source")
		return t
	}
	used := make([]bool, len(t.works))
	last := int64(-1)
	for range u.count(n) {
		beyond := u.number()
		if beyond > uint64(1<<63-1-last-1) {
			u.fail("a job beyond all numbers")
		}
		j := packedJob{seq: last + 1 + int64(beyond), work: u.count(len(t.works) - 1), extranonce: int(u.byte())}
		if j.extranonce > maxExtranonce {
			u.fail("an extranonce of %d bytes, want at most %d", j.extranonce, maxExtranonce)
		}
		if u.err != nil {
			return t
		}
		last, used[j.work] = j.seq, true
		t.jobs = append(t.jobs, j)
	}
	if slices.Contains(used, false) || len(t.jobs) == 0 {
		u.fail("a work of none, or no job")
	}
	return t
}

// column reads a column of values that are at most limit.
func (u *unpacker) column(values []uint64, limit uint64) {
	least, width := u.number(), int(u.byte())
	if width > 64 {
		u.fail("values of %d bits", width)
	}
	all := uint64(len(values)) * uint64(width)
	b := u.take((all + 7) / 8)
	if u.err != nil {
		return
	}
	if spare := all % 8; spare > 0 && b[len(b)-1]>>spare != 0 {
		u.fail("bits beyond a column")
		return
	}
	var largest uint64
	found := width == 0 // the least value itself
	for i := range values {
		v := bitsAt(b, uint64(i)*uint64(width), width)
		found = found || v == 0
		largest = max(largest, v)
		values[i] = least + v
	}
	if !found || bits.Len64(largest) != width {
		u.fail("a column that can be written shorter")
	}
	if least > limit || largest > limit-least {
		u.fail("a value beyond %d", limit)
	}
}

// bitsAt reads width bits from the bit at.
func bitsAt(b []byte, at uint64, width int) uint64 {
	var v uint64
	from, skip := at/8, int(at%8)
	if from+8 <= uint64(len(b)) {
		v = binary.LittleEndian.Uint64(b[from:]) >> skip
	} else {
		for i := range uint64(len(b)) - from {
			v |= uint64(b[from+i]) << (8 * i)
		}
		v >>= skip
	}
	if skip+width > 64 {
		v |= uint64(b[from+8]) << (64 - skip)
	}
	return v & (1<<width - 1)
}
