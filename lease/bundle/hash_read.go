package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hashlease/hashlease/lease/receipt"
	"golang.org/x/mod/sumdb/tlog"
)

// read reads the next batch of the file.
func (h *hashing) read(o *openBatch) error {
	short := func(err error) error {
		switch {
		case errors.Is(err, ErrForm):
			return err
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("file %q ends before the receipts of the batch of leaf %d do", h.file.name, o.index)
		}
		return err
	}
	var head [6]byte
	if _, err := io.ReadFull(h.in, head[:]); err != nil {
		return short(err)
	}
	n, hashes := binary.BigEndian.Uint32(head[:]), int(binary.BigEndian.Uint16(head[4:]))
	if n < 1 || n > MaxBatch {
		return fmt.Errorf("file %q: the batch of leaf %d has %d receipts there, want 1 to %d", h.file.name, o.index, n, MaxBatch)
	}
	record := make([]byte, 1+MaxRecord)
	for range n {
		if _, err := io.ReadFull(h.in, record[:1]); err != nil {
			return short(err)
		}
		size := int(record[0])
		if size < receipt.MinRecordSize || size > receipt.MaxRecordSize {
			return fmt.Errorf("file %q: a receipt of the batch of leaf %d has %d bytes, want %d to %d", h.file.name, o.index, size, receipt.MinRecordSize, receipt.MaxRecordSize)
		}
		if _, err := io.ReadFull(h.in, record[1:1+size]); err != nil {
			return short(err)
		}
		o.records = append(o.records, record[:1+size]...)
	}
	o.count = int(n)
	for range hashes {
		var one tlog.Hash
		if _, err := io.ReadFull(h.in, one[:]); err != nil {
			return short(err)
		}
		o.proof = append(o.proof, one)
	}
	return nil
}
