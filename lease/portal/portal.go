package portal

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
)

// Config is what a portal shows.
type Config struct {
	Log       tilehttp.Source
	Key       string              // the verifier key that the log began with
	Rotations []translog.Rotation // of its keys
	// Verifier serves what is below /verify/, with headers of its own where it
	// needs others; nil: there is none.
	Verifier http.Handler
	Failed   func(error) // is told of errors of the store
}

// Paths of the portal.
const (
	logPath    = "/log"
	verifyPath = "/verify/"
)

// New makes the handler of a portal.
func New(cfg Config) (http.Handler, error) {
	keys, err := translog.EncodeRotations(cfg.Rotations)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.HandlerFunc(nothing))
	mux.Handle("GET /{$}", &index{cfg})
	log := http.NewServeMux()
	log.Handle("/", tilehttp.NewHandler(cfg.Log, cfg.Failed))
	log.Handle("GET /key", public("text/plain; charset=utf-8", []byte(cfg.Key+"\n")))
	log.Handle("GET /keys.jsonl", public("application/jsonl", keys))
	mux.Handle(logPath+"/", http.StripPrefix(logPath, log))
	if cfg.Verifier != nil {
		mux.Handle(verifyPath, http.StripPrefix(verifyPath[:len(verifyPath)-1], cfg.Verifier))
	}
	return secured(mux), nil
}

// secured sets what a browser must know before anything else. Who serves more
// than text sets its own policy.
func secured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.ServeHTTP(w, r)
	})
}

// nothing answers where there is nothing.
func nothing(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "there is nothing at "+strconv.Quote(r.URL.Path)+"; see /", http.StatusNotFound)
}

// public serves a few bytes, to pages of other sites too.
func public(kind string, b []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(b) // who has gone needs no answer
		}
	})
}

// index is the page that says what is here.
type index struct{ cfg Config }

// ServeHTTP implements http.Handler.
func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	last := x.cfg.Log.Last()
	var b bytes.Buffer
	err := page().Execute(&b, map[string]any{
		"Origin": last.Origin, "Key": x.cfg.Key, "Signed": last.Note != nil, "N": last.N, "Root": last.Hash.String(),
		"Rotations": len(x.cfg.Rotations), "Verifier": x.cfg.Verifier != nil,
	})
	if err != nil {
		x.cfg.Failed(fmt.Errorf("index page: %w", err))
		http.Error(w, "the page cannot be made at the moment", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// page reads the page's text, which is part of the program.
func page() *template.Template { return template.Must(template.New("index").Parse(indexText)) }
