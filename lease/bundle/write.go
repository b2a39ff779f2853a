package bundle

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"

	"github.com/hashlease/hashlease/lease"
	"golang.org/x/mod/sumdb/tlog"
)

// packLevel is how hard files are deflated. It is fixed, so that the same bundle
// gives the same bytes.
const packLevel = 6

// Write writes the bundle of one lease. The same bundle gives the same bytes.
func (b *Bundle) Write(w io.Writer) error {
	z := &zipWriter{w: w}
	if err := b.write(z, ""); err != nil {
		return err
	}
	return z.close()
}

// Write writes the bundle of a tenant. The leases must be in order.
func (t *Tenant) Write(w io.Writer) error {
	z := &zipWriter{w: w}
	if err := z.add(tenantFile, t.Note); err != nil {
		return err
	}
	for i, f := range t.Leases {
		if !isLeaseID(f.Lease) || i > 0 && f.Lease <= t.Leases[i-1].Lease {
			return fmt.Errorf("bundle: lease %.70q is out of order, or cannot name a folder", f.Lease)
		}
		if err := f.write(z, f.Lease+"/"); err != nil {
			return err
		}
	}
	return z.close()
}

// write adds the files of one lease.
func (b *Bundle) write(z *zipWriter, prefix string) error {
	if err := fewObjects(b.Note); err != nil {
		return fmt.Errorf("bundle: statement: %w", err)
	}
	for i, l := range layouts() {
		content, err := b.content(i)
		if err != nil {
			return fmt.Errorf("bundle: file %s: %w", l.name, err)
		}
		if l.optional && len(content) == 0 {
			continue
		}
		if l.max > 0 && int64(len(content)) > l.max {
			return fmt.Errorf("bundle: file %s: %d bytes, at most %d: ask for a shorter period", l.name, len(content), l.max)
		}
		if err := z.add(prefix+l.name, content); err != nil {
			return err
		}
	}
	return nil
}

// content writes one file.
func (b *Bundle) content(file int) ([]byte, error) {
	switch file {
	case fileStatement:
		return b.Note, nil
	case fileCheckpoint:
		return b.Checkpoint, nil
	case fileKeys:
		return jsonLines(b.Rotations)
	case fileLeaves:
		return b.leafLines(func(l *Leaf) []byte { return l.Body }), nil
	case fileOpenings:
		return b.leafLines(func(l *Leaf) []byte { return l.Opening }), nil
	case fileProof:
		return appendHashes(nil, b.LogProof), nil
	case fileGrowth:
		return jsonLines(b.Growth)
	case fileTags:
		return b.tagLines()
	case fileSplits:
		var out []byte
		for _, s := range b.Splits {
			out = append(append(out, s...), '\n')
		}
		return out, nil
	case fileReceipts:
		return b.receipts()
	case fileHeaders:
		if len(b.Headers) == 0 {
			return nil, nil
		}
		out := binary.BigEndian.AppendUint64(nil, uint64(b.HeadersFrom))
		for i := range b.Headers {
			out = append(out, b.Headers[i][:]...)
		}
		return out, nil
	case fileForks:
		var out []byte
		for i := range b.Forks {
			out = append(out, b.Forks[i][:]...)
		}
		return out, nil
	}
	return b.Derived, nil
}

func jsonLines[T any](list []T) ([]byte, error) {
	var out []byte
	for i := range list {
		line, err := lease.Canonical(&list[i])
		if err != nil {
			return nil, err
		}
		out = append(append(out, line...), '\n')
	}
	return out, nil
}

// leafLines writes INDEX SP TEXT for every leaf that has the text.
func (b *Bundle) leafLines(text func(*Leaf) []byte) []byte {
	size := 0
	for i := range b.Leaves {
		size += len(text(&b.Leaves[i])) + 12
	}
	out := make([]byte, 0, size)
	for i := range b.Leaves {
		if t := text(&b.Leaves[i]); t != nil {
			out = strconv.AppendInt(out, b.Leaves[i].Index, 10)
			out = append(append(append(out, ' '), t...), '\n')
		}
	}
	return out
}

