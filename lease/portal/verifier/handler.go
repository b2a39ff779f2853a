package verifier

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed page
var pages embed.FS

// built has verifier.wasm.gz and wasm_exec.js once they were made.
//
//go:embed all:dist
var built embed.FS

// program is the WebAssembly as it is served; it is kept compressed.
const program = "verifier.wasm"

// policy lets the page load its own parts, run its own WebAssembly, and nothing
// else: no script of others, no form, no request to anywhere.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
	"style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// types are the media types of the files, by extension.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".wasm": "application/wasm",
	".svg":  "image/svg+xml",
}

// Built tells whether the program was built with the verifier in it.
func Built() bool {
	_, err := fs.Stat(built, "dist/"+program+".gz")
	return err == nil
}

// NewHandler serves the page and its parts, at the root of what it is given.
func NewHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "there is nothing to send here: files are checked in your browser", http.StatusMethodNotAllowed)
			return
		}
		serve(w, r, strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/"))
	})
}

func serve(w http.ResponseWriter, r *http.Request, name string) {
	if name == "" {
		name = "index.html"
		if !Built() {
			name = "missing.html"
		}
	}
	content, packed, err := load(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", types[path.Ext(name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache") // a verifier of yesterday must not judge statements of today
	if packed {
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
		} else if content, err = unpack(content); err != nil {
			http.Error(w, "the verifier in this program is damaged", http.StatusInternalServerError)
			return
		}
		h.Set("Vary", "Accept-Encoding")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// load finds a part of the page. What was built is beside what is written, and
// the WebAssembly is compressed.
func load(name string) (content []byte, packed bool, err error) {
	if types[path.Ext(name)] == "" {
		return nil, false, fs.ErrNotExist
	}
	if content, err = pages.ReadFile("page/" + name); !errors.Is(err, fs.ErrNotExist) {
		return content, false, err
	}
	if name == program {
		content, err = built.ReadFile("dist/" + name + ".gz")
		return content, true, err
	}
	content, err = built.ReadFile("dist/" + name)
	return content, false, err
}

func unpack(content []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
