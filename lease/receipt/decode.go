package receipt

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Limits of a bundle. Its size in bytes is limited by DefaultMaxBytes, if the
// reader sets no other limit.
const (
	DefaultMaxBytes  = 1 << 30
	MaxJobs          = 1 << 23
	MaxTemplates     = 1 << 23
	MaxBlocks        = 1 << 20
	maxTermsSize     = 1 << 20 // bytes
	maxStatementSize = 1 << 26 // bytes
	maxElementSize   = 1 << 12 // bytes of a job or a block
)

// DecodeBundle reads what Encode writes and nothing else: canonical JSON,
// byte for byte. maxBytes limits its size; 0 is DefaultMaxBytes. It checks the
// form only; whether the bundle is true is for Verify to say.
func DecodeBundle(data []byte, maxBytes int64) (*Bundle, error) {
	b, _, err := decodeBundle(data, maxBytes)
	return b, err
}

// decodeBundle also returns the parts of the evidence as they stand in data.
func decodeBundle(data []byte, maxBytes int64) (*Bundle, parts, error) {
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	var p parts
	if int64(len(data)) > maxBytes {
		return nil, p, fmt.Errorf("bundle of %d bytes, the limit is %d: raise it if you expect so much", len(data), maxBytes)
	}
	b := new(Bundle)
	d := &decoder{data: data}
	p.blocks = decodeArray(d, openBlocks, "blocks", &b.Blocks, MaxBlocks, maxElementSize)
	format := d.format()
	p.jobs = decodeArray(d, openJobs, "jobs", &b.Jobs, MaxJobs, maxElementSize)
	p.receipts = d.receipts(&b.Receipts)
	d.literal(openStatement)
	d.value("statement", &b.Statement, maxStatementSize)
	p.templates = decodeArray(d, openTemplates, "templates", &b.Templates, MaxTemplates, MaxTemplateSize)
	d.literal(openTerms)
	p.terms = d.value("terms", &b.Terms, maxTermsSize)
	d.literal("}")
	if d.err == nil && d.at != len(data) {
		d.fail("bundle", errors.New("something follows its end"))
	}
	if want := bundleOf(&b.Statement); d.err == nil && format != want {
		d.fail("bundle", fmt.Errorf("a statement of format %.40q belongs into a bundle of format %s, not %s", b.Statement.Format, want, format))
	}
	if d.err != nil {
		return nil, p, d.err
	}
	return b, p, nil
}

// decoder walks through canonical JSON. After the first error it stands still.
type decoder struct {
	data []byte
	at   int
	err  error
}

func (d *decoder) fail(where string, err error) {
	if d.err == nil {
		d.err = fmt.Errorf("%s, at byte %d: %w", where, d.at, err)
	}
}

// skip passes over s if it is next.
func (d *decoder) skip(s string) bool {
	if d.err != nil || len(d.data)-d.at < len(s) || string(d.data[d.at:d.at+len(s)]) != s {
		return false
	}
	d.at += len(s)
	return true
}

// errCut says that a part of the file is missing.
var errCut = errors.New("the file ends before the bundle does: it was cut off")

// literal passes over s, which must be next.
func (d *decoder) literal(s string) {
	switch {
	case d.err != nil || d.skip(s):
	case d.at > 0 && len(d.data)-d.at < len(s) && strings.HasPrefix(s, string(d.data[d.at:])):
		d.fail("bundle", errCut)
	default:
		d.fail("bundle", fmt.Errorf("want %s in this place; is it a bundle of format %s?", s, BundleFormat))
	}
}

// format passes over the bundle's format and returns it.
func (d *decoder) format() string {
	format := BundleFormat
	for _, other := range []string{PoolBundleFormat, HousePoolBundleFormat} {
		if bytes.HasPrefix(d.data[d.at:], []byte(openFormat+other)) {
			format = other
		}
	}
	d.literal(openFormat + format + `"`)
	return format
}

// value decodes the object that is next into v and returns its bytes.
func (d *decoder) value(where string, v any, limit int) []byte {
	if d.err != nil {
		return nil
	}
	rest := d.data[d.at:]
	if len(rest) > limit {
		rest = rest[:limit]
	}
	raw := rest[:objectEnd(rest)]
	if len(raw) == 0 {
		err := fmt.Errorf("want a JSON object of at most %d bytes", limit)
		if len(rest) == 0 || len(rest) < limit && rest[0] == '{' {
			err = errCut
		}
		d.fail(where, err)
		return nil
	}
	if err := decodeCanonical(raw, v); err != nil {
		d.fail(where, err)
		return nil
	}
	d.at += len(raw)
	return raw
}

// decodeArray decodes the objects of an array and returns its bytes.
func decodeArray[T any](d *decoder, open, name string, list *[]T, most, limit int) []byte {
	d.literal(open)
	start := d.at
	d.literal("[")
	for n := 0; d.err == nil && !d.skip("]"); n++ {
		if n == most {
			d.fail(name, fmt.Errorf("more than %d of them", most))
			break
		}
		if n > 0 {
			d.literal(",")
		}
		var v T
		d.value(fmt.Sprintf("%s[%d]", name, n), &v, limit)
		*list = append(*list, v)
	}
	return d.data[start:d.at]
}

// receipts decodes the array of receipts and returns its bytes.
func (d *decoder) receipts(list *[]Receipt) []byte {
	d.literal(openReceipts)
	start := d.at
	d.literal("[")
	for n := 0; d.err == nil && !d.skip("]"); n++ {
		if n > 0 {
			d.literal(",")
		}
		d.literal(`"`)
		size := bytes.IndexByte(d.data[d.at:min(len(d.data), d.at+2*maxReceipt+1)], '"')
		if d.err != nil {
			break
		}
		where := fmt.Sprintf("receipts[%d]", n)
		if size < 0 {
			err := fmt.Errorf("more than %d bytes", maxReceipt)
			if len(d.data)-d.at <= 2*maxReceipt {
				err = errCut
			}
			d.fail(where, err)
			break
		}
		text := d.data[d.at : d.at+size]
		raw := make([]byte, hex.DecodedLen(len(text)))
		if _, err := hex.Decode(raw, text); err != nil {
			d.fail(where, err)
			break
		}
		if bytes.ContainsAny(text, "ABCDEF") {
			d.fail(where, errors.New("hexadecimal in upper case"))
			break
		}
		r, err := decodeReceipt(raw)
		if err != nil {
			d.fail(where, err)
			break
		}
		*list = append(*list, r)
		d.at += size + 1
	}
	return d.data[start:d.at]
}

// objectEnd returns the length of the JSON object that b begins with, or 0.
func objectEnd(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			depth--
		}
		if depth == 0 && !quoted {
			if b[i] != '}' {
				return 0
			}
			return i + 1
		}
	}
	return 0
}

// decodeCanonical decodes JSON that must be exactly the canonical form of
// what it says: no unknown or missing field, no other spelling.
func decodeCanonical(raw []byte, v any) error {
	if t, ok := v.(*Template); ok && !ofPool(raw) {
		v = (*houseDocument)(t) // the same, without a second pass over the text
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	again, err := lease.Canonical(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, raw) {
		at := 0
		for at < min(len(raw), len(again)) && raw[at] == again[at] {
			at++
		}
		return fmt.Errorf("not in canonical form: byte %d is %.20q, want %.20q", at, raw[at:], again[at:])
	}
	return nil
}
