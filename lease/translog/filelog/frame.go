package filelog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/hashlease/hashlease/lease/translog"
)

// A frame is: magic, index of the first leaf (8 bytes), number of leaves (4),
// length of the payload (4), CRC-32C of all before (4); the payload; its CRC-32C
// (4). The payload has for each leaf the length of its body (4) and of its
// secret (4), and both. Numbers are big-endian.

// magic begins a frame. Leaves are UTF-8, in which no byte is 0xff: a frame
// cannot be within a leaf.
const magic = "\xffhlleaf1"

const (
	headerSize  = len(magic) + 8 + 4 + 4 + 4
	trailerSize = 4
)

// Limits of one frame.
const (
	maxFrameLeaves = 1 << 16
	maxPayload     = 64 << 20
)

// header is the beginning of a frame.
type header struct {
	first   int64
	leaves  int
	payload int
}

// size is the length of the whole frame, in bytes.
func (h header) size() int64 { return int64(headerSize + h.payload + trailerSize) }

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// encodeFrame writes leaves as a frame. It fails with translog.ErrTooLarge.
func encodeFrame(first int64, entries []translog.Entry) ([]byte, error) {
	payload := 0
	for i := range entries {
		payload += 8 + len(entries[i].Body) + len(entries[i].Secret)
	}
	if len(entries) > maxFrameLeaves || payload > maxPayload {
		return nil, fmt.Errorf("%d leaves of %d bytes: %w: at most %d and %d at once", len(entries), payload, translog.ErrTooLarge, maxFrameLeaves, maxPayload)
	}
	b := make([]byte, 0, headerSize+payload+trailerSize)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint64(b, uint64(first))
	b = binary.BigEndian.AppendUint32(b, uint32(len(entries)))
	b = binary.BigEndian.AppendUint32(b, uint32(payload))
	b = binary.BigEndian.AppendUint32(b, checksum(b))
	for i := range entries {
		b = binary.BigEndian.AppendUint32(b, uint32(len(entries[i].Body)))
		b = binary.BigEndian.AppendUint32(b, uint32(len(entries[i].Secret)))
		b = append(b, entries[i].Body...)
		b = append(b, entries[i].Secret...)
	}
	return binary.BigEndian.AppendUint32(b, checksum(b[headerSize:])), nil
}

// decodeHeader reads the beginning of a frame.
func decodeHeader(b []byte) (header, bool) {
	if len(b) < headerSize || string(b[:len(magic)]) != magic ||
		binary.BigEndian.Uint32(b[headerSize-4:]) != checksum(b[:headerSize-4]) {
		return header{}, false
	}
	first := binary.BigEndian.Uint64(b[len(magic):])
	leaves := binary.BigEndian.Uint32(b[len(magic)+8:])
	payload := binary.BigEndian.Uint32(b[len(magic)+12:])
	if first >= 1<<62 || leaves == 0 || leaves > maxFrameLeaves || payload > maxPayload {
		return header{}, false
	}
	return header{int64(first), int(leaves), int(payload)}, true
}

// decodePayload reads what follows the header: payload and checksum.
func decodePayload(h header, b []byte) ([]translog.Entry, bool) {
	if len(b) != h.payload+trailerSize || binary.BigEndian.Uint32(b[h.payload:]) != checksum(b[:h.payload]) {
		return nil, false
	}
	entries := make([]translog.Entry, 0, h.leaves)
	for rest := b[:h.payload]; len(rest) > 0; {
		if len(rest) < 8 || len(entries) == h.leaves {
			return nil, false
		}
		body, secret := uint64(binary.BigEndian.Uint32(rest)), uint64(binary.BigEndian.Uint32(rest[4:]))
		if rest = rest[8:]; body+secret > uint64(len(rest)) {
			return nil, false
		}
		e := translog.Entry{Body: rest[:body:body]}
		if secret > 0 {
			e.Secret = rest[body : body+secret : body+secret]
		}
		entries = append(entries, e)
		rest = rest[body+secret:]
	}
	return entries, len(entries) == h.leaves
}