func (b *Bundle) tagLines() ([]byte, error) {
	var out []byte
	for i := range b.Tags {
		line, err := b.Tags[i].Proof.Encode()
		if err != nil {
			return nil, err
		}
		out = strconv.AppendInt(out, b.Tags[i].Leaf, 10)
		out = append(append(append(out, ' '), line...), '\n')
	}
	return out, nil
}

func (b *Bundle) receipts() ([]byte, error) {
	var out []byte
	for i := range b.Batches {
		x := &b.Batches[i]
		if x.N > MaxBatch || len(x.Proof) > maxBatchProof {
			return nil, fmt.Errorf("batch of %d records and %d hashes, at most %d and %d", x.N, len(x.Proof), MaxBatch, maxBatchProof)
		}
		out = binary.BigEndian.AppendUint32(out, uint32(x.N))
		out = binary.BigEndian.AppendUint16(out, uint16(len(x.Proof)))
		out = appendHashes(append(out, x.Records...), x.Proof)
	}
	return out, nil
}

func appendHashes(out []byte, hashes []tlog.Hash) []byte {
	for i := range hashes {
		out = append(out, hashes[i][:]...)
	}
	return out
}

// zipWriter writes entries one after the other, without times, comments and
// whatever else differs from run to run.
type zipWriter struct {
	w       io.Writer
	at      int64
	n       int
	central []byte
	deflate *flate.Writer
}

// add writes one entry.
func (z *zipWriter) add(name string, content []byte) error {
	var packed bytes.Buffer
	if z.deflate == nil {
		var err error
		if z.deflate, err = flate.NewWriter(&packed, packLevel); err != nil {
			return err
		}
	} else {
		z.deflate.Reset(&packed)
	}
	if _, err := z.deflate.Write(content); err != nil {
		return err
	}
	if err := z.deflate.Close(); err != nil {
		return err
	}
	if packed.Len() >= len(content) {
		return z.entry(name, methodStore, content, content)
	}
	return z.entry(name, methodDeflate, content, packed.Bytes())
}

// entry writes one entry whose content was packed into body.
func (z *zipWriter) entry(name string, method uint16, content, body []byte) error {
	if z.n == maxFiles-1 || z.at+int64(len(body)) > 1<<32-1<<16 || int64(len(content)) >= 1<<32-1 {
		return fmt.Errorf("bundle: file %s: with it the bundle is larger than 4 GiB, or has too many files: ask for a shorter period", name)
	}
	le := binary.LittleEndian
	// The same in both places: version, flags, method, time and date, checksum,
	// sizes, length of the name and of extra data.
	common := le.AppendUint16(nil, 20)
	common = le.AppendUint16(common, 0)
	common = le.AppendUint16(common, method)
	common = append(common, 0, 0, 0x21, 0) // 1980-01-01, the first date there is
	common = le.AppendUint32(common, crc32.ChecksumIEEE(content))
	common = le.AppendUint32(common, uint32(len(body)))
	common = le.AppendUint32(common, uint32(len(content)))
	common = le.AppendUint16(common, uint16(len(name)))
	common = le.AppendUint16(common, 0)

	z.central = le.AppendUint16(le.AppendUint32(z.central, centralMark), 20)
	z.central = append(z.central, common...)
	z.central = append(z.central, make([]byte, 10)...) // comment, disk, attributes
	z.central = append(le.AppendUint32(z.central, uint32(z.at)), name...)
	z.n++
	return z.put(slices.Concat(le.AppendUint32(nil, localMark), common, []byte(name)), body)
}

// close writes the directory.
func (z *zipWriter) close() error {
	le := binary.LittleEndian
	end := le.AppendUint32(nil, endMark)
	end = le.AppendUint32(end, 0)
	end = le.AppendUint16(end, uint16(z.n))
	end = le.AppendUint16(end, uint16(z.n))
	end = le.AppendUint32(end, uint32(len(z.central)))
	end = le.AppendUint32(end, uint32(z.at))
	return z.put(z.central, le.AppendUint16(end, 0))
}

func (z *zipWriter) put(parts ...[]byte) error {
	for _, p := range parts {
		n, err := z.w.Write(p)
		z.at += int64(n)
		if err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	return nil
}
