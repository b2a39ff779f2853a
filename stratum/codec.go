package stratum

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// DefaultLineLimit is the most bytes of a line, its end included, unless
// configured otherwise. A notify that every device can hold stays below 4 KB.
const DefaultLineLimit = 16 << 10

// ErrLineTooLong is wrapped by the error of a line beyond the limit.
var ErrLineTooLong = errors.New("line too long")

// Reader cuts a byte stream into lines. Its buffer starts small and never
// grows beyond the limit.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // unread bytes
	limit      int

	// A server's readers, of which most wait, share their large buffers.
	large *sync.Pool // of *[]byte, limit long; nil: the buffer is the reader's own
	small []byte     // while buf is a large one
	full  bool       // the last read filled the buffer: there is more to come
}

const (
	firstBuffer = 1 << 10
	smallBuffer = 256 // most lines of workers fit
)

// newSharingReader returns a Reader that has a large buffer only while there
// is much to read. large has buffers of limit bytes, more than smallBuffer.
func newSharingReader(r io.Reader, limit int, large *sync.Pool) Reader {
	return Reader{r: r, limit: limit, large: large, buf: make([]byte, smallBuffer)}
}

// NewReader reads lines of at most limit bytes, their ends included; zero
// means DefaultLineLimit.
func NewReader(r io.Reader, limit int) *Reader {
	if limit <= 0 {
		limit = DefaultLineLimit
	}
	return &Reader{r: r, limit: limit}
}

// ReadLine returns the next line that is not blank, without its end. The
// slice is good until the next call. A stream that stops within a line ends
// in io.ErrUnexpectedEOF.
func (r *Reader) ReadLine() ([]byte, error) {
	scanned := 0
	for {
		for i := 0; i >= 0; {
			if i = bytes.IndexByte(r.buf[r.start+scanned:r.end], '\n'); i < 0 {
				break
			}
			line := trimSpace(r.buf[r.start : r.start+scanned+i])
			r.start, scanned = r.start+scanned+i+1, 0
			if len(line) > 0 {
				return line, nil
			}
		}
		scanned = r.end - r.start
		if scanned >= r.limit {
			return nil, fmt.Errorf("%w: more than %d bytes without an end", ErrLineTooLong, r.limit)
		}
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) && len(trimSpace(r.buf[r.start:r.end])) > 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}

// ReadMessage returns the next line taken apart; see Message for how long it
// is good.
func (r *Reader) ReadMessage() (Message, error) {
	line, err := r.ReadLine()
	if err != nil {
		return Message{}, err
	}
	return ParseMessage(line)
}

// Buffered reports whether another whole line is there already.
func (r *Reader) Buffered() bool {
	return bytes.IndexByte(r.buf[r.start:r.end], '\n') >= 0
}

func (r *Reader) fill() error {
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, r.end-r.start
	}
	switch {
	case r.large != nil:
		r.share()
	case r.end == len(r.buf):
		grown := make([]byte, min(max(2*len(r.buf), firstBuffer), r.limit))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
	for range 100 {
		n, err := r.r.Read(r.buf[r.end:])
		r.end += n
		r.full = r.end == len(r.buf)
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// share takes a large buffer when the small one does not do, and gives it back
// when it does.
func (r *Reader) share() {
	switch {
	case r.small == nil && (r.full || r.end == len(r.buf)):
		buf := *r.large.Get().(*[]byte)
		copy(buf, r.buf[:r.end])
		r.small, r.buf = r.buf, buf
	case r.small != nil && !r.full && r.end < len(r.small):
		r.release()
	}
}

// release gives a large buffer back, with no more left to read than the small
// one holds.
func (r *Reader) release() {
	if r.small == nil {
		return
	}
	copy(r.small, r.buf[r.start:r.end])
	r.start, r.end = 0, min(r.end-r.start, len(r.small))
	buf := r.buf
	r.buf, r.small = r.small, nil
	r.large.Put(&buf)
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\r' || b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	for len(b) > 0 && (b[0] == '\r' || b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// AppendRequest appends a request line. params is the raw JSON of an array.
func AppendRequest(dst []byte, id uint64, method string, params []byte) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, id, 10)
	return appendCall(dst, method, params)
}

// AppendNotification appends a line that wants no reply. params is the raw
// JSON of an array.
func AppendNotification(dst []byte, method string, params []byte) []byte {
	dst = append(dst, `{"id":null`...)
	return appendCall(dst, method, params)
}

func appendCall(dst []byte, method string, params []byte) []byte {
	dst = append(dst, `,"method":`...)
	dst = quote(dst, method)
	dst = append(dst, `,"params":`...)
	dst = append(dst, params...)
	return append(dst, '}', '\n')
}

// AppendReply appends the answer to a request with the given raw id. result
// is raw JSON.
func AppendReply(dst, id []byte, result string) []byte {
	dst = appendID(dst, id)
	dst = append(dst, `,"result":`...)
	dst = append(dst, result...)
	return append(dst, `,"error":null}`+"\n"...)
}

// AppendRefusal appends the answer to a request that is refused, as
// [code, "message", null].
func AppendRefusal(dst, id []byte, e *Error) []byte {
	dst = appendID(dst, id)
	dst = append(dst, `,"result":null,"error":[`...)
	dst = strconv.AppendInt(dst, int64(e.Code), 10)
	dst = append(dst, ',')
	dst = quote(dst, e.Message)
	return append(dst, `,null]}`+"\n"...)
}

func appendID(dst, id []byte) []byte {
	if len(id) == 0 {
		id = []byte("null")
	}
	dst = append(dst, `{"id":`...)
	return append(dst, id...)
}

// AppendStrings appends a JSON array of strings, the commonest parameters.
func AppendStrings(dst []byte, values ...string) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = quote(dst, v)
	}
	return append(dst, ']')
}
