//go:build js && wasm

// Command verifier is the verifier of bundles for browsers: the same code as
// "hashlease verify", compiled to WebAssembly and run in a worker, which gives
// it the file piece by piece. Nothing leaves the machine it runs on.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"syscall/js"

	"github.com/hashlease/hashlease/lease/bundle"
)

// main gives the worker the function verify(file, size, options, progress): file
// is called with an offset and a length and returns these bytes as a Uint8Array,
// progress with how many of how many receipts are hashed. It returns the report
// as JSON, or throws.
func main() {
	js.Global().Set("verify", js.FuncOf(func(_ js.Value, args []js.Value) any {
		report, err := verify(args[0], int64(args[1].Float()), args[2].String(), args[3])
		if err != nil {
			return js.Global().Get("Error").New(err.Error())
		}
		return report
	}))
	js.Global().Call("ready")
	select {}
}

// verify checks the file and returns the report as JSON.
func verify(read js.Value, size int64, options string, progress js.Value) (string, error) {
	o, err := parseOptions(options)
	if err != nil {
		return "", err
	}
	o.Progress = func(done, all int64) { progress.Invoke(done, all) }
	report := bundle.Verify(context.Background(), &file{read: read, size: size}, size, o)
	text, err := json.Marshal(struct {
		OK bool `json:"ok"`
		*bundle.Report
	}{report.OK(), report})
	return string(text), err
}

// file is a file of the browser, read in pieces, the last of which is kept: a
// zip is read in small steps.
type file struct {
	read  js.Value
	size  int64
	from  int64
	piece []byte
}

// pieceSize is how much is asked of the browser at a time, in bytes.
const pieceSize = 1 << 20

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at < f.from || at >= f.from+int64(len(f.piece)) {
			if err := f.load(at); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], f.piece[at-f.from:])
	}
	return n, nil
}

// load reads the piece that begins at an offset.
func (f *file) load(at int64) error {
	length := min(pieceSize, f.size-at)
	if at < 0 || length <= 0 {
		return fmt.Errorf("byte %d of a file of %d: it is shorter than it was", at, f.size)
	}
	array := f.read.Invoke(at, length)
	if int64(array.Length()) != length {
		return fmt.Errorf("%d bytes at byte %d, want %d: the file changed", array.Length(), at, length)
	}
	f.piece = make([]byte, length)
	f.from = at
	js.CopyBytesToGo(f.piece, array)
	return nil
}
